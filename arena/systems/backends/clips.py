"""What the backends that give a clip share. Pure."""

from typing import Final

from arena.systems.backends.base import Capabilities, Limits, Message, NothingSaid, TooLarge

#: A server or a folder that answers one prompt with one clip.
GIVES_A_CLIP: Final = Capabilities(streams=False, multi_turn=False, gives="audio")


def is_one_prompt(messages: tuple[Message, ...]) -> bool:
    """Whether this is a prompt and no conversation: a clip answers one."""
    return len(messages) == 1 and messages[0].role == "user"


def checked_size(data: bytes, limits: Limits) -> bytes:
    """The bytes of a clip. Raises NothingSaid, TooLarge."""
    if not data:
        raise NothingSaid("a clip of no bytes")
    if len(data) > limits.max_bytes:
        raise TooLarge(f"more than {limits.max_bytes} bytes of audio")
    return data
