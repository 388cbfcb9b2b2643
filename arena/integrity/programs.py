"""Who a program's request comes from: a bearer token, and the name by which the program knows its voter.

Framework-free in its arguments, so that HTTP requests and WebSocket handshakes share it.

ProgramRefused
├── BadToken        the token is malformed, unknown or revoked
└── BadVoterName    the voter's name is missing where a voter is needed, or it is no acceptable name
"""

import re
from typing import Final

from arena.accounts.services import Actor, token_of_bearer, voter_of_token

VOTER_NAME: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,198}[\x21-\x7e])?")
_BEARER: Final = re.compile(r"bearer +([\x21-\x7e]{1,500})", re.IGNORECASE)


class ProgramRefused(Exception):
    """The request names no program or no voter that the arena knows."""


class BadToken(ProgramRefused):
    """The bearer token is malformed, unknown or revoked."""


class BadVoterName(ProgramRefused):
    """The voter's name is missing or unacceptable."""


def says_bearer(authorization: str | None) -> bool:
    """Whether the `Authorization` header is of the bearer scheme; any other scheme is not ours to read."""
    return (authorization or "").split(" ", 1)[0].lower() == "bearer"


def program_actor(authorization: str, voter_name: str | None, network: str, *, voter_needed: bool) -> Actor:
    """The program of a bearer token and, where one is named or needed, its voter (made at first sight).

    Args:
        authorization: the whole header, `Bearer TOKEN`.
        voter_name: `X-Voter`: 1 to 200 printable ASCII characters that mean something to the program only.
        network: the client's network prefix.
        voter_needed: False for what a program does for itself, such as its consent.

    Raises:
        BadToken: the token is malformed, unknown or revoked.
        BadVoterName: no name where one is needed, or one that is no acceptable name.
    """
    match = _BEARER.fullmatch(authorization.strip())
    token = token_of_bearer(match[1]) if match else None
    if token is None:
        raise BadToken
    if voter_name is None and not voter_needed:
        return Actor(voter=None, token=token, network=network)
    if voter_name is None or not VOTER_NAME.fullmatch(voter_name):
        raise BadVoterName
    return Actor(voter=voter_of_token(token, voter_name), token=token, network=network)
