"""The cast of the pages: Alice, Bob and Mallory in browsers of their own, each with consent; a newcomer without."""

from collections.abc import Iterator
from copy import copy, deepcopy
from pathlib import Path
from typing import NamedTuple

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation
from pytest_django import DjangoDbBlocker

from arena.accounts.models import Voter
from arena.accounts.selectors import voter_of_cookie
from arena.accounts.services import Actor, create_browser_voter, record_consent
from arena.arenas.models import Arena
from arena.battles.models import Battle
from arena.common.storage import FolderStore
from arena.rankings import questions
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from data_releases.models import Release
from tests.ballots import make_arena, make_battle, make_versions
from tests.kept_rows import kept_rows


class Browser(Client):
    """A browser; with a voter's cookie once its visitor took part."""

    @property
    def voter(self) -> Voter:
        """The voter of this browser's cookie."""
        voter = voter_of_cookie(self.cookies[settings.VOTER_COOKIE].value)
        assert voter is not None
        return voter

    def again(self) -> "Browser":
        """Another one with the same cookies."""
        browser = Browser()
        browser.cookies = deepcopy(self.cookies)
        return browser


def consenting_browser(*, publication: bool = False) -> Browser:
    """A browser whose visitor has agreed to take part."""
    browser = Browser()
    voter, cookie = create_browser_voter()
    actor = Actor(voter=voter, token=None, network="203.0.113.0/24")
    record_consent(actor, research=True, publication=publication, age_16=True, language="en")
    browser.cookies[settings.VOTER_COOKIE] = cookie
    return browser


def battle_of(browser: Browser, arena: Arena, state: str = "ready") -> Battle:
    """A battle of this browser, with its vote where it has one."""
    left, right = SystemVersion.objects.order_by("system__name")[:2]
    battle = make_battle(arena, left, right, voter=browser.voter, state=state)
    if state == "voted":
        Vote.objects.create(battle=battle, voter=browser.voter, outcome="left", turn_n=1)
    return battle


@pytest.fixture(autouse=True, scope="session")
def _front_end() -> None:
    if not Path(settings.DJANGO_VITE["default"]["manifest_path"]).exists():
        pytest.skip("the front end is not built: make install")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """A request leaves its language active in the thread; the next test must not inherit it."""
    with translation.override("en"):
        yield


def arena_of_three() -> Arena:
    """An open arena of three systems."""
    arena = make_arena()
    make_versions(arena, ["Ada", "Bert", "Cleo"])
    return arena


class Cast(NamedTuple):
    """Who is there before any test."""

    arena: Arena
    alice: Browser
    bob: Browser
    mallory: Browser


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Cast]:
    """Made once for all tests of a module: each rolls back to here."""
    with kept_rows(django_db_blocker):
        yield Cast(arena_of_three(), *(consenting_browser() for _name in ("alice", "bob", "mallory")))


@pytest.fixture
def arena(cast: Cast, db: None) -> Arena:
    # A process keeps what it computed from an arena's votes; those of another test are gone.
    questions._computed.cache_clear()
    return copy(cast.arena)


@pytest.fixture
def newcomer(db: None) -> Browser:
    return Browser()


@pytest.fixture
def alice(cast: Cast, db: None) -> Browser:
    return cast.alice.again()


@pytest.fixture
def bob(cast: Cast, db: None) -> Browser:
    return cast.bob.again()


@pytest.fixture
def mallory(cast: Cast, db: None) -> Browser:
    return cast.mallory.again()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    """The store of a module's release."""
    return FolderStore(tmp_path_factory.mktemp("released"))


@pytest.fixture
def release(october: int, store: FolderStore, db: None, monkeypatch: pytest.MonkeyPatch) -> Release:
    """The release that the module's `october` published, where the pages find it."""
    monkeypatch.setattr("data_releases.downloads.store", lambda: store)
    return Release.objects.get(pk=october)
