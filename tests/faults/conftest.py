"""One site for all faults. After every test: everything runs again, and the books must balance."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.misbehaving import failing_arena
from tests.faults.site import Site, local_arena, music_arena, replay_arena
from tests.support.fake_openai import FakeOpenAI

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test of a fault may leave the books unchecked: it takes the fixture `site`, or its module's own `books`."""
    for item in items:
        if HERE in item.path.parents and not {"site", "books"} & set(getattr(item, "fixturenames", ())):
            raise pytest.UsageError(f"{item.nodeid} breaks something and does not check the books")


@pytest.fixture(scope="package")
def backend() -> Iterator[FakeOpenAI]:
    """A server that misbehaves on demand."""
    with FakeOpenAI(pause_s=0.01) as fake:
        yield fake


@pytest.fixture(scope="package")
def shared_site(tmp_path_factory: pytest.TempPathFactory, backend: FakeOpenAI) -> Iterator[Site]:
    """The one arena."""
    var = tmp_path_factory.mktemp("faults")
    env = {"ARENA_PRIVATE_BACKENDS": backend.host_port, "ARENA_BREAKER": "0"}
    site = Site(var, env)
    try:
        site.boot(replay_arena(var), failing_arena(backend.base_url), local_arena(), music_arena(var))
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(shared_site: Site) -> Iterator[Site]:
    """The arena, whole before the test and after it."""
    shared_site.restore()
    yield shared_site
    shared_site.restore()
    shared_site.check_books()
