"""What an ordinary visitor notices of clients that mean harm: p99 of what they ask, undisturbed and beside them.

Quiet and disturbed phases take turns on one running arena, so that whatever else the machine does meets both. The
attackers run in a process of their own and are all served by the same single web process, without a proxy in front.

Ends with 1 where p99 beside them is more than twice the undisturbed one, or an attack ended otherwise than refused.

    make bench-abuse [SECONDS_PER_PHASE=12]
"""

import asyncio
import itertools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from uuid import UUID

from tests.bench.attackers import attack
from tests.bench.figures import CpuMeter, family, percentile
from tests.bench.http_load import Answers, open_loop, request_bytes
from tests.bench.ready_battles import ready_battles
from tests.bench.verdict import conclude
from tests.environment import prepare
from tests.stack import Stack, Visitor, running_stack

PHASE_S = float(os.environ.get("SECONDS_PER_PHASE", "12"))
#: The first attack's connections are closed after ten seconds: a shorter phase would not see it.
WARM_UP_S = 2.0
ROUNDS = 3
RATE_PER_S = 25.0
GOAL_RATIO = 2.0
#: How each attack has to end, and nothing else.
REFUSALS = {
    *("slow headers: 408", "idle: closed", "1 MB prompt: 413", "frames: 1008", "wrong origin: 403", "no token: 403"),
    *("foreign battle: 404", "forged address: 429"),
}
#: So many consents an hour are any network's right; a run may see the end of one hour and the begin of the next.
LET_IN, MOST_LET_IN = "forged address: 201", 2 * 60
#: Every so manieth request starts a battle or votes, and no more than the limits of one voter allow.
WRITE_EVERY, MOST_WRITES = 150, 40
PROMPT = "Tell me about rivers."


def systems(folder: Path) -> dict[str, object]:
    """Three systems that answer one prompt."""
    entries = []
    for name in ("alpha", "beta", "gamma"):
        (folder / f"{name}.jsonl").write_text(json.dumps({"prompt": PROMPT, "output": f"{name}. " * 50}))
        entry = {"name": name, "organisation": name, "access": "open", "licence": "MIT", "backend": "replay"}
        entries.append({**entry, "path": str(folder / f"{name}.jsonl"), "tokens_per_second": 400})
    return {"arena": "text", "systems": entries}


def visitor_with_battle(stack: Stack) -> tuple[str, str, str]:
    """The `Cookie` header of a new visitor, their CSRF token, and a battle of theirs that is ready."""
    with Visitor(stack.url) as visitor:
        battle = visitor.consent().start(PROMPT)["id"]
        visitor.watch(battle)
        return visitor.cookie_header, visitor.http.cookies["csrftoken"], battle


def reads(port: int, cookie: str, battle: str) -> Iterator[bytes]:
    """What an ordinary visitor asks for, over and over."""
    paths = ("/", "/arenas/text", f"/battles/{battle}", f"/api/v1/battles/{battle}", "/arenas/text/leaderboard")
    return itertools.cycle([request_bytes("GET", path, port, {"Cookie": cookie}) for path in paths])


def writes(port: int, cookie: str, token: str, ready: Iterable[UUID]) -> Iterator[bytes]:
    """A start of a battle and a vote on one that is ready, in turns."""
    headers = {"Cookie": cookie, "X-CSRFToken": token}
    start, vote = json.dumps({"prompt": PROMPT}).encode(), json.dumps({"outcome": "left"}).encode()
    for battle in ready:
        yield request_bytes("POST", "/api/v1/arenas/text/battles", port, headers, start)
        yield request_bytes("POST", f"/api/v1/battles/{battle}/vote", port, headers, vote)


def ordinary(reading: Iterator[bytes], writing: Iterator[bytes]) -> Iterator[bytes]:
    """Reads, and a write now and then as long as there are any."""
    for number, read in enumerate(reading, 1):
        yield (next(writing, read) if number % WRITE_EVERY == 0 else read)


def visit(port: int, requests: Iterator[bytes], seconds: float) -> Answers:
    """A phase of an ordinary visitor's requests."""
    answers = asyncio.run(open_loop(port, requests, RATE_PER_S, seconds, connections=4))
    assert set(answers.statuses) <= {200, 201}, answers.statuses
    return answers


@dataclass
class Phases:
    """What was seen in the phases of one kind: seconds of each request, and cores that the web server kept busy."""

    latencies_s: list[float] = field(default_factory=list)
    written: int = 0
    cores: list[float] = field(default_factory=list)

    def ms(self, percent: float) -> float:
        """A percentile of the latencies."""
        return percentile(self.latencies_s, percent) * 1000


def measure(stack: Stack, pool: ProcessPoolExecutor) -> tuple[Phases, Phases, Counter[str]]:
    """(quiet, disturbed, refusals)."""
    mine, theirs = visitor_with_battle(stack), visitor_with_battle(stack)
    cookie, token, battle = mine
    ready = ready_battles(stack, battle, MOST_WRITES // 2)
    requests = ordinary(reads(stack.port, cookie, battle), writes(stack.port, cookie, token, ready))
    quiet, disturbed, refusals = Phases(), Phases(), Counter[str]()
    cpu = CpuMeter({"web": family(stack.children["web server"].pid)})

    def phase(into: Phases, seconds: float) -> None:
        visit(stack.port, requests, WARM_UP_S)
        cpu.restart()
        answers = visit(stack.port, requests, seconds)
        into.latencies_s += answers.latencies_s
        into.written += answers.statuses[201]
        into.cores.append(cpu.cores()["web"])

    for _round in range(ROUNDS):
        phase(quiet, PHASE_S)
        attackers: Future[dict[str, int]] = pool.submit(attack, stack.port, PHASE_S + 2 * WARM_UP_S, *theirs, battle)
        phase(disturbed, PHASE_S)
        refusals.update(attackers.result(timeout=PHASE_S + 60))
    return quiet, disturbed, refusals


def main() -> None:
    """Start an arena, measure, print."""
    prepare()
    # Limits as in production; the attackers' network and the visitor's are two.
    env = {"ARENA_LIMITS_OFF": "0"}
    spawn = get_context("spawn")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        pool = opened.enter_context(ProcessPoolExecutor(1, mp_context=spawn))
        stack = opened.enter_context(running_stack(folder, systems(folder), env=env))
        quiet, disturbed, refusals = measure(stack, pool)
    both = {"quiet": quiet, "disturbed": disturbed}
    figures = {
        "bench": "abuse",
        "requests": {name: len(one.latencies_s) for name, one in both.items()},
        "written": {name: one.written for name, one in both.items()},
        "p50_ms": {name: round(one.ms(50), 1) for name, one in both.items()},
        "p99_ms": {name: round(one.ms(99), 1) for name, one in both.items()},
        "web_cores": {name: round(sum(one.cores) / len(one.cores), 3) for name, one in both.items()},
        # Above the number of cores, the latencies are about the neighbours too.
        "load_average": round(os.getloadavg()[0], 1),
        "ratio": round(disturbed.ms(99) / quiet.ms(99), 2),
        "goal_ratio": GOAL_RATIO,
        "refusals": dict(sorted(refusals.items())),
    }
    wrong = {
        f"a visitor's p99 was more than {GOAL_RATIO} times the undisturbed one": figures["ratio"] > GOAL_RATIO,
        "an attack was not refused": set(refusals) - {LET_IN} != REFUSALS or refusals[LET_IN] > MOST_LET_IN,
        "the visitor neither started a battle nor voted": quiet.written + disturbed.written == 0,
    }
    conclude(figures, wrong)


if __name__ == "__main__":
    main()
