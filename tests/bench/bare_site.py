"""The least that Django can do on the arena's server: the named peer of `bench-votes` and `bench-reads`.

Same handler, threads, database driver and pool; no middleware. `/insert` writes one row, `/read/N` answers N bytes.
"""

import os

from django.conf import settings

from arena.config import settings as site

settings.configure(
    SECRET_KEY=os.environ["ARENA_SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES=site.DATABASES,
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    DATA_UPLOAD_MAX_MEMORY_SIZE=site.DATA_UPLOAD_MAX_MEMORY_SIZE,
)

from django import setup  # noqa: E402

setup(set_prefix=False)

from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

from arena.config.http import ThreadedHandler  # noqa: E402

_INSERT = "INSERT INTO bench_row (outcome, said) VALUES (%s, %s)"


def insert(request: HttpRequest) -> HttpResponse:
    """Write the body as a row."""
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, ["left", request.body.decode()])
    return JsonResponse({"stored": True}, status=201)


def read(_request: HttpRequest, size: int) -> HttpResponse:
    """So many bytes from memory."""
    return HttpResponse(b"x" * size, content_type="application/json")


urlpatterns = [path("insert", insert), path("read/<int:size>", read)]
application = ThreadedHandler()
