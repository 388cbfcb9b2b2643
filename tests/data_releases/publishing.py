"""Steps to a published release, and a store that dies on the way."""

from arena.common.storage import FolderStore, StoreAway
from arena.systems.models import SystemVersion
from data_releases import publish, services
from data_releases.services import window_of
from tests.data_releases.world import FIRST, add_battle


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


def reviewed(draft):
    return services.mark_reviewed(draft.pk, draft.manifest_sha256)


def withdrawn(files, release):
    """As the admin does it."""
    publish.take_down(files, release)
    publish.tidy(files, release.arena)
    return release


def november(arena, monkeypatch):
    ada, bert = SystemVersion.objects.order_by("id")[:2]
    for _number in range(4):
        add_battle(arena, ada, bert, at=FIRST.replace(month=11))
    monkeypatch.setattr(services, "today", lambda: FIRST.replace(month=1, year=2027).date())
    return services.build_release(arena, window_of("2026-11"))
