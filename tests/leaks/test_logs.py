"""What the processes write about battles that go well and badly: nothing that was typed, answered or kept secret.

The failures are made to quote what they were given: a backend repeats the prompt and the key in its error, the
database repeats the answer and the feedback in its own. One request's id is followed from the page to the backend.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from arena.common.tracing import HEADER
from ops.processes import wait_until
from tests.leaks.canaries import Canaries
from tests.stack import Stack, Visitor, running_stack
from tests.support.fake_openai import FakeOpenAI

pytestmark = pytest.mark.stack
#: The one thing that a process says without a logger: Celery, when it is asked to stop.
FAREWELL = re.compile(r"worker: \w+ shutdown \(MainProcess\)")
ID = "follow-0e4fd4c395c14a7f"

#: Every answer and every feedback that says "raise" is refused with its own words; promised work leaves a copy.
TRIGGERS = """
CREATE FUNCTION quote_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF to_jsonb(NEW)::text LIKE '%%raise%%' THEN RAISE EXCEPTION 'refused: %%', to_jsonb(NEW); END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER quote_answer BEFORE UPDATE ON battles_response FOR EACH ROW EXECUTE FUNCTION quote_it();
CREATE TRIGGER quote_vote BEFORE INSERT ON votes_vote FOR EACH ROW EXECUTE FUNCTION quote_it();
CREATE TABLE promised (task text, request_id text);
CREATE FUNCTION copy_it() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO promised VALUES (NEW.task, NEW.request_id); RETURN NEW; END $$;
CREATE TRIGGER copy_promise AFTER INSERT ON common_outboxmessage FOR EACH ROW EXECUTE FUNCTION copy_it();
"""


@pytest.fixture(scope="module")
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture(scope="module")
def fake(canaries) -> Iterator[FakeOpenAI]:
    answer = canaries.plant("output")
    with FakeOpenAI(answer=lambda asked: f"{answer} {'raise' if 'raise' in asked.prompt else 'fine'}.") as server:
        yield server


@pytest.fixture(scope="module")
def stack(tmp_path_factory, canaries, fake) -> Iterator[Stack]:
    var: Path = tmp_path_factory.mktemp("logs")
    common = {"organisation": "O", "access": "open", "licence": "none"}
    remote = {
        "name": "Remote",
        "backend": "openai_http",
        "base_url": fake.base_url,
        "model": "any",
        "system_prompt": canaries.plant("system"),
        "api_key_env": "LOG_TEST_KEY",
        "limits": {"first_byte_s": 10, "idle_s": 10, "total_s": 30},
    }
    local = {"name": "Local", "backend": "local", "entry": "arena.systems.offline.eliza:reply"}
    env = {
        "ARENA_PRIVATE_BACKENDS": fake.host_port,
        "LOG_TEST_KEY": canaries.plant("key"),
        "OPENAI_API_KEY": canaries.plant("openaikey"),
        "ARENA_METRICS_TOKEN": canaries.plant("metricstoken") * 2,
        # The test stands behind a proxy, which gives ids and addresses.
        "ARENA_TRUSTED_PROXIES": "127.0.0.1",
        "ARENA_LOG_LEVEL": "DEBUG",
    }
    systems = [{**common, **remote}, {**common, **local}]
    with running_stack(var, {"arena": "text", "systems": systems}, env=env) as running:
        running.query(TRIGGERS)
        for url in (running.env["DATABASE_URL"], running.env["REDIS_URL"]):
            password = urlsplit(url).password
            canaries.planted += [password, unquote(password), quote(unquote(password))]
        canaries.planted.append(running.env["ARENA_SECRET_KEY"])
        yield running


@pytest.fixture(scope="module")
def visitor(stack, canaries) -> Visitor:
    visitor = Visitor(stack.url)
    address = "203.0.113.77"
    canaries.planted.append(address)
    visitor.http.headers["X-Forwarded-For"] = address
    visitor.http.cookies.set("other", canaries.plant("cookie"))
    visitor.consent()
    canaries.planted += [value for name, value in visitor.http.cookies.items() if name != "language"]
    return visitor


def _vote(visitor, battle_id, feedback):
    reasons = {"left": [], "right": []}
    body = {"outcome": "left", "reasons": reasons, "feedback": {"left": feedback, "right": ""}}
    return visitor.post(f"/api/v1/battles/{battle_id}/vote", body)


@pytest.fixture(scope="module")
def battles(visitor, canaries) -> None:
    """A good battle, four bad ones, refused requests and a program with a wrong token."""
    good = visitor.start(f"Hello {canaries.plant('prompt')}", **{HEADER: ID})
    assert visitor.watch(good["id"]).state == "ready"
    assert _vote(visitor, good["id"], f"raise {canaries.plant('feedback')}").status_code == 500
    assert _vote(visitor, good["id"], canaries.plant("feedback")).status_code == 201
    for marker in ("[[fake:prompt_in_error:500]]", "[[fake:prompt_in_error:400]]", "[[fake:key_in_error]]", "raise"):
        battle = visitor.start(f"{marker} {canaries.plant('prompt')}")
        assert visitor.watch(battle["id"]).state == "failed"
    assert visitor.http.get(f"/{canaries.plant('path')}?q={canaries.plant('query')}").status_code == 404
    assert visitor.http.get("/", headers={"Host": canaries.plant("host")}).status_code == 400
    token = canaries.plant("token")
    program = {"Authorization": f"Bearer {token}", "X-Voter": canaries.plant("voter")}
    assert visitor.http.get("/api/v1/battles", headers=program).status_code == 401
    visitor.http.post("/api/v1/consent", content=canaries.plant("body"), headers={"Origin": "http://evil.example"})


@pytest.fixture(scope="module")
def numbers(stack, battles) -> dict[str, float]:
    """What /metrics tells once every process has reported: name and sorted label values → value."""

    def read() -> dict[str, float]:
        families = text_string_to_metric_families(httpx.get(f"{stack.url}/metrics", timeout=60).text)
        samples = [sample for family in families for sample in family.samples]
        return {" ".join([one.name, *sorted(one.labels.values())]): one.value for one in samples}

    # Web server and workers report at different times.
    failed, started = "arena_battles_ended_total failed internal text", "arena_battles_started_total text"
    wait_until(lambda: read().get(started, 0) >= 5 and failed in read(), timeout_s=60)
    return read()


@pytest.fixture(scope="module")
def written(stack, numbers) -> str:
    """Everything that the processes wrote until their end."""
    for child in stack.children.values():
        child.ask_to_stop()
    for child in stack.children.values():
        child.stop(15)
    return "".join(path.read_text("utf-8") for path in sorted((stack.var / "log").glob("*.log")))


def _lines(written: str) -> list[dict]:
    return [json.loads(line) for line in written.splitlines() if line.startswith("{")]


def test_every_line_of_every_process_is_one_json_object(written):
    plain = [line for line in written.splitlines() if line.strip() and not line.startswith("{")]
    assert [line for line in plain if not FAREWELL.fullmatch(line)] == []
    lines = _lines(written)
    assert {"web", "worker:streams", "worker:cpu"} <= {line["process"] for line in lines}
    assert all({"at", "level", "logger", "event", "pid"} <= set(line) for line in lines)


def test_nothing_typed_answered_or_kept_secret_is_in_any_log(written, canaries):
    assert canaries.found_in(written.encode()) == []


def test_the_failures_that_quote_what_they_were_given_did_happen(written, stack, canaries, fake):
    """Without this the test above could pass because nothing was ever at risk."""
    lines = _lines(written)
    raised = [one for line in lines for one in line.get("exception", ()) if one.get("sqlstate") == "P0001"]
    processes = {line["process"] for line in lines if any(one in raised for one in line.get("exception", ()))}
    assert processes == {"web", "worker:streams"}
    failed = " ".join(line["event"] for line in lines if line["process"] == "worker:streams")
    assert {"ServerFailed 500", "Misconfigured 400", "Misconfigured 401"} <= set(re.findall(r"\w+ \d{3}", failed))
    asked = "".join(str(one.headers) + str(one.body) for one in fake.asked)
    stored = str(stack.query("SELECT prompt FROM battles_turn UNION ALL SELECT content FROM battles_response"))
    stored += str(stack.query("SELECT feedback FROM votes_vote"))
    reached = {re.sub("[0-9a-f]{6}$", "", one) for one in canaries.found_in((asked + stored).encode())}
    assert {"zqxprompt", "zqxoutput", "zqxfeedback", "zqxkey", "zqxsystem"} <= reached


def test_one_id_leads_from_the_page_to_the_backend(written, stack, fake):
    """Response header, outbox row, turn, both workers' lines, and the request that the backend got."""
    assert stack.query("SELECT task FROM promised WHERE request_id = %s", [ID]) == [("arena.generate_turn",)]
    assert stack.query("SELECT count(*) FROM battles_turn WHERE request_id = %s", [ID]) == [(1,)]
    assert {line["process"] for line in _lines(written) if line.get("request_id") == ID} == {
        *("web", "worker:streams", "worker:cpu"),
    }
    assert [one.headers.get(HEADER.lower()) for one in fake.asked if one.headers.get(HEADER.lower()) == ID] == [ID]
    others = {one.headers[HEADER.lower()] for one in fake.asked} - {ID}
    assert len(others) == 4


def test_what_web_server_and_workers_counted_is_added_up(numbers):
    assert numbers["arena_battles_started_total text"] == 5
    assert numbers["arena_votes_total left text"] == numbers["arena_battles_ended_total  text voted"] == 1
    assert numbers["arena_first_frame_seconds_count text"] >= 1
    assert numbers["arena_generation_seconds_count Remote text"] == 1
    assert numbers["arena_generation_errors_total Misconfigured Remote text"] == 2
    assert numbers["arena_generation_errors_total Remote ServerFailed text"] >= 1
    assert numbers["arena_http_requests_total /api/v1/arenas/<slug>/battles 201 POST"] == 5
    assert {name for name in numbers if name.startswith("arena_processes ")} >= {
        *("arena_processes web", "arena_processes worker:streams", "arena_processes worker:cpu"),
    }
    assert numbers["arena_heartbeat_age_seconds sweep"] < 30
