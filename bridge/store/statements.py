"""SQL from the tables, compiled once per dialect, and the way it is asked: by generators that do no I/O.

A question is a generator that yields `Ask`s, is sent the rows of each, and returns its answer. A driver runs it: SQLite in its
writer thread, PostgreSQL over asyncio, both the same lines (the sans-I/O habit of protocol libraries, on SQL).
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Dialect, Executable, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import BindParameter
from sqlalchemy.types import NullType, TypeEngine
from sqlmodel import SQLModel

T = TypeVar("T")
Params = Mapping[str, Any]


class Statement:
    """One Core statement. Its rows are named tuples of its columns; `arrays` are the parameters that `any_of` reads."""

    def __init__(self, core: Executable, *arrays: str) -> None:
        self.core = core
        self.arrays = arrays
        columns = getattr(core, "exported_columns", None)
        names = [c.key for c in columns] if columns is not None else []
        self.row: Any = namedtuple("Row", names) if names else None

    @functools.cache  # noqa: B019 - statements live as long as the process
    def compiled(self, dialect: Dialect) -> tuple[str, dict[str, Any]]:
        """The text for a dialect whose parameters are named, and the values of the parameters that are constants."""
        compiled = self.core.compile(dialect=dialect)  # type: ignore[attr-defined]
        return str(compiled), {k: v for k, v in compiled.params.items() if v is not None}


@dataclass(slots=True)
class Ask:
    """A statement with one set of parameters, answered by its rows, or with many, answered by none."""

    statement: Statement
    params: Params | list[dict[str, Any]]


def columns(table: type[SQLModel]) -> Any:
    """The columns of a table by name. SQLModel types a class attribute as the row's value, which a statement has no use for."""
    return table.__table__.c  # type: ignore[attr-defined]


Steps = Generator[Ask, list[Any], T]


def ask(statement: Statement, **params: Any) -> Steps[list[Any]]:
    return (yield Ask(statement, params))


def write(statement: Statement, rows: list[dict[str, Any]]) -> Steps[None]:
    """Nothing is asked where there are no rows."""
    if rows:
        yield Ask(statement, rows)


class any_of(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """``column`` is one of the array parameter's values: an index probe a value on either database."""

    inherit_cache = False
    type: TypeEngine[Any] = NullType()  # a Boolean would be compared with 1 on SQLite

    def __init__(self, column: Any, name: str) -> None:
        self.column = column
        self.param: BindParameter[Any] = bindparam(name)


class living(ColumnElement[Any]):  # noqa: N801 - reads as SQL
    """``column`` names an owner whose process lives, as `Store.live_as` told the others. On SQLite there are no others."""

    inherit_cache = False
    type: TypeEngine[Any] = NullType()

    def __init__(self, column: Any) -> None:
        self.column = column


@compiles(living, "sqlite")
def _nobody(element: living, compiler: SQLCompiler, **kw: Any) -> str:
    return "(1 = 0)"


@compiles(living, "postgresql")
def _locked(element: living, compiler: SQLCompiler, **kw: Any) -> str:
    owner = compiler.process(element.column, **kw)
    return f"""(hashtextextended({owner}, 0) = ANY (ARRAY(
        SELECT (l.classid::bigint << 32) | l.objid::bigint FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND d.datname = current_database())))"""  # noqa: S608 - a column's name


@compiles(any_of, "sqlite")
def _sqlite(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    values = compiler.process(element.param, **kw)
    column = compiler.process(element.column, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a parameter's name, not its value


@compiles(any_of, "postgresql")
def _postgresql(element: any_of, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{compiler.process(element.column, **kw)} = ANY({compiler.process(element.param, **kw)})"
