"""The audit: one row per write of an operator, in the same transaction, never changed afterwards.

It says who did what to which row, with values before and after. Secrets and texts of visitors stay out: the values of
passwords and of fields in `HIDDEN` are not written, long ones are cut.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from django.db import models, transaction

from arena.common.models import AuditEntry

#: field → (before, after)
Changes: TypeAlias = Mapping[str, tuple[Any, Any]]

HIDDEN: Final = frozenset({"key", "token", "token_sha256", "cookie_sha256", "prompt", "content", "text"})
MAX_CHARS: Final = 500


def record(
    actor: Any, action: str, target: models.Model | None = None, changes: Changes | None = None, note: str = ""
) -> AuditEntry:
    """Write down what `actor` (a user, or None) does to `target`, inside the transaction that does it.

    Args:
        actor: the operator; nobody where nobody is logged in.
        action: what is done, as `noun.verb`: `system.pause`.
        target: the row.
        changes: field → (before, after).
        note: the operator's own words.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("audit.record belongs into the transaction of what it tells")
    told = {name: _told(name, pair) for name, pair in (changes or {}).items()}
    return AuditEntry.objects.create(
        actor=actor if actor is not None and actor.is_authenticated else None,
        action=action,
        target_type=target._meta.label_lower if target is not None else "",  # noqa: SLF001 - Django documents it
        target_id=str(target.pk) if target is not None else "",
        target_name=_short(target) if target is not None else "",
        changes=told,
        note=note,
    )


def _short(target: models.Model) -> str:
    return str(target)[:200]


def _told(name: str, pair: tuple[Any, Any]) -> list[Any]:
    if name in HIDDEN or "password" in name:
        return ["(hidden)", "(hidden)"]
    return [_plain(value) for value in pair]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | models.QuerySet):
        return ", ".join(sorted(map(str, value)))[:MAX_CHARS]
    return value if value is None or isinstance(value, bool | int | float) else str(value)[:MAX_CHARS]
