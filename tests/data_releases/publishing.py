"""Steps to a published release, and a store that dies on the way."""

from datetime import date

import pytest

from arena.common.storage import FolderStore, StoreAway
from arena.systems.models import SystemVersion
from data_releases import publish, services
from data_releases.models import ReleasePolicy
from data_releases.services import window_of
from tests.data_releases.world import FIRST, OCTOBER, add_battle

LIST = "/admin/data_releases/release/"


class Broken(FolderStore):
    """A store that dies before its nth change, once."""

    def __init__(self, root, survive):
        super().__init__(root)
        self.left = survive

    def _step(self):
        self.left -= 1
        if self.left == -1:
            raise StoreAway("killed")

    def put(self, key, content, **options):
        self._step()
        return super().put(key, content, **options)

    def delete(self, key):
        self._step()
        super().delete(key)


class Dying:
    """Another store that dies before its nth upload, each time.

    It asks once for what it reads and sends once what it writes: nobody else changes the other store meanwhile, and
    the same object would not be sent again.
    """

    def __init__(self, files):
        self._files = files
        self._sent, self._read = set(), {}
        self.left = 0

    def put(self, key, content):
        self.left -= 1
        if self.left < 0:
            raise StoreAway("killed")
        if (key, content) not in self._sent:
            self._files.put(key, content)
            self._sent.add((key, content))

    def read(self, key):
        if key not in self._read:
            self._read[key] = b"".join(self._files.read(key))
        return [self._read[key]]

    def size(self, key):
        return len(self._read[key]) if key in self._read else self._files.size(key)

    def __getattr__(self, name):
        return getattr(self._files, name)


def reviewed(draft):
    return services.mark_reviewed(draft.pk, draft.manifest_sha256)


def act(client, release, action, **more):
    """Ask the admin for it; what the page then says."""
    data = {"action": action, "_selected_action": str(release.pk), **more}
    response = client.post(LIST, data, follow=True)
    release.refresh_from_db()
    return response.content.decode()


def withdrawn(files, release):
    """As the admin does it."""
    publish.take_down(files, release)
    publish.tidy(files, release.arena)
    return release


def build_october(arena, files):
    """The draft of October with texts, in this store: for fixtures of a module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "today", lambda: date(2026, 12, 1))
        patch.setattr(services, "store", lambda: files)
        services.policy_of(arena)
        ReleasePolicy.objects.update(publishes_texts=True)
        return services.build_release(arena, OCTOBER)


def publish_october(arena, files):
    """The same, reviewed and published."""
    return publish.publish(files, reviewed(build_october(arena, files)))


def november(arena, monkeypatch):
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    for _number in range(4):
        add_battle(arena, ada, bert, at=FIRST.replace(month=11))
    monkeypatch.setattr(services, "today", lambda: FIRST.replace(month=1, year=2027).date())
    return services.build_release(arena, window_of("2026-11"))
