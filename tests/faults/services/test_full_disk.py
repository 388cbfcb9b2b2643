"""The disk under PostgreSQL is full: votes fail loudly, reading goes on, nothing is corrupt, and room ends it."""

import contextlib
import secrets
import time

import pytest

from ops.processes import wait_until
from tests.faults.servers import DISK_MB
from tests.faults.site import Regular, Site

pytestmark = pytest.mark.stack
STOCK = 200
FULL_S = 240
#: Feedback of a vote as random bytes, which make 2,000 characters: pages that have room take very many votes without.
WORDY_BYTES = 1500


def _fill(site: Site) -> None:
    """Leave no byte free, however PostgreSQL moves its files about."""
    site.servers.disk.resize(site.servers.disk.used_mb())
    ballast = site.servers.disk.folder / "ballast"
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(b"\0" * 4096):
            pass


def _vote_until_refused(site: Site, alice: Regular, stock: list[str]) -> tuple[list[str], str]:
    """Vote while the disk fills; returns the acknowledged battles and the one that was refused."""
    acknowledged, end = [], time.monotonic() + FULL_S
    for battle_id in stock:
        _fill(site)
        answer = alice.vote(battle_id, feedback=secrets.token_urlsafe(WORDY_BYTES))
        if answer.status_code != 201:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
            return acknowledged, battle_id
        acknowledged.append(battle_id)
        assert time.monotonic() < end
    raise AssertionError("the disk is full and every vote was acknowledged")


def test_votes_fail_loudly_on_a_full_disk_reading_goes_on_and_room_heals(site):
    if not site.servers.disk.is_mounted:
        pytest.skip("a small disk needs the right to mount a tmpfs (root)")
    alice = site.visitor()
    stock = site.stock(alice, STOCK)
    try:
        acknowledged, refused = _vote_until_refused(site, alice, stock)
        assert alice.battle(acknowledged[0] if acknowledged else stock[-1])["id"]
        assert alice.http.get("/api/v1/arenas/text/leaderboard").status_code == 200
        assert alice.http.get(f"/battles/{refused}").status_code == 200
    finally:
        (site.servers.disk.folder / "ballast").unlink(missing_ok=True)
        site.servers.disk.resize(DISK_MB)
    assert wait_until(lambda: alice.vote(refused).status_code == 201, timeout_s=120, every_s=0.5)
    stored = {
        str(row[0])
        for row in site.query("SELECT battle_id FROM votes_vote WHERE battle_id = ANY(%s::uuid[])", [stock])
    }
    assert stored == {*acknowledged, refused}
    site.servers.check_storage()
