"""Questions to the model that `ARENA_ROUTER_URL` names: one strict JSON schema each, asked once per text.

What is asked about is sent as data, not as words to follow. The raw reply is kept under a keyed digest of the text, so
that nobody can try texts, and answers the same question from then on.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models.functions import Now

from arena.router.models import PromptReading
from arena.router.remote import NoAnswer, ask, completion_of
from arena.systems.backends.text import clean
from arena.systems.services import address_policy

KEEP: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `version` names its wording: another one is asked anew. `budget_s`: for everything."""

    name: str
    version: str
    instruction: str
    properties: Mapping[str, Any]
    budget_s: float
    max_tokens: int
    max_reply_chars: int


def is_answered() -> bool:
    """Whether there is a model to ask."""
    return bool(settings.ARENA_ROUTER_URL)


def fields_of(question: Question, asked: Any) -> dict[str, Any]:
    """The fields of the model's answer about `asked` (JSON): some of the schema's and no others, values unchecked.

    Raises:
        NoAnswer: none in time, or not an object with these fields.
    """
    try:
        said = json.loads(_reply(question, json.dumps(asked, ensure_ascii=False)))
    except (ValueError, RecursionError) as error:
        raise NoAnswer("no JSON") from error
    if not isinstance(said, dict) or set(said) - set(question.properties):
        raise NoAnswer("not the schema")
    return said


def purge() -> int:
    """Forget old answers; returns how many."""
    return PromptReading.objects.filter(created_at__lt=Now() - KEEP).delete()[0]


def _reply(question: Question, asked: str) -> str:
    key = {"digest": _digest(asked), "model": settings.ARENA_ROUTER_MODEL[:120], "version": question.version}
    stored = PromptReading.objects.filter(**key).values_list("reply", flat=True).first()
    if stored is not None:
        return stored
    url, api_key = settings.ARENA_ROUTER_URL, settings.ARENA_ROUTER_API_KEY
    answer = ask(url, _payload(question, asked), api_key, address_policy(), question.budget_s)
    reply = clean(completion_of(answer)[: question.max_reply_chars])
    PromptReading.objects.get_or_create(**key, defaults={"reply": reply})
    return reply


def _payload(question: Question, asked: str) -> dict[str, Any]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": list(question.properties),
        "properties": dict(question.properties),
    }
    return {
        **({"model": settings.ARENA_ROUTER_MODEL} if settings.ARENA_ROUTER_MODEL else {}),
        "messages": [
            {"role": "system", "content": question.instruction},
            {"role": "user", "content": asked},
        ],
        "temperature": 0,
        "max_tokens": question.max_tokens,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": question.name, "strict": True, "schema": schema},
        },
    }


def _digest(asked: str) -> str:
    key = hashlib.sha256(b"prompt-reading:" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, asked.encode(), hashlib.sha256).hexdigest()
