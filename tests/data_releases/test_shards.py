"""A build is cut into shards that anybody may compute, under one snapshot; what comes out is the same."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.core.management.commands import flush
from django.db import OperationalError, connection
from django.db.models import F

from arena.common import queue
from arena.common.connections import database_busy
from arena.common.storage import FolderStore, StoreAway
from arena.systems.models import SystemVersion
from arena.votes.models import Vote
from data_releases import part, shards
from data_releases.models import ReleaseShard
from data_releases.snapshots import SnapshotGone
from ops.processes import wait_until
from tests.data_releases.conftest import folder_of
from tests.data_releases.publishing import build_october
from tests.data_releases.world import add_battle, make_world
from tests.deliveries import DELIVERIES
from workers.shards import build_shard

pytestmark = pytest.mark.django_db(transaction=True)

#: Some prompts are in two shards: there are twelve.
BATTLES = 18
#: So many make three shards of them.
OF_A_SHARD = 7


@pytest.fixture(scope="module", autouse=True)
def committed(django_db_setup, django_db_blocker):
    """What a test commits, as other threads read it, goes with the module and not with the test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", lambda *_arguments, **_options: [])
        yield
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


def sums(folder, release):
    return (folder_of(folder, release) / "SHA256SUMS").read_bytes()


@pytest.fixture(scope="module")
def arena(committed, django_db_blocker):
    with django_db_blocker.unblock():
        return make_world(BATTLES)


@pytest.fixture(scope="module")
def draft(arena, tmp_path_factory, django_db_blocker):
    """October in one part, which tests build again; and its sums."""
    root = tmp_path_factory.mktemp("alone")
    with django_db_blocker.unblock():
        release = build_october(arena, FolderStore(root))
        return release, sums(root, release)


@pytest.fixture
def expected(draft):
    return draft[1]


def elsewhere(work):
    """What something gives in another thread, with a connection of its own."""

    def run():
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_the_cut_and_the_workers_do_not_show(arena, expected, folder, files, built, monkeypatch):
    monkeypatch.setattr(shards, "BATTLES", OF_A_SHARD)
    assert sums(folder, built(arena)) == expected
    done = []

    def ring(task, *args):
        assert task == queue.BUILD_SHARD
        done.append(elsewhere(lambda: shards.build(files, *args)))
        return True

    monkeypatch.setattr(queue, "ring", ring)
    assert sums(folder, built(arena)) == expected
    assert done == [True] * 3
    assert not ReleaseShard.objects.exists()
    assert not files.keys(shards.FOLDER)


def test_all_shards_see_the_database_at_one_moment(folder, files, built, monkeypatch):
    # One more arena: battles are added to it.
    arena = make_world(9, slug="growing")
    ada, bert = SystemVersion.objects.filter(system__arena=arena).order_by("id")[:2]
    before = sums(folder, built(arena))
    monkeypatch.setattr(shards, "BATTLES", 3)

    def ring(_task, *args):
        # Between two shards a battle comes and a vote's time moves it into another shard's stretch.
        elsewhere(lambda: add_battle(arena, ada, bert, prompt="Too late"))
        elsewhere(lambda: shards.build(files, *args))
        return True

    monkeypatch.setattr(queue, "ring", ring)
    assert sums(folder, built(arena)) == before
    assert Vote.objects.filter(battle__arena=arena).count() == 12


def test_a_worker_that_is_late_writes_where_nobody_looks(arena, expected, folder, files, built, monkeypatch):
    put, late = files.put, []

    def ring(_task, shard):
        """A worker that is overtaken while it writes its part."""

        def overtaken(key, _content, **_options):
            ReleaseShard.objects.update(attempt=F("attempt") + 1, lease_until=None)
            return put(key, b"nonsense")

        monkeypatch.setattr(files, "put", overtaken)
        late.append(elsewhere(lambda: shards.build(files, shard)))
        monkeypatch.setattr(files, "put", put)
        return True

    monkeypatch.setattr(queue, "ring", ring)
    assert sums(folder, built(arena)) == expected
    assert late == [False]
    assert not files.keys(shards.FOLDER)


