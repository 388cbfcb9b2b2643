"""Admission: consent, a few open battles, so many actions in a window, and all of it exact."""

import logging
import threading
from typing import Any

import pytest
from django.db import connection

from arena.accounts.services import Actor, create_browser_voter, create_token, record_consent, voter_of_token
from arena.battles.models import Battle
from arena.integrity import services
from arena.integrity.counters import Bucket, count, subject_of
from arena.integrity.models import RateCounter
from arena.integrity.services import ConsentRequired, LimitReached, NotAdmitted, TooManyOpen, admit, purge_counters
from tests.ballots import make_arena

pytestmark = pytest.mark.django_db

NETWORK = "203.0.113.0/24"


@pytest.fixture(autouse=True)
def limits(settings: Any) -> Any:
    settings.ARENA_LIMITS_OFF = False
    settings.ARENA_MAX_OPEN_BATTLES = 0
    settings.ARENA_LIMITS = {"battle": {"voter": (3, 3600), "network": (5, 3600)}, "vote": {"voter": (1, 3600)}}
    return settings


def visitor(network: str = NETWORK, *, agreed: bool = True) -> Actor:
    voter, _cookie = create_browser_voter()
    actor = Actor(voter=voter, token=None, network=network)
    if agreed:
        record_consent(actor, research=True, publication=False, age_16=True, language="en")
    return actor


def admitted(action: str, actor: Actor, times: int) -> int:
    n = 0
    for _ in range(times):
        try:
            admit(action, actor)
        except LimitReached:
            continue
        n += 1
    return n


def counts() -> dict[bytes, int]:
    return {bytes(row.subject): row.count for row in RateCounter.objects.all()}


@pytest.mark.parametrize("action", ["battle", "turn", "vote"])
def test_nobody_takes_part_without_consent(action: str) -> None:
    for actor in (visitor(agreed=False), Actor(voter=None, token=None, network=NETWORK)):
        with pytest.raises(ConsentRequired):
            admit(action, actor)
    assert not RateCounter.objects.exists()


@pytest.mark.parametrize("action", ["consent", "report"])
def test_asking_for_consent_needs_none(action: str) -> None:
    admit(action, Actor(voter=None, token=None, network=NETWORK))


def test_a_token_that_consented_answers_for_its_voters() -> None:
    token, _value = create_token("study")
    actor = Actor(voter=voter_of_token(token, "alice"), token=token, network=NETWORK)
    with pytest.raises(ConsentRequired):
        admit("battle", actor)
    record_consent(actor, research=True, publication=False, age_16=True, language="en")
    admit("battle", actor)


def test_a_voter_acts_so_often_and_no_more() -> None:
    assert admitted("battle", visitor(), 10) == 3


def test_another_action_and_another_voter_have_their_own_limit() -> None:
    alice, bob = visitor(), visitor("198.51.100.0/24")
    assert admitted("battle", alice, 5) == 3
    assert admitted("vote", alice, 5) == 1
    assert admitted("battle", bob, 5) == 3


def test_a_network_is_limited_over_all_of_its_voters() -> None:
    assert [admitted("battle", visitor(), 4) for _ in range(3)] == [3, 2, 0]


def test_a_limited_action_uses_up_nothing() -> None:
    alice, bob = visitor(), visitor()
    assert admitted("battle", alice, 50) == 3
    network = subject_of("network", NETWORK)
    assert counts()[network] == 3
    assert admitted("battle", bob, 50) == 2
    # The network refused Bob: his own count is what he was admitted for, not what he tried.
    assert bob.voter is not None
    assert counts()[subject_of("voter", str(bob.voter.pk))] == 2
    assert counts()[network] == 5


def test_a_limit_says_when_to_come_back_and_whose_it_is() -> None:
    alice = visitor()
    admitted("battle", alice, 3)
    with pytest.raises(LimitReached) as caught:
        admit("battle", alice)
    assert caught.value.scope == "voter"
    assert 1 <= caught.value.retry_after_s <= 3600


def test_a_window_ends(limits: Any) -> None:
    alice = visitor()
    assert admitted("battle", alice, 5) == 3
    RateCounter.objects.update(window_start="2026-01-01T00:00:00Z")
    assert admitted("battle", alice, 5) == 3


def test_windows_follow_the_databases_clock() -> None:
    admit("battle", visitor())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM integrity_ratecounter WHERE window_start <= statement_timestamp() "
            "AND window_start + interval '1 hour' > statement_timestamp() "
            "AND mod(extract(epoch FROM window_start), 3600) = 0"
        )
        assert cursor.fetchone() == (2,)


@pytest.mark.parametrize("off", [{"battle": {"voter": (0, 3600), "network": (0, 3600)}}, {"battle": {}}, {}])
def test_zero_switches_a_limit_off(limits: Any, off: dict[str, Any]) -> None:
    limits.ARENA_LIMITS = off
    assert admitted("battle", visitor(), 20) == 20
    assert not RateCounter.objects.exists()


