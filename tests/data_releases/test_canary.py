"""Planted everywhere, found nowhere: addresses, keys, cookies, user agents and exact times in every column of text."""

import io
import json

import pyarrow.parquet as pq
import pytest
from django.db import models

from arena.accounts.models import ApiToken, Voter
from arena.battles.models import Battle, Report, Response, Turn
from arena.router.models import Pairing, Route, SamplingPolicy
from arena.systems.models import SystemVersion
from arena.votes.models import Listening, Vote
from tests.data_releases.conftest import folder_of
from tests.data_releases.world import hear, make_world, route
from tests.pasts import rewritten

CANARIES = (
    "203.0.113.77",
    "2001:db8::77:1",
    "canary.mail@example.org",
    "sk-proj-CanaryCanaryCanary77",
    "Bearer CanaryToken7777777777",
    "Mozilla/5.0 (Canary; rv:77.0)",
    "sessionid=canary7777777777777777",
    "2026-10-03T09:30:12.345678Z",
    "+33 6 12 34 56 78",
    "DE89 3704 0044 0532 0130 00",
    "4111 1111 1111 1111",
)
MODELS = (
    Voter, Battle, Turn, Response, Pairing, Route, SamplingPolicy, SystemVersion, Vote, Listening, Report, ApiToken,
)  # fmt: skip
#: Columns whose values the database or the site checks: a canary cannot stand there.
CLOSED_WORDS = {
    "battles.battle.state", "battles.response.side", "battles.response.status", "votes.vote.outcome",
    "battles.report.side", "router.route.side", "systems.systemversion.access", "systems.systemversion.behaviour",
}  # fmt: skip


def planted(field, canary):
    """The canary in the shape of the column; None where the column takes no words."""
    if isinstance(field, models.JSONField):
        return {
            "pool": None,
            "reasons": {"left": [canary], "right": ["useful"]},
            "left_intervals": [[canary, 1000]],
            "feedback": {"left": canary, "right": f"Good, says {canary}"},
        }.get(field.name, {"note": canary, "language": canary})
    if isinstance(field, (models.CharField, models.TextField)):
        return canary[: field.max_length] if field.max_length else f"Hello, {canary} is it."
    if getattr(field, "base_field", None) is not None:
        return [canary]
    return None


def hear_and_route():
    """Every battle with what was heard of it, and a member that answered."""
    cleo = SystemVersion.objects.get(system__name="Cleo")
    for battle in Battle.objects.select_related("pairing"):
        hear(battle)
        route(battle, cleo)


@pytest.mark.django_db
def test_a_canary_in_every_column_of_every_model_reaches_no_byte_of_a_release(folder, built):
    arena = make_world(60)
    hear_and_route()
    columns = 0
    for model in MODELS:
        # One row per canary; clean rows go out beside them.
        ids = list(model.objects.order_by("pk").values_list("pk", flat=True))[: len(CANARIES)]
        for field in model._meta.concrete_fields:
            label = f"{model._meta.label_lower}.{field.name}"
            if field.primary_key or field.unique or label in CLOSED_WORDS or field.is_relation:
                continue
            columns += planted(field, "x") is not None
            with rewritten():
                for pk, canary in zip(ids, CANARIES, strict=False):
                    if (value := planted(field, canary)) is not None:
                        model.objects.filter(pk=pk).update(**{field.name: value})
    release = built(arena)
    assert columns > 20
    assert release.manifest["counts"]["rows"]["conversations"] > 20
    assert release.manifest["counts"]["rows"]["listening"] == 120
    for path in folder_of(folder, release).iterdir():
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += json.dumps(pq.read_table(io.BytesIO(content)).to_pylist(), ensure_ascii=False).encode()
        assert [canary for canary in CANARIES if canary.encode() in content] == [], path.name
