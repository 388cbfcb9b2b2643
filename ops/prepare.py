"""The database side of `make demo`, as one Django process: schema, systems, and a one-time admin login.

The only module of `ops` that knows Django. Its last line of output is the login's path.
"""

import argparse
import sys
from pathlib import Path

import django
from django.core.management import CommandError, call_command


def login_address() -> str:
    """Return the path of the page for such links, without loading all others."""
    from django.urls import reverse  # noqa: PLC0415 - the settings come first

    return reverse("admin-login-link", urlconf="arena.config.login_link")


def admin_login_path() -> str:
    """Return the path of a link that logs in as `admin` once; the account is made without a password."""
    from django.contrib.auth import get_user_model  # noqa: PLC0415 - the settings come first
    from sesame.utils import get_query_string  # noqa: PLC0415

    users = get_user_model()
    user = users.objects.filter(username="admin").first() or users.objects.create_superuser("admin")
    return login_address() + str(get_query_string(user))


def prepare(files: list[Path]) -> None:
    """Bring the database to the state that the demo starts from."""
    from arena.common.models import Heartbeat  # noqa: PLC0415 - the settings come first

    call_command("migrate", interactive=False, verbosity=0)
    # Signs of life of an earlier run would make /readyz too hopeful.
    Heartbeat.objects.all().delete()
    for file in files:
        call_command("register_systems", str(file), apply=True, from_env=True, demo=True, retire_missing=True)


def main() -> int:
    """Run the steps; a wrong systems file is a sentence, not a traceback."""
    parser = argparse.ArgumentParser()
    parser.add_argument("systems", type=Path, nargs="+")
    django.setup()
    try:
        prepare(parser.parse_args().systems)
    except CommandError as error:
        sys.stdout.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{admin_login_path()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