def test_all_limits_can_be_switched_off_but_consent_cannot(limits: Any) -> None:
    limits.ARENA_LIMITS_OFF = True
    assert admitted("battle", visitor(), 20) == 20
    with pytest.raises(ConsentRequired):
        admit("battle", visitor(agreed=False))


def test_a_token_has_limits_of_its_own() -> None:
    token, _value = create_token("bench", {"battle": {"network": (0, 3600), "token": (8, 3600)}})
    record_consent(Actor(None, token, NETWORK), research=True, publication=False, age_16=True, language="en")
    actors = [Actor(voter_of_token(token, name), token, NETWORK) for name in ("a", "b", "c", "d")]
    # Per voter the site's limit holds (3), per network none, over all voters of the token 8.
    assert [admitted("battle", actor, 5) for actor in actors] == [3, 3, 2, 0]
    assert admitted("vote", actors[0], 5) == 1


def test_one_round_trip_counts_every_scope(django_assert_num_queries: Any) -> None:
    alice = visitor()
    with django_assert_num_queries(2):  # consent, and the counters
        admit("battle", alice)


def test_a_voter_has_few_battles_running(limits: Any) -> None:
    limits.ARENA_MAX_OPEN_BATTLES = 2
    arena, alice = make_arena(), visitor()
    for state in ("queued", "generating", "refused", "failed", "expired"):
        Battle.objects.create(arena=arena, voter=alice.voter, state=state)
    for action in ("battle", "turn"):
        with pytest.raises(TooManyOpen):
            admit(action, alice)
    assert not RateCounter.objects.exists()
    admit("vote", alice)
    admit("battle", visitor())
    Battle.objects.filter(state="generating").update(state="failed")
    admit("battle", alice)


def test_no_address_is_stored_or_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    alice = visitor()
    admitted("battle", alice, 5)
    assert "203.0.113" not in caplog.text
    assert "203.0.113" not in repr(list(RateCounter.objects.values()))


def test_a_subject_cannot_be_computed_without_the_key(settings: Any) -> None:
    before = subject_of("network", NETWORK)
    assert len(before) == 16
    assert subject_of("voter", NETWORK) != before
    settings.SECRET_KEY = "another key"
    assert subject_of("network", NETWORK) != before


def test_old_counters_are_forgotten_and_running_ones_kept() -> None:
    alice = visitor()
    admit("battle", alice)
    kept = RateCounter.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO integrity_ratecounter (action, subject, window_start, count) SELECT 'vote', "
            "int4send(n) || int4send(n) || int8send(n), now() - interval '25 hours', 1 FROM generate_series(1, 50) n"
        )
    assert purge_counters() == 50
    assert purge_counters() == 0
    assert RateCounter.objects.count() == kept


def test_a_further_check_refuses_before_anything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_work(action: str, actor: Actor) -> None:
        raise NotAdmitted("proof of work is missing")

    monkeypatch.setattr(services, "CHECKS", (no_work, *services.CHECKS))
    with pytest.raises(NotAdmitted, match="proof of work"):
        admit("battle", visitor())
    assert not RateCounter.objects.exists()


def in_parallel(n: int, work: Any) -> list[Any]:
    """Run `work(k)` in n threads that start together."""
    results: list[Any] = [None] * n
    start = threading.Barrier(n)

    def run(k: int) -> None:
        try:
            start.wait(10)
            results[k] = work(k)
        except Exception as error:  # noqa: BLE001 - handed to the main thread
            results[k] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(k,)) for k in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_never_pass_a_voters_limit(limits: Any) -> None:
    limits.ARENA_LIMITS = {"battle": {"voter": (17, 86_400), "network": (1000, 86_400)}}
    alice = visitor()
    assert sum(in_parallel(8, lambda _k: admitted("battle", alice, 5))) == 17
    assert sorted(counts().values()) == [17, 17]


@pytest.mark.django_db(transaction=True)
def test_parallel_voters_never_pass_their_networks_limit(limits: Any) -> None:
    limits.ARENA_LIMITS = {"battle": {"voter": (1000, 86_400), "network": (17, 86_400)}}
    voters = [visitor() for _ in range(8)]
    assert sum(in_parallel(8, lambda k: admitted("battle", voters[k], 5))) == 17
    assert counts()[subject_of("network", NETWORK)] == 17
    assert sum(counts().values()) == 2 * 17


@pytest.mark.django_db(transaction=True)
def test_counting_in_parallel_does_not_deadlock() -> None:
    buckets = [Bucket(scope, subject_of(scope, "shared"), 10**6, 86_400) for scope in ("voter", "network", "token")]
    assert in_parallel(8, lambda _k: [count("battle", buckets) for _ in range(10)]) == [[None] * 10] * 8
    assert list(counts().values()) == [80, 80, 80]
