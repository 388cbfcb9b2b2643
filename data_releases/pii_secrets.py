"""What machines know a person or an account by: addresses, credentials, cookies, user agents, exact times. Pure."""

import ipaddress
import re
from collections.abc import Callable
from typing import Final

_IPV4: Final = re.compile(r"(?<![\w.])(?<!v)(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6: Final = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:%\w+)?(?![\w:])", re.IGNORECASE)
#: Of every machine, so of nobody.
_NOBODYS: Final = ("127.0.0.1", "0.0.0.0", "::", "::1")  # noqa: S104 - nothing is bound here
_VERSION_BEFORE: Final = re.compile(r"(?:version|release|v|ver\.?|build)\s*$", re.IGNORECASE)
_MAC: Final = re.compile(
    r"(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b", re.IGNORECASE
)
_URL_CREDENTIALS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{1,80}:[^\s/@]{1,120}@"
    r"|[?&](?:api_?key|key|token|access_token|secret|password|passwd|pwd|auth|sig|signature|sid|session)=[^\s&#]{6,}",
    re.IGNORECASE,
)
_KEYS: Final = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{16,}"
    r"|\b(?:ghp|gho|ghu|ghs|ghr|glpat|github_pat|hf|gsk|xai|arena|npm|pypi)[-_][A-Za-z0-9_-]{16,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{30,}|\bxox[abprs]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bssh-(?:rsa|ed25519) AAAA[A-Za-z0-9+/]{20,}"
    r"|\b[Bb]earer\s+[A-Za-z0-9._~+/-]{16,}"
)
_NAMED_SECRET: Final = re.compile(
    r"\b(?:api[_ -]?key|secret[_ -]?key|access[_ -]?key|auth[_ -]?token|access[_ -]?token|secret|password|passwd|"
    r"passwort|mot de passe|contraseña|senha|wachtwoord|hasło)\b['\"]?\s*(?:[:=]|is|est|ist|es|é|jest)\s*"
    r"['\"]?(?=[^\s'\"]*\d)(?=[^\s'\"]*[A-Za-z])[^\s'\"]{8,}",
    re.IGNORECASE,
)
_COOKIE: Final = re.compile(
    r"\b(?:set-)?cookie\s*:\s*[\w.-]+=|\b(?:session_?id|sid|csrf_?token|phpsessid|jsessionid|arena_voter)\s*=\s*"
    r"[\w%.+/-]{12,}",
    re.IGNORECASE,
)
_USER_AGENT: Final = re.compile(r"\bMozilla/\d\.\d\s*\(|\b(?:curl|python-requests|okhttp|Dalvik|Wget)/\d+\.\d+")
_EXACT_TIME: Final = re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?")


def has_ip(text: str) -> bool:
    """An address of the internet protocol, also of a private network; not a version number that says so."""
    return any(
        _is_address(found.group()) and not _VERSION_BEFORE.search(text[max(0, found.start() - 10) : found.start()])
        for pattern in (_IPV4, _IPV6)
        for found in pattern.finditer(text)
    )


def _is_address(candidate: str) -> bool:
    try:
        address = ipaddress.ip_address(candidate.partition("%")[0])
    except ValueError:
        return False
    if candidate in _NOBODYS or candidate.startswith("255."):
        return False
    # "10::" in a text is a colon too many, not a machine.
    return address.version == 4 or sum(map(bool, candidate.split(":"))) > 2


def _pattern(*patterns: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: any(pattern.search(text) is not None for pattern in patterns)


DETECTORS: Final[dict[str, Callable[[str], bool]]] = {
    "ip": has_ip,
    "mac": _pattern(_MAC),
    "url_credentials": _pattern(_URL_CREDENTIALS),
    "secret": _pattern(_KEYS, _NAMED_SECRET),
    "cookie": _pattern(_COOKIE),
    "user_agent": _pattern(_USER_AGENT),
    "exact_time": _pattern(_EXACT_TIME),
}
