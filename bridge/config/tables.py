"""One table of the file against one model: what is wrong with it, all of it, at its key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from bridge.channel.problems import Path
from bridge.config import urls, words
from bridge.config.document import Document
from bridge.config.problems import Findings

M = TypeVar("M", bound=BaseModel)


class Tables:
    """Checks tables of `document`; `context` is what the models' validators may ask for."""

    def __init__(self, document: Document, found: Findings, context: Mapping[str, Any]) -> None:
        self.document = document
        self.found = found
        self.context: dict[str, Any] = dict(context)

    def table(self, path: Path) -> dict[str, Any]:
        """The table at `path`; an empty one where there is none or, with a problem, where something else stands."""
        value = self.document.at(path)
        if isinstance(value, dict):
            return value
        if value is not None:
            self.found.add(path, f"{words.kind(value)} stands here; right is a table")
        return {}

    def text(self, path: Path, key: str, what: str) -> str:
        """The text at `key` of the table at `path`; an empty one where there is none or, with a problem, no usable one."""
        value = self.table(path).get(key, "")
        if not isinstance(value, str) or (not value and key in self.table(path)):
            stands = "an empty text" if isinstance(value, str) else words.kind(value)
            self.found.add((*path, key), f"{stands} stands here; right is {what}, in quotes")
            return ""
        return value

    def check(self, model: type[M], path: Path, apart: Collection[str] = ()) -> M | None:
        """The table at `path` as a `model`, without the keys `apart` that aren't the model's; None where a problem was found."""
        raw = {key: value for key, value in self.table(path).items() if key not in apart}
        if not isinstance(self.document.at(path), dict | None):
            return None
        urls_are_right = self._urls(model, path, raw)
        try:
            checked = self._validated(model, path, raw)
        except ValidationError as error:
            for detail in _details(error):
                self._add(detail, model, path, apart)
            return None
        return checked if urls_are_right and not self.document.is_broken(path) else None

    def _validated(self, model: type[M], path: Path, raw: dict[str, Any]) -> M:
        """Where a reference stands for a number or a truth value, its text is taken for one."""
        try:
            return model.model_validate(raw, context=self.context)
        except ValidationError as error:
            converted = [self._converted(detail, path) for detail in _details(error)]
            if not any(converted):
                raise
        return model.model_validate({key: self.document.at((*path, key)) for key in raw}, context=self.context)

    def _converted(self, error: ErrorDetails, path: Path) -> bool:
        here = (*path, *error["loc"])
        text = self.document.at(here)
        if error["type"] not in words.NUMBERS or here not in self.document.referenced or not isinstance(text, str):
            return False
        with suppress(ValueError):
            value = {"true": True, "false": False}[text] if text in ("true", "false") else int(text)
            self.document.at(here[:-1])[here[-1]] = value
            return True
        return False

    def _urls(self, model: type[BaseModel], path: Path, raw: Mapping[str, Any]) -> bool:
        """Keys that say they are a ``uri`` or ``uri-template`` in the schema hold to the one rule for URLs."""
        right = True
        for name, field in model.model_fields.items():
            key, extra = field.alias or name, field.json_schema_extra
            form = extra.get("format") if isinstance(extra, dict) else None
            here = (*path, key)
            if form not in ("uri", "uri-template") or not isinstance(raw.get(key), str) or here in self.document.broken:
                continue
            fault = urls.fault(raw[key], template=form == "uri-template")
            if fault:
                self.found.add(here, fault)
                right = False
        return right

    def _add(self, error: ErrorDetails, model: type[BaseModel], path: Path, apart: Collection[str]) -> None:
        here = self._place(path, error["loc"])
        value = self.document.at(here)
        if self.document.is_broken(here):
            return
        field = model.model_fields.get(str(error["loc"][0])) if error["loc"] else None
        secret = field is not None and SecretStr.__name__ in str(field.annotation)
        said = words.reworded(error, model, value, shown=not secret and here not in self.document.referenced)
        if error["type"] == "extra_forbidden" and len(error["loc"]) == 1:
            said = words.unknown_key(str(error["loc"][0]), [*apart, *words.known(model)])
        self.found.add(here, said)

    def _place(self, path: Path, loc: Path) -> Path:
        """Where an error stands in the file: models may see a list where the file has one text, or add steps of their own."""
        for step in loc:
            inside = self.document.at(path)
            if not isinstance(inside, dict | list) or (isinstance(inside, list) and not isinstance(step, int)):
                break
            path = (*path, step)
            if isinstance(inside, dict) and step not in inside:
                break
        return path


def _details(error: ValidationError) -> list[ErrorDetails]:
    """All errors, without values. A list of nothing but wrong elements is "too short" to pydantic as well: that is left out."""
    details = error.errors(include_url=False, include_input=False)
    inside = [d["loc"][:-1] for d in details]
    return [d for d in details if d["type"] != "too_short" or d["loc"] not in inside]
