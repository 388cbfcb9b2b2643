from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("votes", "0004_votes_stay"),
    ]

    operations = [
        # Whoever writes: what was said stays as it was said. Two columns may change, each in one way: feedback is erased
        # when its author withdraws it, and a simulated vote gets its time in the window of its simulation.
        migrations.RunSQL(
            """
            CREATE FUNCTION votes_vote_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF to_jsonb(NEW) - '{feedback,created_at}'::text[]
                   IS DISTINCT FROM to_jsonb(OLD) - '{feedback,created_at}'::text[] THEN
                    RAISE EXCEPTION 'a vote is never changed' USING ERRCODE = 'check_violation';
                END IF;
                IF NEW.feedback <> OLD.feedback
                   AND EXISTS (SELECT FROM jsonb_each_text(NEW.feedback) WHERE value <> '') THEN
                    RAISE EXCEPTION 'the feedback of a vote is erased, or stays' USING ERRCODE = 'check_violation';
                END IF;
                IF NEW.created_at <> OLD.created_at
                   AND NOT EXISTS (SELECT FROM battles_battle WHERE id = NEW.battle_id AND is_simulated) THEN
                    RAISE EXCEPTION 'the time of a vote is never changed' USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER votes_vote_is_never_changed
                BEFORE UPDATE ON votes_vote
                FOR EACH ROW EXECUTE FUNCTION votes_vote_is_never_changed();
            """,
            """
            DROP TRIGGER votes_vote_is_never_changed ON votes_vote;
            DROP FUNCTION votes_vote_is_never_changed();
            """,
        ),
    ]
