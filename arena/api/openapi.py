"""The OpenAPI document: what ninja derives from the endpoints, completed by what it cannot know."""

from collections.abc import Iterator
from functools import cache
from http import HTTPStatus
from typing import Any, Final, TypeAlias

from ninja import NinjaAPI
from ninja.schema import NinjaGenerateJsonSchema

from arena.api.problems import MEDIA_TYPE, TYPES
from arena.api.schemas import ProblemOut

Json: TypeAlias = dict[str, Any]
#: Any request may meet these.
_ALWAYS: Final = (405, 500, 503)
_METHODS: Final = frozenset({"get", "post"})
_RETRY_AFTER: Final = {
    "description": "Seconds after which the same request may succeed.",
    "schema": {"type": "integer", "minimum": 1},
}
X_VOTER: Final[Json] = {
    "in": "header",
    "name": "X-Voter",
    "required": False,
    "description": "Programs only: the voter, by a name of the program's own. Opaque to the arena.",
    "schema": {"type": "string", "pattern": r"^[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?$"},
    "example": "participant-17",
}
X_CSRF: Final[Json] = {
    "in": "header",
    "name": "X-CSRFToken",
    "required": False,
    "description": "Browsers only: `csrf_token` of `GET /api/v1/session`.",
    "schema": {"type": "string"},
}


def problems(*statuses: int) -> dict[int, None]:
    """The error responses of an endpoint, for its `response` argument; `document` tells what they hold.

    Not ninja: it would make a class and a schema for each of some 250.
    """
    return dict.fromkeys((*statuses, *_ALWAYS))


@cache
def document(api: NinjaAPI) -> Json:
    """The whole document of `api`; the same for every request."""
    found: Json = dict(api.get_openapi_schema(path_prefix="/api/v1/"))
    found["servers"] = [{"url": "/"}]
    found["components"]["schemas"] |= _problem_schemas()
    for _path, method, operation in operations(found):
        _complete(method, operation)
    return found


@cache
def query_parameters(api: NinjaAPI, address: str | None, method: str) -> tuple[str, ...]:
    """The names of the query parameters that an address takes; none for a method that it does not take."""
    operation = document(api)["paths"].get(address, {}).get(method.lower(), {})
    return tuple(each["name"] for each in operation.get("parameters", ()) if each["in"] == "query")


def operations(found: Json) -> Iterator[tuple[str, str, Json]]:
    """Every (path, method, operation) of a document."""
    for path, item in found["paths"].items():
        for method in sorted(_METHODS & set(item)):
            yield path, method, item[method]


def _problem_schemas() -> Json:
    problem = ProblemOut.model_json_schema(
        ref_template="#/components/schemas/{model}", schema_generator=NinjaGenerateJsonSchema, mode="serialization"
    )
    return {**problem.pop("$defs"), ProblemOut.__name__: problem}


def _complete(method: str, operation: Json) -> None:
    if operation.get("security"):
        operation["parameters"].append(X_VOTER)
        if method != "get":
            operation["parameters"].append(X_CSRF)
    if 304 in operation["responses"]:
        operation["responses"][304]["description"] = "Not modified."
        for status in (200, 304):
            operation["responses"][status]["headers"] = {"ETag": {"schema": {"type": "string"}}}
    if operation["operationId"].endswith("_csv"):
        operation["responses"][200]["content"] = {"text/csv": {"schema": {"type": "string"}}}
    for status, response in operation["responses"].items():
        if int(status) >= HTTPStatus.BAD_REQUEST:
            _as_problem(int(status), response)


def _as_problem(status: int, response: Json) -> None:
    slugs = [kind.slug for kind in TYPES.values() if kind.status == status]
    response["description"] = f"Problem: {', '.join(f'`{slug}`' for slug in slugs)}"
    response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        response["headers"] = {"Retry-After": _RETRY_AFTER}
