import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rankings", "0007_taken_out"),
    ]

    operations = [
        # A snapshot goes before its ratings, so that they can be seen to go with it.
        migrations.AlterField(
            model_name="rating",
            name="snapshot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.DO_NOTHING, related_name="ratings", to="rankings.snapshot"
            ),
        ),
        # Whoever writes: a leaderboard and a study stay as they were stored. What `services.thin_out` deletes is let
        # through by its own rule: two minutes old, and not the last of its minute, after two days of its hour; of a
        # variant, not the last of its day (UTC).
        migrations.RunSQL(
            """
            CREATE FUNCTION rankings_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'a stored % is never changed', TG_ARGV[0] USING ERRCODE = 'check_violation';
            END $$;
            CREATE FUNCTION rankings_snapshot_is_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE
                unit text := CASE
                    WHEN OLD.variant <> '' THEN 'day'
                    WHEN OLD.created_at < statement_timestamp() - interval '48 hours' THEN 'hour'
                    ELSE 'minute'
                END;
            BEGIN
                IF OLD.created_at > statement_timestamp() - interval '2 minutes' OR NOT EXISTS (
                    SELECT FROM rankings_snapshot later
                    WHERE later.arena_id = OLD.arena_id AND later.board = OLD.board AND later.variant = OLD.variant
                        AND later.id > OLD.id
                        AND date_trunc(unit, later.created_at, 'UTC') = date_trunc(unit, OLD.created_at, 'UTC')
                ) THEN
                    RAISE EXCEPTION 'the last snapshot of its % is never deleted', unit
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN OLD;
            END $$;
            CREATE FUNCTION rankings_rating_goes_with_its_snapshot() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT FROM gone JOIN rankings_snapshot kept ON kept.id = gone.snapshot_id) THEN
                    RAISE EXCEPTION 'a rating is never deleted before its snapshot' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER rankings_snapshot_is_never_changed
                BEFORE UPDATE ON rankings_snapshot
                FOR EACH ROW EXECUTE FUNCTION rankings_never_changed('snapshot');
            CREATE TRIGGER rankings_snapshot_is_superseded
                BEFORE DELETE ON rankings_snapshot
                FOR EACH ROW EXECUTE FUNCTION rankings_snapshot_is_superseded();
            CREATE TRIGGER rankings_rating_is_never_changed
                BEFORE UPDATE ON rankings_rating
                FOR EACH ROW EXECUTE FUNCTION rankings_never_changed('rating');
            CREATE TRIGGER rankings_rating_goes_with_its_snapshot
                AFTER DELETE ON rankings_rating REFERENCING OLD TABLE AS gone
                FOR EACH STATEMENT EXECUTE FUNCTION rankings_rating_goes_with_its_snapshot();
            CREATE TRIGGER rankings_study_is_never_changed
                BEFORE UPDATE OR DELETE ON rankings_study
                FOR EACH ROW EXECUTE FUNCTION rankings_never_changed('study');
            """,
            """
            DROP TRIGGER rankings_study_is_never_changed ON rankings_study;
            DROP TRIGGER rankings_rating_goes_with_its_snapshot ON rankings_rating;
            DROP TRIGGER rankings_rating_is_never_changed ON rankings_rating;
            DROP TRIGGER rankings_snapshot_is_superseded ON rankings_snapshot;
            DROP TRIGGER rankings_snapshot_is_never_changed ON rankings_snapshot;
            DROP FUNCTION rankings_rating_goes_with_its_snapshot();
            DROP FUNCTION rankings_snapshot_is_superseded();
            DROP FUNCTION rankings_never_changed();
            """,
        ),
    ]
