"""Beat that is started before its broker does not miss it."""

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arena.common.queue import make_app
from ops.services import Valkey
from workers.scheduler import Scheduler


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    # A socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="arena-beat-"))
    folder.chmod(0o711)
    server = Valkey(folder)
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_beat_connects_within_two_seconds_of_its_brokers_start(valkey: Valkey, tmp_path: Path) -> None:
    broker = valkey.url.replace("unix://", "redis+socket://", 1)
    scheduler = Scheduler(make_app(broker), schedule_filename=str(tmp_path / "schedule"), lazy=True)
    connected = threading.Event()

    def connect() -> None:
        scheduler._ensure_connected()
        connected.set()

    threading.Thread(target=connect, daemon=True).start()
    # Celery's own scheduler would have asked twice by now, and a third time only four seconds later.
    assert not connected.wait(2.5)
    valkey.start()
    started = time.monotonic()
    assert connected.wait(10)
    assert time.monotonic() - started < 2.0
