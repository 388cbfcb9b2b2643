"""Bytes of an object, whole or the one part that a `Range` header asks for."""

from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from arena.web.ranges import Unsatisfiable, wanted_part


def sent_bytes(
    request: HttpRequest, asked: str, size: int, content_type: str, blocks: Callable[[int, int], Iterator[bytes]]
) -> HttpResponseBase:
    """The answer to GET or HEAD: 200, 206 or 416.

    Args:
        request: says the method.
        asked: its `Range` header, or nothing where the whole is to be sent all the same.
        size: bytes of the object.
        content_type: what they are.
        blocks: the bytes from the first argument to before the second; called at once, so its errors are the caller's.
    """
    try:
        part = wanted_part(asked, size)
    except Unsatisfiable:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    start, stop = part or (0, size)
    body: Iterator[bytes] = iter(()) if request.method == "HEAD" else blocks(start, stop)
    sent = StreamingHttpResponse(body, status=206 if part else 200, content_type=content_type)
    sent["Content-Length"] = str(stop - start)
    if part:
        sent["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return sent
