"""Fixtures of every test: services on demand, no outside network, the shared test data."""

import gc
import os
import re
import socket
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
import redis
from django.utils import translation
from pytest_django.plugin import blocking_manager_key

from ops.processes import wait_until
from tests.environment import ensure_services, first_alone, run_lock
from tests.network import forbid_outside_sockets

forbid_outside_sockets(socket)
# A property is about results; how long an example takes depends on what else the machine does. The same examples every
# time: what is red is red for whoever looks next, and what is green does not turn red by a draw. Who changes what a
# property is about looks for longer: `pytest tests/router --hypothesis-profile thorough`.
hypothesis.settings.register_profile("arena", deadline=None, derandomize=True, database=None, max_examples=30)
hypothesis.settings.register_profile("thorough", deadline=None, database=None, print_blob=True, max_examples=1000)
hypothesis.settings.load_profile("arena")


#: What `ops/suite.py` selects in its first phase.
UNIT_PHASE: Final = "not stack and not e2e"
_STACK_MARK = re.compile(r"\bmark\.(?:stack|e2e)\b")
_ALL_STACK = re.compile(r"^pytestmark = \[?pytest\.mark\.(?:stack|e2e)\b", re.MULTILINE)


def _left_out(path: Path, wanted: str) -> bool:
    if path.is_dir():
        tests = list(path.rglob("test_*.py"))
        return bool(tests) and all(_left_out(test, wanted) for test in tests)
    if not path.name.startswith("test_") or path.suffix != ".py":
        return False
    source = path.read_text("utf-8")
    if wanted == "stack or e2e":
        return not _STACK_MARK.search(source)
    return wanted == UNIT_PHASE and bool(_ALL_STACK.search(source))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what the phase would deselect anyway: to import all modules costs every process seconds."""
    return _left_out(collection_path, config.option.markexpr) or None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect without looking for garbage: what is made then lives as long as the process. Later look less often.

    In the unit phase one process begins, as all would compile the same thousand modules of a fresh clone at the same
    time; another one starts the servers meanwhile and makes the database.
    """
    alone: AbstractContextManager[None] = nullcontext()
    if _in_parallel() and session.config.option.markexpr == UNIT_PHASE:
        alone = first_alone("collection", lambda: _prepare_database(session.config))
    with alone:
        gc.disable()
        found = yield
        gc.enable()
        gc.freeze()
        gc.set_threshold(100_000, 20, 20)
    return found


def _in_parallel() -> bool:
    return "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure(config: pytest.Config) -> None:
    """Give a process that a test starts the site's settings, not the tests' own, which are loaded by now.

    Not in the controller of a parallel run: its workers inherit the variable and are still to load the tests' own.
    """
    if config.getoption("dist", "no") == "no":
        os.environ["DJANGO_SETTINGS_MODULE"] = "arena.config.settings"


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """A page leaves its language in the thread: the next test begins without one."""
    translation.deactivate()


#: What one process runs as a whole, most because its tests share an arena: ids that begin so, the first that fits.
#: In the order in which they begin, the longest first; the rest, each file by itself, is shorter than any of these.
_UNITS: Final = (
    # The faults share an arena by halves, each with about as many seconds.
    (
        "tests/faults/services/",
        "tests/faults/processes/test_misbehaving_backend.py",
        "tests/faults/processes/test_wrong_clock.py",
    ),
    ("tests/faults/processes/",),
    # The pages of operators and visitors; music, in an arena of its own; what else visitors do.
    ("tests/e2e/test_admin.py", "tests/e2e/test_appearance.py"),
    ("tests/e2e/test_music.py",),
    ("tests/e2e/",),
    ("tests/ops/test_demo.py",),
    # Whole battles.
    ("tests/battles/",),
    ("tests/ops/test_restore.py",),
    ("tests/leaks/test_before_the_vote.py",),
    # Without an arena: what loads the same large packages, half of SciPy for loudness among them, each 0.5 to 2 s; and
    # the longest file.
    ("tests/media/",),
    (
        *("tests/web/test_releases_otherwise.py", "tests/data_releases/test_publish.py"),
        *("tests/data_releases/test_site.py", "tests/config/test_checks_running.py"),
    ),
    ("tests/data_releases/routers/",),
    ("tests/api/test_openapi.py",),
    tuple(f"tests/data_releases/test_export{which}.py" for which in ("", "_columns", "_grids")),
    ("tests/data_releases/test_clips.py", "tests/data_releases/test_documents.py"),
)


