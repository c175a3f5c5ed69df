"""Google's own description of the Calendar API, which comes with its client library, as routes and
JSON Schemas: what a request may say, and what an answer must."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from googleapiclient.discovery_cache import get_static_doc
from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = json.loads(get_static_doc("calendar", "v3"))
BASE_PATH: str = DOCUMENT["basePath"]

_FORMATS = {
    "date": r"^\d{4}-\d{2}-\d{2}$",
    # RFC 3339, but for the offset, which may be left to `timeZone`.
    "date-time": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})?$",
    "int64": r"^-?\d+$",
}


class ContractError(Exception):
    """A request that no client of the API should make, or an answer that it does not give."""


@dataclass(frozen=True)
class Method:
    """One method of the API: `name` as in "events.insert"."""

    name: str
    verb: str
    path: re.Pattern[str]
    description: Mapping[str, Any]

    @property
    def scopes(self) -> frozenset[str]:
        return frozenset(self.description.get("scopes", ()))


@dataclass(frozen=True)
class Matched:
    """A request's method, and what its path says."""

    method: Method
    path: dict[str, str]


def match(verb: str, path: str) -> Matched:
    """The method that a request calls; raises ContractError."""
    for method in METHODS:
        found = method.path.fullmatch(path) if method.verb == verb else None
        if found:
            values = {name: unquote(value) for name, value in found.groupdict().items()}
            return Matched(method, values)
    raise ContractError(f"{verb} {path}: no such method")


def check_query(method: Method, query: Mapping[str, list[str]]) -> None:
    """Raises ContractError if the method does not know a parameter, or not this value of it."""
    known = DOCUMENT["parameters"] | {
        name: parameter
        for name, parameter in method.description.get("parameters", {}).items()
        if parameter["location"] == "query"
    }
    for name, values in query.items():
        if name not in known:
            raise ContractError(f"{method.name}: unknown parameter {name!r}")
        if len(values) > 1 and not known[name].get("repeated"):
            raise ContractError(f"{method.name}: {name!r} is given twice")
        for value in values:
            _check_value(method, name, known[name], value)
    lacking = {name for name, parameter in known.items() if parameter.get("required")} - set(query)
    if lacking:
        raise ContractError(f"{method.name}: without {sorted(lacking)}")


def check_request(method: Method, body: Any) -> None:
    """Raises ContractError unless `body` (None: there is none) is what the method takes."""
    expected = method.description.get("request")
    if expected is None:
        if body is not None:
            raise ContractError(f"{method.name}: takes no body")
    else:
        _check(_request_validator(expected["$ref"], method.name), method, "request", body)


def check_answer(method: Method, body: Any) -> None:
    """Raises ContractError unless `body` (None: there is none) is what the method answers."""
    expected = method.description.get("response")
    if expected is None:
        if body is not None:
            raise ContractError(f"{method.name}: answers without a body")
    else:
        _check(_validator(expected["$ref"]), method, "answer", body)


def _check(validator: Draft202012Validator, method: Method, what: str, body: Any) -> None:
    wrong = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(body)]
    if wrong:
        raise ContractError(f"{method.name}: {what}: " + "; ".join(wrong))


def _check_value(method: Method, name: str, parameter: Mapping[str, Any], value: str) -> None:
    kind = parameter["type"]
    sound = {
        "boolean": value in ("true", "false"),
        "integer": value.removeprefix("-").isdecimal(),
        "string": re.search(_FORMATS.get(parameter.get("format", ""), ""), value) is not None,
    }[kind]
    if sound and "enum" in parameter:
        sound = value in parameter["enum"]
    if sound and "minimum" in parameter:
        sound = int(value) >= int(parameter["minimum"])
    if not sound:
        raise ContractError(f"{method.name}: {name}={value!r} is no {kind} as it should be")


def _methods(resources: Mapping[str, Any], prefix: str = "") -> Iterator[Method]:
    for name, resource in resources.items():
        for verb, description in resource.get("methods", {}).items():
            template = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", description["path"])
            yield Method(
                f"{prefix}{name}.{verb}",
                description["httpMethod"],
                re.compile(re.escape(BASE_PATH) + template),
                description,
            )
        yield from _methods(resource.get("resources", {}), f"{prefix}{name}.")


METHODS = tuple(_methods(DOCUMENT["resources"]))


def _schema(described: Mapping[str, Any]) -> dict[str, Any]:
    """A schema of the description (JSON Schema draft 3, with habits of its own) in today's terms:
    an object has no other keys than those described."""
    if "$ref" in described:
        return {"$ref": f"#/$defs/{described['$ref']}"}
    kind = described.get("type", "any")
    if kind == "any":
        return {}
    schema: dict[str, Any] = {"type": kind}
    if kind == "string" and described.get("format") in _FORMATS:
        schema["pattern"] = _FORMATS[described["format"]]
    if "enum" in described:
        schema["enum"] = described["enum"]
    if kind == "array":
        schema["items"] = _schema(described["items"])
    if kind == "object":
        properties = described.get("properties", {})
        schema["properties"] = {name: _schema(value) for name, value in properties.items()}
        others = described.get("additionalProperties")
        schema["additionalProperties"] = False if others is None else _schema(others)
    return schema


_DEFINITIONS = {name: _schema(described) for name, described in DOCUMENT["schemas"].items()}


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": _DEFINITIONS})


@cache
def _request_validator(name: str, method: str) -> Draft202012Validator:
    required = [
        key
        for key, described in DOCUMENT["schemas"][name]["properties"].items()
        if f"calendar.{method}" in described.get("annotations", {}).get("required", ())
    ]
    return Draft202012Validator(
        {"$ref": f"#/$defs/{name}", "required": required, "$defs": _DEFINITIONS}
    )
