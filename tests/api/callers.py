"""Who calls the API in tests: programs with a bearer token, browsers with cookies and CSRF."""

import json
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client

from arena.accounts.models import ApiToken
from arena.accounts.services import Actor, create_browser_voter, create_token, record_consent

CONSENT = {"research": True, "publication": False, "age_16": True}
#: Of a battle, in every state.
KEYS = ["id", "arena", "state", "reason", "created_at", "requirement", "turns", "vote", "systems", "receipt"]
MISSING_ID = "00000000-0000-4000-8000-000000000000"


@dataclass
class Program:
    """A program that speaks for one voter."""

    token: ApiToken
    secret: str
    voter: str | None
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def headers(self, **more: str) -> dict[str, str]:
        named = {} if self.voter is None else {"X-Voter": self.voter}
        return {"Authorization": f"Bearer {self.secret}", **named, **more}

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers(**headers))

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1{path}",
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers=self.headers(**headers),
        )

    def named(self, voter: str | None) -> "Program":
        """The same program, speaking for somebody else."""
        return Program(copy(self.token), self.secret, voter)


@dataclass
class Browser:
    """A browser: it keeps cookies and sends the CSRF token of the session."""

    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))
    csrf: str = ""

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        csrf = {"X-CSRFToken": self.csrf} if self.csrf else {}
        return self.client.post(
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body),
            content_type="application/json",
            headers={**csrf, **headers},
        )

    def begin(self) -> "Browser":
        """Read the session for its CSRF token."""
        self.csrf = self.get("/session").json()["csrf_token"]
        return self


def program(name: str, voter: str | None, *, consents: bool = True) -> Program:
    """A new program; `consents` for its token."""
    made = Program(*create_token(name), voter)
    if consents:
        _consent(Actor(voter=None, token=made.token, network="203.0.113.0/24"))
    return made


def _consent(actor: Actor) -> None:
    record_consent(actor, **CONSENT, language="en")


def browser(*, consents: bool = True) -> Browser:
    """A new browser that has read its session."""
    made = Browser().begin()
    if consents:
        voter, cookie = create_browser_voter()
        _consent(Actor(voter=voter, token=None, network="203.0.113.0/24"))
        made.client.cookies[settings.VOTER_COOKIE] = cookie
    return made


def slug_of(response: Any) -> str:
    """The problem type of an error, having checked that it is a whole problem document."""
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["status"] == response.status_code
    assert document["title"]
    assert document["detail"]
    assert document["help"].endswith(f"#problem-{document['type']}")
    return str(document["type"])
