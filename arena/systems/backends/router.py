"""A routing policy as a contender. Framework-free.

A router says nothing itself: `arena.systems.routing` asks it which of its members shall answer before anything is
generated, and the member's backend is called. So a battle streams, fails and is charged as the member does.
"""

from collections.abc import AsyncGenerator, Collection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from arena.systems.backends.base import (
    Capabilities,
    Event,
    GenerationRequest,
    Message,
    Misconfigured,
)

if TYPE_CHECKING:
    from arena.policies.routers import Choice

#: A router that has fewer members to choose from is one of them under another name.
MIN_MEMBERS: Final = 2


class RouterBackend:
    """One trained router. Raises Misconfigured where its files are not those that it was registered with.

    Args:
        path: of its `router.json`.
        sha256: of this file, which pins the numbers beside it.
        members: those of its members that take part.
    """

    capabilities: ClassVar[Capabilities] = Capabilities(reports_usage=True)

    def __init__(self, path: Path, sha256: str, members: tuple[str, ...]) -> None:
        from arena.policies import files  # noqa: PLC0415 - numpy, which no process without a router needs

        try:
            if files.fingerprint(path) != sha256:
                raise Misconfigured(f"{path} has changed since the system was registered; register it again")
            self._model = files.load(path)
        except files.RouterFileError as error:
            raise Misconfigured(f"{path}: {error}") from error
        self.members = frozenset(members)

    def supports(self, messages: tuple[Message, ...]) -> bool:
        """Whether there is a prompt; who could answer it is another question."""
        return bool(messages) and messages[0].role == "user"

    def choose(self, messages: tuple[Message, ...], available: Collection[str]) -> "Choice":
        """Which member answers this battle, by its first prompt, so that one member has the whole conversation.

        Args:
            messages: the conversation.
            available: names of those that can be had; at least one is a member.
        """
        return self._model.choose(messages[0].content, self.members & frozenset(available))

    async def stream(self, request: GenerationRequest) -> AsyncGenerator[Event, None]:  # noqa: ARG002 - one interface
        """No router answers itself. Raises Misconfigured."""
        raise Misconfigured("a router answers through the member that it chose")
        yield  # type: ignore[unreachable] # makes this a generator
