"""What PostgreSQL computes for a release while it reads rows."""

from typing import Any

from django.db.models import BigIntegerField, CharField, Func, QuerySet, Value
from django.db.models.expressions import RawSQL


class JsonHash(Func):
    """64 bits that are the same for equal JSON."""

    template = "jsonb_hash_extended(%(expressions)s, 0)"
    output_field = BigIntegerField()


def hexadecimal(binary: Any) -> Func:
    """Bytes as text."""
    return Func(binary, Value("hex"), function="encode", output_field=CharField())


def fixed(rows: QuerySet[Any, Any]) -> RawSQL:
    """A query that stands in many others, compiled once; Django would resolve and compile it in each."""
    return RawSQL(*rows.query.sql_with_params())  # noqa: S611 - Django has written it
