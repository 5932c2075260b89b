"""Judges HTTP exchanges by a published OpenAPI document: our client's requests and the stand-in's answers alike.

The documents are not part of the repository: they are looked for in ``$TRUNKLINE_SPECS``, else in ``shared/specs``
beside the checkout. Tests skip what they judge where there is none.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jsonschema

Json = dict[str, Any]
FORM = "application/x-www-form-urlencoded"
PROBLEM_KEYS = {"type", "title", "status", "code"}
CLASSIC_KEYS = {"code", "message", "more_info", "status"}


def spec(name: str) -> Path | None:
    """The document below the specs folder (`twilio/conversations_v1.json`), None where it isn't there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "specs"
    path = Path(os.environ.get("TRUNKLINE_SPECS") or beside) / name
    return path if path.is_file() else None


def check_exchange(
    product_spec_path: Path, method: str, path: str, request_form: Json | None, status: int, response_json: Any
) -> None:
    """Raises AssertionError, with words, where the exchange is not one that the document describes.

    `path` is the request's path from the version on (``/v1/Conversations?State=active``), `request_form` the decoded
    form (a list where a name came several times), None for requests without one. Of the request the names are checked,
    and where it was accepted also the values and that none is missing; of an answer below 400 the status, the schema,
    and that it has all its keys and no others; of an error the two shapes that Twilio uses.
    """
    document = _document(product_spec_path)
    bare, _, query = path.partition("?")
    template, operation, shared = _operation(document, method, bare)
    where = f"{method.upper()} {template}"
    parameters = [_resolved(document, one) for one in (*shared, *operation.get("parameters", ()))]
    accepted = status < 400
    _check_query(where, parameters, query, accepted)
    _check_form(document, where, operation, request_form or {}, accepted)
    if accepted:
        _check_path(where, parameters, template, bare)
        _check_answer(document, where, operation, status, response_json)
    else:
        _check_error(where, status, response_json)


# -- the request ---


def _check_query(where: str, parameters: list[Json], query: str, accepted: bool) -> None:
    known = {one["name"]: one["schema"] for one in parameters if one["in"] == "query"}
    given = _grouped(parse_qsl(query, keep_blank_values=True))
    _check_values(f"{where}: query", known, given, accepted)


def _check_path(where: str, parameters: list[Json], template: str, path: str) -> None:
    """A variable segment that the document gives a pattern must match it."""
    names = re.findall(r"\{(\w+)\}", template)
    match = _pattern(template).fullmatch(path)
    values = dict(zip(names, (unquote(one) for one in match.groups()), strict=True)) if match else {}
    known = {one["name"]: one["schema"] for one in parameters if one["in"] == "path"}
    _check_values(f"{where}: path", known, values, accepted=True)


def _check_form(document: Json, where: str, operation: Json, form: Json, accepted: bool) -> None:
    content = operation.get("requestBody", {}).get("content", {})
    schema = _resolved(document, content.get(FORM, {}).get("schema", {}))
    known = {name: _resolved(document, one) for name, one in schema.get("properties", {}).items()}
    _check_values(f"{where}: form", known, form, accepted)
    missing = [name for name in schema.get("required", ()) if name not in form]
    assert not missing or not accepted, f"{where}: the form lacks {', '.join(missing)}"


def _check_values(where: str, known: Json, given: Json, accepted: bool) -> None:
    unknown = sorted(set(given) - set(known))
    assert not unknown, f"{where}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known)) or 'none'}"
    for name, value in given.items() if accepted else ():
        schema = known[name]
        if schema.get("type") == "array":
            _validate(f"{where} {name}", schema, value if isinstance(value, list) else [value])
        else:
            assert not isinstance(value, list), f"{where}: {name} came {len(value)} times and is no array"
            _validate(f"{where} {name}", schema, _typed(schema, value))


