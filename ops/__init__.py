"""What a newcomer's machine needs around the arena: servers, the supervisor of `make demo`, test services.

Nothing here imports Django: it must run, and explain itself, where the settings cannot be read.

Error tree::

    OpsError                 a sentence for the person at the terminal
    ├── ServiceError         PostgreSQL or Valkey cannot be prepared or started
    ├── StoreFailed          the object store that was named does not answer, or refuses
    ├── ChildFailed          a supervised process ended by itself
    └── AlreadyRunning       another supervisor holds this folder
"""


class OpsError(Exception):
    """Something that the person at the terminal can act on; the text is a whole sentence."""


class ServiceError(OpsError):
    """PostgreSQL or Valkey cannot be prepared or started."""


class StoreFailed(OpsError):
    """The object store that was named does not answer, or refuses."""


class ChildFailed(OpsError):
    """A supervised process ended by itself."""


class AlreadyRunning(OpsError):
    """Another supervisor holds this folder."""
