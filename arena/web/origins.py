"""Which pages may open a WebSocket: those of this very site.

A browser sends its cookies along from any page, so the handshake must come from a page of ours. Cookies know no ports:
another server on the same host would get in if only host names were compared. The rule is the one that Django's CSRF
check has for forms.
"""

from collections.abc import Iterable

from django.conf import settings
from django.http.request import split_domain_port, validate_host


def is_own_origin(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a handshake's only `Origin` is the address that it was sent to, or one of `CSRF_TRUSTED_ORIGINS`.

    Args:
        headers: of the handshake, names in lower case.
    """
    sent = [(name, value.decode("latin-1")) for name, value in headers if name in {b"origin", b"host"}]
    origins = [value for name, value in sent if name == b"origin"]
    hosts = [value for name, value in sent if name == b"host"]
    if len(origins) != 1 or len(hosts) != 1:
        return False
    if origins[0] in settings.CSRF_TRUSTED_ORIGINS:
        return True
    name, _port = split_domain_port(hosts[0])
    scheme = "https" if settings.CSRF_COOKIE_SECURE else "http"
    return validate_host(name, settings.ALLOWED_HOSTS) and origins[0] == f"{scheme}://{hosts[0]}"
