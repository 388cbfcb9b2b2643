"""Work promised inside a transaction and delivered after it, at least once.

`enqueue` writes a row beside the state change that needs the work. On commit the doorbell rings at once; where that
fails, `relay`, called by the sweep, rings again. Nothing here is lost with Redis.
"""

import json
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from django.db import transaction

from arena.common import queue, tracing
from arena.common.models import OutboxMessage

RELAY_BATCH: Final = 500
# By hand, because every vote runs it and the ORM takes several times as long.
_INSERT_SQL: Final = "INSERT INTO common_outboxmessage (task, args, request_id) VALUES (%s, %s::jsonb, %s) RETURNING *"


def enqueue(task: str, *args: Any) -> None:
    """Promise `task(*args)`; must be called inside a transaction together with the change it belongs to."""
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("outbox.enqueue belongs into the transaction of its cause")
    (message,) = OutboxMessage.objects.raw(_INSERT_SQL, [task, json.dumps(args), tracing.current()])
    if not queue.DOORBELLS[task].coalesce:
        transaction.on_commit(partial(deliver, message), robust=True)


def deliver(message: OutboxMessage) -> bool:
    """Ring for one row; it goes once the broker has its task. Returns whether the broker took it."""
    rung = _ring_for([message])
    if rung:
        OutboxMessage.objects.filter(id=message.id).delete()
    return rung


def relay() -> int:
    """Ring for every waiting row, once per distinct task and arguments.

    Returns:
        The number of rows delivered. Rows stay where the broker does not answer.
    """
    with transaction.atomic():
        rows = list(OutboxMessage.objects.select_for_update(skip_locked=True).order_by("id")[:RELAY_BATCH])
        waiting: dict[tuple[str, tuple[Any, ...]], list[OutboxMessage]] = {}
        for row in rows:
            waiting.setdefault((row.task, tuple(row.args)), []).append(row)
        delivered = [row.id for same in waiting.values() if _ring_for(same) for row in same]
        OutboxMessage.objects.filter(id__in=delivered).delete()
    return len(delivered)


def _ring_for(same: Sequence[OutboxMessage]) -> bool:
    """Ring once for rows of one task and one set of arguments, under the request id of the latest."""
    latest = same[-1]
    with tracing.use(latest.request_id):
        return queue.ring(latest.task, *latest.args)
