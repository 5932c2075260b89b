"""A PostgreSQL server as the store meets it: connections that are made again, and what its errors mean."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg  # type: ignore[import-untyped]

OLDEST = 13
"""The first PostgreSQL with `pg_current_xact_id`."""
STATEMENT_S = 8.0
ANSWER_S = STATEMENT_S + 2.0
"""The server ends a slow statement first; where it doesn't answer at all, the connection is given up."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 1.0
SETTINGS = {
    "jit": "off",
    "enable_seqscan": "off",  # a plan made while a table was small must not outlive that: prepared plans are kept
    "statement_timeout": f"{STATEMENT_S:g}s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "10s",  # a process that was stopped must not keep the others from writing
    "synchronous_commit": "on",
    "tcp_user_timeout": "10s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_SET = """
select set_config(s.name, s.value, false)
from unnest($1::text[], $2::text[]) s(name, value) join pg_settings p on p.name = s.name
where s.name <> 'synchronous_commit' or p.setting = 'off'
"""
_LIVE = "select pg_stat_get_bgwriter_stat_reset_time()"  # begins anew after a crash and on a standby that took over
_OF_A_JOB = ("21", "22", "23", "44", "54")
"""Classes of SQLSTATE that speak of the values: postgresql.org/docs/current/errcodes-appendix.html."""
NETWORK = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_log = logging.getLogger("trunkline.store")

Connection = Any  # asyncpg's, whose methods are untyped
Greeting = Callable[[Connection], Awaitable[None]]


class Link:
    """One connection, made when it is wanted and again when it is lost. `settings` come on top of `SETTINGS`; `greeting` is what
    each new connection is used for first.

    `life` is the same for connections to a server that hasn't crashed meanwhile.
    """

    def __init__(self, url: str, greeting: Greeting | None = None, **settings: str) -> None:
        self.life: object = None
        self._url = url
        self._greeting = greeting
        self._settings = SETTINGS | settings
        self._connection: Connection = None
        self._pause = FIRST_PAUSE_S
        self._lost = False

    async def connection(self, until: float) -> Connection:
        """Tried until the loop's time `until`, once at least. Raises one of `NETWORK`."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        self.drop()
        clock = asyncio.get_running_loop().time
        while True:
            try:
                self._connection = await self._connect(max(until - clock(), FIRST_PAUSE_S))
            except NETWORK as error:
                self._say(error)
                if _for_good(error) or clock() + self._pause >= until:
                    raise
            else:
                self._say(None)
                return self._connection
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S)

    async def undo(self, error: Exception) -> None:
        """Out of a transaction that failed by `error`, or rid of a connection that did."""
        if isinstance(error, OSError):  # a timeout too: what it still does there is unknown
            return self.drop()
        try:
            if self._connection is not None and self._connection.is_in_transaction():
                await self._connection.execute("rollback")
        except NETWORK:
            self.drop()

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close(timeout=1.0)
            self._connection = None

    async def _connect(self, seconds: float) -> Connection:
        names = {"application_name": "trunkline"}
        connection = await asyncpg.connect(
            self._url,
            timeout=seconds,
            command_timeout=ANSWER_S,
            server_settings=names,
            statement_cache_size=512,
            max_cached_statement_lifetime=0,
        )
        try:
            await connection.fetch(_SET, list(self._settings), list(self._settings.values()))
            self.life = await connection.fetchval(_LIVE)
            if self._greeting is not None:
                await self._greeting(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    def _say(self, error: Exception | None) -> None:
        """Once when it is away, once when it is back."""
        if error is None:
            self._pause = FIRST_PAUSE_S
            if self._lost:
                _log.warning("the store %s is back", place(self._url))
        elif not self._lost:
            _log.warning("the store %s can’t be reached: %s", place(self._url), words(error))
        self._lost = error is not None


def of_the_job(error: Exception) -> bool:
    """Was it what a job brought? Everything else is the server's or the network's, and may be tried again."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "")[:2] in _OF_A_JOB
    return not isinstance(error, NETWORK)


def words(error: BaseException) -> str:
    """What went wrong, without the values of rows: they are people's messages, and PostgreSQL quotes them in its details."""
    if isinstance(error, asyncpg.DataError) and error.severity is None:  # asyncpg's own, before the server saw it
        return f"a value doesn’t fit its column ({type(error.__cause__ or error).__name__})"
    if isinstance(error, asyncpg.PostgresError):
        return f"{error.args[0]} ({error.sqlstate})"
    if isinstance(error, TimeoutError):
        return "it doesn’t answer"
    return str(error) or type(error).__name__


def place(url: str) -> str:
    """The database by its url, without user and password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or parse_qs(parts.query).get("host", ["localhost"])[0]
    return f"postgresql://{host}/{_database(url)}" if not host.startswith("/") else f"“{_database(url)}” in {host}"


def unopened(error: BaseException, url: str) -> str:
    """Why a store can't be opened and what to do, for people."""
    user = unquote(urlsplit(url).username or "")
    match error:
        case asyncpg.InvalidCatalogNameError():
            mend = f"there is no database “{_database(url)}”: create it, or mend the store’s url"
        case asyncpg.InvalidAuthorizationSpecificationError():
            mend = f"{words(error)}: mend the user “{user}” or the password in the store’s url"
        case asyncpg.TooManyConnectionsError():
            mend = f"{words(error)}: raise the server’s max_connections, or end what holds them"
        case asyncpg.InsufficientPrivilegeError():
            mend = f"{words(error)}: let the user “{user}” own the database, or grant it CREATE on its schema"
        case OSError():
            mend = f"it can’t be reached ({words(error)}): is the server running, and right in the store’s url?"
        case _:
            mend = words(error)
    return f"the store {place(url)} can’t be opened: {mend}"


def _database(url: str) -> str:
    return unquote(urlsplit(url).path.lstrip("/"))


def _for_good(error: Exception) -> bool:
    """Waiting doesn't mend it: who we are is refused, or what we want isn't there."""
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in ("28", "3D", "42") or isinstance(error, asyncpg.ClientConfigurationError)
