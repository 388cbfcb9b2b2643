"""Two systems behind one server: one that answers, and one that does what the prompt's marker says."""

import secrets
from typing import Any

ARENA = "failing"
#: For so long a silent backend is waited for.
SILENT_S = 2
#: What a backend can do wrong, as markers of the fake server.
MISBEHAVIOURS = (
    "silent",  # no answer at all
    "stalls",  # text, then silence
    "drip:1",  # one byte a second
    "status:500",
    "limited:1",  # 429
    "garbage",
    "truncated",
    "wrong_type",
    "html",  # an error page with status 200
    "cut",  # the connection breaks inside the answer
    "error_in_stream",
    "key_in_error",  # an error that names the key
    "no_http",
    "empty",
)


def _canary(what: str) -> str:
    return f"zqx{what}{secrets.token_hex(3)}"


#: Strings that name the systems: none of them may reach a visitor before the vote.
CANARIES = {
    name: [_canary(f"{name}{what}") for what in ("name", "org", "model", "prompt")] for name in ("good", "bad")
}


def _system(which: str, model: str, base_url: str) -> dict[str, Any]:
    name, organisation, model_name, system_prompt = CANARIES[which]
    return {
        "name": name,
        "organisation": organisation,
        "access": "proprietary",
        "licence": "unknown",
        "backend": "openai_http",
        "base_url": base_url,
        "model": f"{model}{model_name}",
        "system_prompt": system_prompt,
        "limits": {"first_byte_s": SILENT_S, "idle_s": SILENT_S, "total_s": 2 * SILENT_S},
    }


def failing_arena(base_url: str) -> dict[str, Any]:
    """The systems file."""
    return {
        "arena": ARENA,
        "systems": [_system("good", "steady-", base_url), _system("bad", "wayward-", base_url)],
    }


def prompt_of(misbehaviour: str, number: int) -> str:
    """A prompt to which the second system answers by misbehaving."""
    return f"Question {number}. [[fake:{misbehaviour}]]"
