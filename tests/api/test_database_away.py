"""What the arena answers while nothing listens where the database should be."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, django
django.setup()
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
bearer = {"Authorization": "Bearer arena_" + "x" * 43, "X-Voter": "alice"}
told = {}
for path in ("/healthz", "/readyz", "/metrics", "/api/v1/session", "/api/v1/arenas", "/api/v1/openapi.json"):
    answer = client.get(path)
    told[path] = [answer.status_code, answer.headers.get("Retry-After"), answer.content.decode()]
answer = client.post("/api/v1/battles/x/vote", {"outcome": "left"}, content_type="application/json", headers=bearer)
told["vote"] = [answer.status_code, answer.headers.get("Retry-After"), answer.content.decode()]
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """Address → (status, Retry-After, body), from a process of its own."""
    unreachable = "postgresql://arena:hunter2@127.0.0.1:1/arena"
    environment = {**os.environ, "DATABASE_URL": unreachable, "DJANGO_SETTINGS_MODULE": "arena.config.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_the_process_is_alive_and_not_ready(told: dict[str, Any]) -> None:
    assert told["/healthz"][0] == 200
    assert told["/readyz"][0] == told["/metrics"][0] == 503
    assert json.loads(told["/readyz"][2])["checks"]["database"] == "failed"
    assert json.loads(told["/readyz"][2])["checks"]["workers"] == "failed"


@pytest.mark.parametrize("what", ["/api/v1/arenas", "vote"])
def test_what_needs_the_database_may_be_tried_again(told: dict[str, Any], what: str) -> None:
    status, retry_after, body = told[what]

    assert status == 503
    assert int(retry_after) > 0
    assert json.loads(body)["type"] == "unavailable"


def test_what_needs_no_database_still_works(told: dict[str, Any]) -> None:
    assert told["/api/v1/session"][0] == told["/api/v1/openapi.json"][0] == 200
