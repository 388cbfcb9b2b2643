from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("votes", "0003_withdrawals"),
    ]

    operations = [
        # Whoever writes: what has entered an arena stays on record.
        migrations.RunSQL(
            """
            CREATE FUNCTION votes_vote_is_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'a vote is never deleted' USING ERRCODE = 'check_violation';
            END $$;
            CREATE TRIGGER votes_vote_is_never_deleted
                BEFORE DELETE ON votes_vote
                FOR EACH ROW EXECUTE FUNCTION votes_vote_is_never_deleted();
            """,
            """
            DROP TRIGGER votes_vote_is_never_deleted ON votes_vote;
            DROP FUNCTION votes_vote_is_never_deleted();
            """,
        ),
    ]
