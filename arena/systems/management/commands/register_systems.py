"""`manage.py register_systems FILE [--apply] [--from-env] [--retire-missing]`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.systems import registry
from arena.systems.services import address_policy, has_secret
from arena.systems.systems_file import SystemsFile, environment_entries, missing_here


class Command(BaseCommand):
    """Shows what registering a systems file would do, and does it with --apply."""

    help = "Show what a systems file would change; with --apply, change it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", type=Path, help="YAML; see docs/systems.md")
        parser.add_argument("--apply", action="store_true", help="carry out the plan, in one transaction")
        parser.add_argument(
            "--from-env", action="store_true", help="add the models of OPENAI_BASE_URL, OPENAI_MODELS; text only"
        )
        parser.add_argument(
            "--demo", action="store_true", help="a new arena is a demo, unless the file says otherwise"
        )
        parser.add_argument("--retire-missing", action="store_true", help="retire systems that the file lacks")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Plan, show, apply."""
        try:
            plan = registry.plan(self._read(options))
            self._show(plan, retire_missing=options["retire_missing"])
            if options["apply"]:
                registry.apply(plan, retire_missing=options["retire_missing"])
        except registry.SystemsFileInvalid as error:
            raise CommandError("\n".join(error.problems)) from error
        except (registry.ArenaFixed, registry.PlanOutdated) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            "Applied." if options["apply"] else "Nothing was changed. Run again with --apply to do this."
        )

    def _read(self, options: dict[str, Any]) -> SystemsFile:
        file = registry.read_file(options["file"], address_policy())
        if options["from_env"] and file.arena.modality == "text":
            env = settings.ENV
            if bool(env.openai_base_url) != bool(env.openai_models):
                raise CommandError("OPENAI_BASE_URL and OPENAI_MODELS belong together; one of them is not set.")
            file = file.with_systems(
                environment_entries(env.openai_base_url, env.openai_models, has_key=bool(env.openai_api_key))
            )
        if options["demo"] and file.arena.demo is None and not registry.exists(file.arena.arena):
            file = file.model_copy(update={"arena": file.arena.model_copy(update={"demo": True})})
        return file

    def _show(self, plan: registry.Plan, *, retire_missing: bool) -> None:
        self.stdout.write(f"arena {plan.file.arena.arena}{' (new)' if plan.arena_is_new else ''}")
        self._show_diff(plan.arena_diff)
        entries = {entry.name: entry for entry in plan.file.systems}
        for change in plan.changes:
            gone = " → retired" if retire_missing else " from the file; --retire-missing would retire it"
            self.stdout.write(
                f"  {change.kind:<9} {change.name}{gone if change.kind is registry.Kind.MISSING else ''}"
            )
            self._show_diff(change.diff)
            for name, (old, new) in change.steering.items():
                self.stdout.write(f"      {name}: {_plain(old)} → {_plain(new)} (no new version)")
            if change.name in entries and (lack := missing_here(entries[change.name], has_secret)):
                self.stdout.write(f"      {lack}")

    def _show_diff(self, diff: dict[str, tuple[Any, Any]]) -> None:
        for name, (old, new) in diff.items():
            self.stdout.write(f"      {name}: {old!r} → {new!r}")


def _plain(value: Any) -> str:
    return "none" if value is None else f"{value:g}"
