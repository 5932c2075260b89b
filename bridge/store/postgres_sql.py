"""Statements as PostgreSQL is sent them: parameters by number, texts that it can hold."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import UpdateBase

from bridge.store.statements import Statement

DIALECT: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
_PARAM = re.compile(r"(?<![:\w]):(\w+)")
_UNHELD = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """`sql` with ``$1`` to ``$n`` for the parameters `names`; `constants` are values that stand in the statement itself."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]
    writes: bool

    def values(self, params: Mapping[str, Any]) -> list[Any]:
        """In the order of the numbers."""
        given = {**self.constants, **params} if self.constants else params
        return [held(given[name]) for name in self.names]


@functools.cache
def form(statement: Statement) -> Form:
    """Made once per statement."""
    named, constants = statement.compiled(DIALECT)
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    sql = _PARAM.sub(number, named)
    return Form(sql=sql, names=tuple(names), constants=constants, writes=isinstance(statement.core, UpdateBase))


def held(value: Any) -> Any:
    """The value as PostgreSQL can hold it: in a text, U+FFFD stands for NUL and for half of a surrogate pair, neither of which
    its UTF-8 has (postgresql.org/docs/current/multibyte.html, datatype-character.html)."""
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return _UNHELD.sub("\ufffd", value)
    if isinstance(value, list):
        return [held(v) for v in value]
    return value