def unit_of(test_id: str) -> str:
    """What one process runs as a whole: tests that share an arena, else a file, which shares what its module makes."""
    return next((unit[0] for unit in _UNITS if test_id.startswith(unit)), test_id.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """For `--dist loadgroup`: its marks reach nobody, as xdist 3.8 writes them where pytest 9.2 does not read."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByUnit(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return unit_of(nodeid)

        def _reschedule(self, node: Any) -> None:
            # Not, as xdist does, two tests before the end of a unit: they may be the longest, and the next unit waits.
            if not self.workqueue or self._pending_of(self.assigned_work[node]) <= 1:
                super()._reschedule(node)

    return ByUnit(config, log)


def _by_length(item: pytest.Item) -> int:
    """Long units begin first."""
    unit = unit_of(item.nodeid)
    return next((n for n, named in enumerate(_UNITS) if named[0] == unit), len(_UNITS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; skip what needs the shared data where there is none."""
    items.sort(key=_by_length)
    folder = os.environ.get("ARENA_SHARED_DATA", "")
    if folder and Path(folder).is_dir():
        return
    why = f"ARENA_SHARED_DATA: {folder} is no folder" if folder else "ARENA_SHARED_DATA is not set"
    for item in items:
        if item.get_closest_marker("shared_data"):
            item.add_marker(pytest.mark.skip(reason=why))


@pytest.fixture(scope="session")
def services() -> None:
    """PostgreSQL and Valkey run; started once for the whole run, by the first test that asks."""
    ensure_services()


def _copied() -> str:
    """The database whose copies the processes of the run use, made by migrations for whoever asks first."""
    from django.conf import settings
    from django.db import connection

    name = "test_arena_to_copy"
    with run_lock("template"):
        made = Path(os.environ["ARENA_VAR"]) / "template.made"
        if not made.exists():
            own = settings.DATABASES["default"]["NAME"]
            test = connection.settings_dict["TEST"]
            suffixed, test["NAME"] = test["NAME"], name
            connection.creation.create_test_db(verbosity=0, serialize=False)
            # Nobody may be connected to what is copied.
            connection.close()
            connection.close_pool()
            settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = own
            test["NAME"] = suffixed
            made.touch()
    return name


def _prepare_database(config: pytest.Config) -> None:
    """What the first test that needs the database would do, which others then wait for."""
    ensure_services()
    if not os.environ.get("TEST_DATABASE_URL"):
        with config.stash[blocking_manager_key].unblock():
            _copied()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, services: None, django_db_blocker: Any
) -> None:
    """Start the services before pytest-django makes the test database; the processes of a parallel run copy one.

    Not on a server of the developer's own: nobody would know when to drop it there.
    """
    if _in_parallel() and not os.environ.get("TEST_DATABASE_URL"):
        from django.db import connection

        with django_db_blocker.unblock():
            connection.settings_dict["TEST"] |= {"TEMPLATE": _copied(), "MIGRATE": False}


#: Made by migrations for the code as it is; no test changes them, and making them anew takes a tenth of a second.
_KEPT_TABLES: Final = frozenset({"django_content_type", "auth_permission"})


def _emptying(_style: Any, connection: Any, **_options: bool) -> list[str]:
    """The SQL that empties all tables but the kept ones: whole rows, whatever refers to them or guards them.

    No TRUNCATE: it makes new files for every table and every index, and all connections forget what they knew of them.
    """
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    deletes = [f"DELETE FROM {connection.ops.quote_name(name)}" for name in names if name not in _KEPT_TABLES]
    return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """After a test that commits, its rows go, and what stands for models and permissions stays.

    At the end nobody but the tests themselves uses a connection: a pool does not warn of one that it never gets back.
    """
    from django.core.management.commands import flush

    from arena.common.connections import database_busy

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", _emptying)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_arguments, **_options: None)
        yield
        assert wait_until(lambda: database_busy() <= 1, timeout_s=10), "a thread ended with its connection open"


@pytest.fixture
def valkey(services: None) -> Iterator["redis.Redis[Any]"]:
    """A client of this worker's own Valkey database, emptied before the test."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    yield client
    client.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of the shared test data; mark the test `shared_data`."""
    return Path(os.environ["ARENA_SHARED_DATA"]).resolve()