def _typed(schema: Json, value: Any) -> Any:
    """A form's text as the type that the document names."""
    text = str(value)
    kinds = schema.get("type", ())
    if "boolean" in kinds:
        return {"true": True, "false": False}.get(text.lower(), text)
    if "integer" in kinds and re.fullmatch(r"-?\d+", text):
        return int(text)
    return text


# -- the answer ---


def _check_answer(document: Json, where: str, operation: Json, status: int, body: Any) -> None:
    described = operation["responses"].get(str(status))
    assert described is not None, f"{where}: status {status} is not one of {', '.join(operation['responses'])}"
    content = described.get("content", {})
    if not content:
        assert not body, f"{where}: {status} has no body, but there is one"
        return
    schema = _resolved(document, next(iter(content.values()))["schema"])
    _validate(f"{where}: answer {status}", schema, body)
    _check_keys(f"{where}: answer {status}", schema, body)


def _check_keys(where: str, schema: Json, body: Any) -> None:
    """All the keys that the schema names, and no others, at every depth where it names any."""
    properties = schema.get("properties")
    if isinstance(body, dict) and properties:
        unknown, missing = sorted(set(body) - set(properties)), sorted(set(properties) - set(body))
        assert not unknown, f"{where}: the document has no {', '.join(unknown)}"
        assert not missing, f"{where}: {', '.join(missing)} is missing"
        for name, value in body.items():
            _check_keys(f"{where} {name}", properties[name], value)
    elif isinstance(body, list):
        for value in body:
            _check_keys(where, schema.get("items", {}), value)


def _check_error(where: str, status: int, body: Any) -> None:
    assert isinstance(body, dict), f"{where}: an error without a JSON object"
    shape = PROBLEM_KEYS if "title" in body else CLASSIC_KEYS
    missing = sorted(shape - set(body))
    assert not missing, f"{where}: the error lacks {', '.join(missing)}"
    assert body["status"] == status, f"{where}: the error says status {body['status']}, the answer {status}"


# -- the document ---


@functools.cache
def _document(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text())
    return loaded


def _operation(document: Json, method: str, path: str) -> tuple[str, Json, list[Json]]:
    """(template, operation, parameters of the path); the template with the fewest variables wins."""
    fitting = [template for template in document["paths"] if _pattern(template).fullmatch(path)]
    assert fitting, f"{method.upper()} {path}: the document has no such path"
    template = min(fitting, key=lambda one: one.count("{"))
    item = document["paths"][template]
    assert method.lower() in item, f"{method.upper()} {template}: the document has no such method"
    return template, item[method.lower()], item.get("parameters", [])


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "([^/]+)", re.escape(template)))


def _resolved(document: Json, schema: Any) -> Any:
    """A schema without references, with OpenAPI's `nullable` in the words of JSON Schema.

    A property that refers to an enum may be null too: Twilio's document can't say so there, and its own examples
    show it (an unset webhook method, a receipt that has no status yet).
    """
    if isinstance(schema, list):
        return [_resolved(document, one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        found = _resolved(document, target)
        return found | {"enum": [*found["enum"], None], "type": ["string", "null"]} if "enum" in found else found
    done = {name: _resolved(document, value) for name, value in schema.items() if name != "nullable"}
    if schema.get("nullable") and isinstance(done.get("type"), str):
        done["type"] = [done["type"], "null"]
    return done


_formats = jsonschema.FormatChecker(formats=())


@_formats.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value) is not None


@_formats.checks("uri")
def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.match(r"https?://[^/]+/", value) is not None


def _validate(where: str, schema: Json, value: Any) -> None:
    validator = jsonschema.Draft202012Validator(schema, format_checker=_formats)
    problems = [f"{'.'.join(map(str, one.path)) or 'it'}: {one.message}" for one in validator.iter_errors(value)]
    assert not problems, f"{where}: {'; '.join(problems)}"


def _grouped(pairs: Iterable[tuple[str, str]]) -> Json:
    """Pairs by name: a list where a name comes several times."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in grouped.items()}
