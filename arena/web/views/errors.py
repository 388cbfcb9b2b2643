"""Pages for what went wrong. They say what happened and what to do; details stay in the log."""

import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control

_STATIC_PAGES: Final = Path(__file__).parents[1] / "static_pages"
DATABASE_RETRY_S: Final = 10


def _page(request: HttpRequest, status: HTTPStatus, template: str = "") -> HttpResponse:
    response = render(request, template or f"{status.value}.html", status=status)
    patch_cache_control(response, no_store=True)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: the request could not be understood; 413: nobody reads so much."""
    too_large = isinstance(exception, RequestDataTooBig)
    return _page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: not allowed."""
    return _page(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: no such page, or nobody else's to see."""
    return _page(request, HTTPStatus.NOT_FOUND)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's protection did not match; the visitor gets the text back."""
    response = render(request, "403_csrf.html", {"draft": request.POST.get("prompt", "")}, status=403)
    patch_cache_control(response, no_store=True)
    return response


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 while the database is away. A finished file: whatever broke cannot break this page too."""
    away = isinstance(sys.exc_info()[1], (OperationalError, InterfaceError))
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    language = "fr" if request.headers.get("Accept-Language", "").lower().startswith("fr") else "en"
    page = (_STATIC_PAGES / f"{status.value}.{language}.html").read_text("utf-8")
    response = HttpResponse(page, status=status, headers={"Cache-Control": "no-store", "Vary": "Accept-Language"})
    if away:
        response["Retry-After"] = str(DATABASE_RETRY_S)
    return response
