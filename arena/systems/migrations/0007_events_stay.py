from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("systems", "0006_usage_estimated"),
    ]

    operations = [
        # Whoever writes: what has entered an arena stays on record.
        migrations.RunSQL(
            """
            CREATE FUNCTION systems_systemevent_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'a system event is never changed' USING ERRCODE = 'check_violation';
            END $$;
            CREATE TRIGGER systems_systemevent_is_append_only
                BEFORE UPDATE OR DELETE ON systems_systemevent
                FOR EACH ROW EXECUTE FUNCTION systems_systemevent_is_append_only();
            """,
            """
            DROP TRIGGER systems_systemevent_is_append_only ON systems_systemevent;
            DROP FUNCTION systems_systemevent_is_append_only();
            """,
        ),
    ]
