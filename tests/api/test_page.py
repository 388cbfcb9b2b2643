"""GET /api/: the interface for people."""

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoDbBlocker

from arena.api.application import api
from arena.api.openapi import document, operations
from arena.api.problems import TYPES


@pytest.fixture(scope="module")
def _built() -> None:
    if not Path(settings.DJANGO_VITE["default"]["manifest_path"]).exists():
        pytest.skip("the front end is not built: make install")


@pytest.fixture(scope="module")
def page(_built: None, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> str:
    """The page in English."""
    with django_db_blocker.unblock():
        response = Client().get("/api/")
    assert response.status_code == 200
    return response.content.decode()


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: set[str] = set()
        self.sources: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if identifier := values.get("id"):
            self.ids.append(identifier)
        if tag == "a" and (href := values.get("href") or "").startswith("#"):
            self.targets.add(href[1:])
        self.sources |= {
            value for name in ("src", "href") if (value := values.get(name) or "").startswith(("http", "//"))
        }


def test_the_page_shows_every_endpoint_with_a_call_to_copy(page: str) -> None:
    shown = page.replace("<wbr>", "")
    for path, method, operation in operations(document(api)):
        assert f"<code>{method.upper()} {path}</code>" in shown
        assert f'id="{operation["operationId"]}"' in page
    assert page.count("curl ") >= len(list(operations(document(api))))


def test_a_path_breaks_before_its_slashes(page: str) -> None:
    assert "<code>GET /api<wbr>/v1<wbr>/arenas</code></a>" in page


def test_the_page_explains_every_problem_type_where_help_leads(page: str) -> None:
    for slug in TYPES:
        assert f'id="problem-{slug}"' in page


def test_the_page_documents_the_socket(page: str) -> None:
    assert "/ws/v1/battles/{id}?after=EVENT_ID" in page
    for word in ("frame", "snapshot", "state", "4404"):
        assert word in page


def test_every_link_inside_the_page_leads_somewhere_and_every_id_is_one_of_a_kind(page: str) -> None:
    links = _Links()
    links.feed(page)

    assert links.targets <= set(links.ids)
    assert len(links.ids) == len(set(links.ids))


def test_the_page_loads_nothing_from_elsewhere(page: str) -> None:
    links = _Links()
    links.feed(page)

    assert not links.sources
    assert not re.search(r"\son\w+=|style=", page)


def test_headings_step_down_one_level_at_a_time(page: str) -> None:
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_the_page_speaks_french(page: str) -> None:
    response = Client().get("/api/", headers={"Accept-Language": "fr"})

    assert response.status_code == 200
    assert '<html lang="fr"' in response.content.decode()
