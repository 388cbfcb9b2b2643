"""The fake server itself: what others build on."""

import json
import subprocess
import sys
import urllib.request

import pytest

from arena.systems.backends.base import ServerFailed
from arena.systems.backends.openai_http import OpenAIBackend
from tests.support.fake_openai import FakeOpenAI, names
from tests.systems.conftest import asking, events_of, text_of


async def test_a_marker_in_the_prompt_chooses_too(fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(fake.base_url, "canary-model", policy=fake.policy)
    assert "You said: please" in text_of(await events_of(backend, asking("[[fake:think]] please")))


async def test_it_can_fail_first_and_answer_then(fake: FakeOpenAI) -> None:
    backend = OpenAIBackend(fake.base_url, "flaky:1", policy=fake.policy)
    with pytest.raises(ServerFailed):
        await events_of(backend)
    assert text_of(await events_of(backend))


def test_every_behaviour_has_a_name() -> None:
    assert {"openai", "status", "limited", "drip", "truncated", "garbage", "html", "wrong_type"} <= set(names())


def test_it_runs_in_a_process_of_its_own() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.fake_openai"], stdout=subprocess.PIPE, text=True
    ) as process:
        base_url = process.stdout.readline().strip()
        body = json.dumps({"model": "whole", "messages": [{"role": "user", "content": "Hi"}]}).encode()
        answer = json.load(urllib.request.urlopen(urllib.request.Request(f"{base_url}/chat/completions", body)))
        asked = json.load(urllib.request.urlopen(base_url.removesuffix("/v1") + "/asked"))
        process.terminate()
    assert answer["choices"][0]["message"]["content"].startswith("You said: Hi")
    assert asked["asked"][0]["body"]["model"] == "whole"
