#!/usr/bin/env python
"""Django's command line, with the arena's settings."""

import os
import sys


def _demo_environment() -> dict[str, str] | None:
    try:
        from ops.environment import demo_environment  # noqa: PLC0415 - a deployment has no ops package
    except ImportError:
        return None
    return demo_environment(os.environ)


def main() -> None:
    """Run one management command."""
    if sys.argv[1:2] == ["rank"] and any(argument.startswith("--votes") for argument in sys.argv):
        # A file of votes is ranked without settings, key or database.
        from arena.rankings.command_line import main as rank  # noqa: PLC0415 - not for every command

        sys.exit(rank(sys.argv[2:]))
    if env := _demo_environment():
        os.environ.update(env)
        sys.stderr.write(f"manage.py: no deployment is named, so this is the demo in {env['ARENA_VAR']}\n")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "arena.config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - settings first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
