"""PostgreSQL crashes twice while people vote: what was acknowledged is stored once, the rest may be sent again."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from tests.faults.site import Regular, Site

pytestmark = pytest.mark.stack
CLIENTS = 8
STOCK = 400
VOTING_S = 20.0
CRASHES_AT_S = (5.0, 12.0)
RECOVERY_S = 10.0
OUTCOMES = ("left", "right", "tie", "both_bad")


@dataclass
class Ledger:
    """What the clients were told."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    at: list[float] = field(default_factory=list)
    refused: list[httpx.Response] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def vote(self, visitor: Regular, battle_id: str, outcome: str) -> None:
        """Vote until it is acknowledged, as a program does that was told to come again."""
        while True:
            answer = visitor.vote(battle_id, outcome)
            with self.lock:
                if answer.status_code in (200, 201):
                    self.acknowledged[battle_id] = outcome
                    self.at.append(time.monotonic())
                    return
                self.refused.append(answer)
            time.sleep(0.2)


def _votes(site: Site, visitor: Regular, stock: list[str], ledger: Ledger, until: float) -> None:
    for number, battle_id in enumerate(stock):
        if time.monotonic() > until:
            return
        ledger.vote(visitor, battle_id, OUTCOMES[number % len(OUTCOMES)])


def test_every_acknowledged_vote_is_stored_once_and_every_other_may_be_sent_again(site):
    visitors = [site.visitor() for _ in range(CLIENTS)]
    stocks = [site.stock(visitor, STOCK) for visitor in visitors]
    ledger, back = Ledger(), []
    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        voting = [
            pool.submit(_votes, site, visitor, stock, ledger, began + VOTING_S)
            for visitor, stock in zip(visitors, stocks, strict=True)
        ]
        for moment in CRASHES_AT_S:
            time.sleep(max(0.0, began + moment - time.monotonic()))
            site.servers.crash_postgres()
            site.servers.postgres.start()
            back.append(time.monotonic())
        for one in voting:
            one.result()
    ids = [battle_id for stock in stocks for battle_id in stock]
    stored = site.query("SELECT battle_id::text, outcome FROM votes_vote WHERE battle_id = ANY(%s::uuid[])", [ids])
    assert len(stored) == len(ledger.acknowledged) > CLIENTS * 10
    assert dict(stored) == ledger.acknowledged
    assert {answer.status_code for answer in ledger.refused} <= {503}, ledger.refused[0].text
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in ledger.refused)
    for moment in back:
        recovered = min((at for at in ledger.at if at > moment), default=float("inf"))
        assert recovered - moment <= RECOVERY_S, f"{recovered - moment:.1f} s"