@DELIVERIES
def test_a_message_that_comes_twice_or_at_once_computes_its_shard_once(
    arena, expected, folder, files, built, monkeypatch, deliver
):
    monkeypatch.setattr("workers.shards.store", lambda: files)
    attempts = []

    def ring(_task, shard):
        elsewhere(lambda: deliver(build_shard, shard))
        attempts.append(ReleaseShard.objects.get(pk=shard, done_at__isnull=False).attempt)
        return True

    monkeypatch.setattr(queue, "ring", ring)
    assert sums(folder, built(arena)) == expected
    assert attempts == [1]


def test_without_its_snapshot_a_shard_is_given_up(draft, files):
    release, _sums = draft
    shard = ReleaseShard.objects.create(
        release=release, number=0, start=release.created_at, end=release.created_at, snapshot="00000003-0000001B-1",
        rules={"modality": "text", "is_demo": False, "publish_texts": True},
    )  # fmt: skip
    with pytest.raises(SnapshotGone):
        shards.build(files, shard.pk)
    # Whoever comes next need not wait for the lease.
    shard.refresh_from_db()
    assert (shard.attempt, shard.lease_until) == (1, None)
    # A message about a shard that is gone is nobody's work.
    shard.delete()
    assert not shards.build(files, shard.pk)


class Meeting:
    """`part.part_of`, where the two threads of a builder meet at their first parts; the helper does something else."""

    def __init__(self, helping=lambda: None):
        self.parts, self.own, self.helping = part.part_of, threading.local(), helping
        self.met, self.threads = threading.Barrier(2), []

    def __call__(self, *args):
        if not hasattr(self.own, "begun"):
            self.own.begun = True
            self.met.wait(30)
        self.threads.append(threading.current_thread())
        if threading.current_thread() is not threading.main_thread():
            self.helping()
        return self.parts(*args)


def busy():
    """Connections of this process that were not given back to its pool; the test's own is one."""
    connection.ensure_connection()
    return database_busy()


def raising(error):
    def run():
        raise error

    return run


def test_two_threads_share_the_parts_and_the_second_may_fail(arena, expected, folder, files, built, monkeypatch):
    assert wait_until(lambda: busy() == 1, timeout_s=30)
    monkeypatch.setattr(shards, "BATTLES", OF_A_SHARD)
    for helping in (lambda: None, raising(OperationalError("gone")), raising(StoreAway("gone"))):
        meeting = Meeting(helping)
        with monkeypatch.context() as patch:
            patch.setattr(part, "part_of", meeting)
            assert sums(folder, built(arena)) == expected
        assert len(set(meeting.threads)) == 2
        assert wait_until(lambda: busy() == 1, timeout_s=30)
        assert not files.keys(shards.FOLDER)


@pytest.mark.parametrize("whose", ["main", "helper"])
def test_a_defect_in_either_thread_ends_the_build_and_both_threads(arena, files, built, monkeypatch, whose):
    assert wait_until(lambda: busy() == 1, timeout_s=30)
    monkeypatch.setattr(shards, "BATTLES", OF_A_SHARD)
    defect = ValueError("a defect")
    meeting = Meeting(raising(defect) if whose == "helper" else lambda: None)

    def part_of(*args):
        made = meeting(*args)
        if whose == "main" and threading.current_thread() is threading.main_thread():
            raise defect
        return made

    monkeypatch.setattr(part, "part_of", part_of)
    with pytest.raises(ValueError, match="a defect"):
        built(arena)
    assert not [
        thread for thread in meeting.threads[:2] if thread is not threading.main_thread() and thread.is_alive()
    ]
    assert wait_until(lambda: busy() == 1, timeout_s=30)
    assert not ReleaseShard.objects.exists()
    assert not files.keys(shards.FOLDER)
