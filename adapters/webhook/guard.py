"""Connections that lead where they may and nowhere else: names are resolved once, every address is looked at, and the address
that was looked at is the one that is connected to. TLS and the Host header keep the name.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from adapters.webhook.addresses import Address

RESOLVE_TIMEOUT_S = 5.0
SILENCE_S = 15.0
"""The longest pause within an exchange; how long the whole may take is the caller's to say."""
KEEPALIVE_S = 4.0
"""Shorter than servers keep idle connections: a POST on a connection that was just closed is one more attempt."""
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a name. Raises `OSError`."""
Allows = Callable[[Address], bool]


class Forbidden(Exception):
    """The URL leads to an address where nothing may be asked; nothing was."""


async def resolve(host: str, port: int) -> list[str]:
    """As the machine resolves names."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


class _Resolver(AbstractResolver):
    """One address that isn't allowed is enough: who answers so wants us inside."""

    def __init__(self, allows: Allows, ask: Resolve) -> None:
        self._allows = allows
        self._ask = ask

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT_S):
                addresses = [ip_address(a) for a in await self._ask(host, port)]
        except (TimeoutError, ValueError) as error:
            raise OSError(None, "the name couldn’t be resolved") from error
        if not addresses:
            raise OSError(None, "the name has no address")
        if not all(map(self._allows, addresses)):
            raise Forbidden
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        pass


def client(allows: Allows, ask: Resolve, connections: int, tls: ssl.SSLContext | None) -> httpx.AsyncClient:
    """An HTTP client that connects where `allows` says so; every attempt elsewhere raises `Forbidden`. No redirects, no proxies,
    no cookies. `tls` replaces what the machine trusts."""

    def opened(info: tuple[int, int, int, str, tuple[str | int, ...]]) -> socket.socket:
        """Each socket passes here, those of addresses that stand in a URL, too."""
        family, kind, proto, _, sockaddr = info
        if not allows(ip_address(str(sockaddr[0]))):
            raise Forbidden
        return socket.socket(family, kind, proto)

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=_Resolver(allows, ask),
            use_dns_cache=False,
            socket_factory=opened,
            limit=connections,
            keepalive_timeout=KEEPALIVE_S,
            ssl=tls or True,
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)

    return httpx.AsyncClient(
        transport=AiohttpTransport(client=session),
        headers={"User-Agent": "trunkline", "Accept-Encoding": "identity"},
        timeout=httpx.Timeout(SILENCE_S),
        follow_redirects=False,
        trust_env=False,
    )
