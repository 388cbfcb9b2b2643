"""The page that shows the API to people, rendered from the OpenAPI document by our own template (decision 042)."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from arena.api.application import api
from arena.api.openapi import Json, document, operations
from arena.api.problems import TYPES

_REF = "#/components/schemas/"
# What stands for a parameter of a path in a call to copy; any other is a variable of the shell by its own name.
_IN_PATHS = {"slug": "text", "battle_id": "$BATTLE"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation."""

    name: str
    place: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One response of an operation; `shape` names its schema."""

    status: int
    description: str
    shape: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One endpoint as the page shows it."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    details: str
    parameters: tuple[Parameter, ...]
    body: str
    answers: tuple[Answer, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Shape:
    """One schema: its fields as (name, type, required, description)."""

    name: str
    description: str
    fields: tuple[Parameter, ...]


def type_name(schema: Json) -> str:
    """A schema in a few words: `string`, `array of TurnOut`, `VoteOut or null`."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return " or ".join(type_name(each) for each in schema[several])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"array of {type_name(schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def _named(schema: Json) -> str:
    """The name of a schema that the page describes; empty for a plain type, such as the text of a CSV file."""
    return type_name(schema) if "$ref" in schema else ""


def _field(name: str, place: str, schema: Json, *, required: bool, description: str = "") -> Parameter:
    return Parameter(name, place, type_name(schema), required, description or schema.get("description", ""))


def _parameters(raw: Json) -> tuple[Parameter, ...]:
    return tuple(
        _field(each["name"], each["in"], each["schema"], required=each["required"], description=each["description"])
        if "description" in each
        else _field(each["name"], each["in"], each["schema"], required=each["required"])
        for each in raw["parameters"]
    )


def _body_schema(raw: Json) -> Json:
    content = raw.get("requestBody", {}).get("content", {})
    return dict(content.get("application/json", {}).get("schema", {}))


def _example(found: Json, schema: Json) -> str:
    known = found["components"]["schemas"].get(type_name(schema), {})
    examples = known.get("examples") or ([{}] if schema else [])
    return json.dumps(examples[0]) if examples and examples[0] else ""


def _curl(path: str, method: str, raw: Json, example: str) -> str:
    address = re.sub(r"\{(\w+)\}", lambda found: _IN_PATHS.get(found[1], f"${found[1].upper()}"), path)
    lines = [f"curl {'-X POST ' if method == 'post' and not example else ''}$ARENA{address}"]
    if raw.get("security"):
        lines += ['-H "Authorization: Bearer $TOKEN"', '-H "X-Voter: participant-17"']
    if example:
        lines += ["-H 'Content-Type: application/json'", f"-d '{example}'"]
    return " \\\n  ".join(lines)


def _answers(raw: Json) -> tuple[Answer, ...]:
    found = []
    for status, response in raw["responses"].items():
        schemas = [media.get("schema", {}) for media in response.get("content", {}).values()]
        described = (
            response["description"] if int(status) >= HTTPStatus.BAD_REQUEST else HTTPStatus(int(status)).phrase
        )
        found.append(Answer(int(status), described, _named(schemas[0]) if schemas else ""))
    return tuple(sorted(found, key=lambda answer: answer.status))


def _operation(found: Json, path: str, method: str, raw: Json) -> Operation:
    summary, _gap, details = str(raw.get("description") or raw["summary"]).partition("\n\n")
    schema = _body_schema(raw)
    example = _example(found, schema)
    return Operation(
        id=raw["operationId"],
        method=method.upper(),
        path=path,
        tag=raw["tags"][0],
        summary=summary,
        details=details,
        parameters=_parameters(raw),
        body=type_name(schema) if schema else "",
        answers=_answers(raw),
        curl=_curl(path, method, raw, example),
    )


def described(found: Json) -> dict[str, list[Operation]]:
    """The operations of a document by their tag, in the document's order."""
    groups: dict[str, list[Operation]] = {}
    for operation in (_operation(found, *each) for each in operations(found)):
        groups.setdefault(operation.tag, []).append(operation)
    return groups


def shapes(found: Json) -> list[Shape]:
    """The schemas of a document, by name."""
    return [
        Shape(
            name,
            raw.get("description", ""),
            tuple(
                _field(field, "", schema, required=field in raw.get("required", ()))
                for field, schema in raw.get("properties", {}).items()
            ),
        )
        for name, raw in sorted(found["components"]["schemas"].items())
    ]


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The page `/api/`."""
    found = document(api)
    context: dict[str, Any] = {
        "section": "api",
        "origin": request.build_absolute_uri("/").rstrip("/"),
        "groups": described(found),
        "shapes": shapes(found),
        "problem_types": TYPES.values(),
    }
    return render(request, "api/page.html", context)
