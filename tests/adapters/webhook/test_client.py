"""Posting and fetching over real sockets: where it may lead, where not, and what every answer means."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from adapters.webhook import client as module
from adapters.webhook.client import FILE_LIMIT, Client
from bridge.core.outcomes import Misconfigured, RateLimited, Refused, SendError, Unavailable
from tests.adapters.kit import Odd, http, nowhere, odd
from tests.adapters.webhook.stand import Names

INSIDE = """
127.0.0.1 10.0.0.1 192.168.1.1 172.16.0.1 100.64.0.1 169.254.169.254 0.0.0.0 224.0.0.1 255.255.255.255
::1 :: ::ffff:10.0.0.1 ::ffff:169.254.169.254 fe80::1 fd00::1 64:ff9b::a00:1 2002:a00:1:: ff02::1
""".split()
PUBLIC_ADDRESS = "8.8.8.8"
HEADERS = {"webhook-id": "c1-3"}


@asynccontextmanager
async def made(url: str, names: Names | None = None, **how: Any) -> AsyncIterator[Client]:
    resolve = {"resolve": names} if names else {}
    client = Client(url, **({"private": False, "loopback": False} | resolve | how))
    try:
        yield client
    finally:
        await client.close()


async def fetched(client: Client, url: str) -> bytes:
    async with client.download(url) as chunks:
        return b"".join([chunk async for chunk in chunks])


def port_of(server: Odd) -> str:
    return server.url.rpartition(":")[2]


class TestPosting:
    async def test_the_body_as_it_is_with_its_headers(self) -> None:
        async with odd(http(204)) as server, made(server.url + "/hooks?a=1", loopback=True) as client:
            await client.post(b'{"a":"\xc3\xa4"}', HEADERS)
        head, _, body = server.heard[0].partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        assert lines[0] == "post /hooks?a=1 http/1.1"
        assert {"webhook-id: c1-3", "content-type: application/json", "user-agent: trunkline"} <= set(lines)
        assert not [line for line in lines if line.startswith(("cookie", "authorization"))]
        assert body == b'{"a":"\xc3\xa4"}'

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (http(200, b"x" * 10), None),
            (http(202), None),
            (http(200, b"x" * 1_000_000), None),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort", None),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense", Unavailable),
            (http(410), Misconfigured),
            (http(429, b"", "Retry-After: 7"), RateLimited),
            (http(302, b"", "Location: http://127.0.0.1:1/"), Unavailable),
            (http(404), Unavailable),
            (http(500), Unavailable),
            (b"", Unavailable),
            (b"nonsense\r\n\r\n", Unavailable),
            (b"HTTP/1.1 200", Unavailable),
            (b"SSH-2.0-OpenSSH_9.6\r\n", Unavailable),
        ],
    )
    async def test_every_answer_has_an_outcome(self, answer: bytes, error: type[SendError] | None) -> None:
        async with odd(answer) as server, made(server.url, loopback=True) as client:
            if error is None:
                await client.post(b"{}", HEADERS)
            else:
                with pytest.raises(error) as caught:
                    await client.post(b"{}", HEADERS)
                assert type(caught.value) is error

    async def test_redirects_are_not_followed(self) -> None:
        async with (
            odd(http(200)) as elsewhere,
            odd(http(307, b"", f"Location: {elsewhere.url}/")) as server,
            made(server.url, loopback=True) as client,
        ):
            with pytest.raises(Unavailable, match="give the final url"):
                await client.post(b"{}", HEADERS)
        assert (len(server.heard), elsewhere.heard) == (1, [])

    async def test_nobody_answers(self) -> None:
        async with made(await nowhere(), loopback=True) as client:
            with pytest.raises(Unavailable, match="can’t be reached"):
                await client.post(b"{}", HEADERS)

    async def test_too_slow_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
        async with odd(None) as server, made(server.url, loopback=True) as client:
            started = time.monotonic()
            with pytest.raises(Unavailable, match="TimeoutError"):
                await client.post(b"{}", HEADERS)
            assert time.monotonic() - started < 5

    async def test_a_status_counts_however_its_body_goes_on(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Who said 2xx has it: a second one would be the receiver's to weed out."""
        monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
        done = asyncio.Event()

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx")
            await done.wait()
            writer.close()

        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with made(url, loopback=True) as client:
            await client.post(b"{}", HEADERS)
        done.set()
        server.close()
        await server.wait_closed()

    async def test_no_proxy_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with odd(http(200)) as proxy, odd(http(200)) as server:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
                monkeypatch.setenv(name, proxy.url)
            async with made(server.url, loopback=True) as client:
                await client.post(b"{}", HEADERS)
        assert (len(server.heard), proxy.heard) == (1, [])


class TestWhereItMayLead:
    @pytest.mark.parametrize("address", INSIDE)
    async def test_a_name_that_leads_inside_is_refused(self, address: str) -> None:
        names = Names([[address]])
        async with made("https://crm.example.com/x", names) as client:
            with pytest.raises(Misconfigured, match="allow_private") as caught:
                await client.post(b"{}", HEADERS)
            assert address not in str(caught.value)
            with pytest.raises(Refused, match="where nothing is fetched from"):
                await fetched(client, "https://files.example.com/x")
        assert names.asked == ["crm.example.com", "files.example.com"]

    @pytest.mark.parametrize("address", INSIDE)
    async def test_an_address_in_the_url_is_refused(self, address: str) -> None:
        url = f"https://[{address}]/x" if ":" in address else f"https://{address}/x"
        names = Names([[PUBLIC_ADDRESS]])
        async with made(url, names) as client:
            with pytest.raises(Misconfigured, match="allow_private"):
                await client.post(b"{}", HEADERS)
            with pytest.raises(Refused, match="where nothing is fetched from"):
                await fetched(client, url)
        assert names.asked == []

    async def test_one_private_address_among_public_ones_is_enough(self) -> None:
        async with made("https://crm.example.com/", Names([[PUBLIC_ADDRESS, "10.0.0.1"]])) as client:
            with pytest.raises(Misconfigured, match="allow_private"):
                await client.post(b"{}", HEADERS)

    @pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0x7f000001", "localhost."])
    async def test_odd_ways_to_write_an_address(self, host: str) -> None:
        """As this machine resolves them."""
        async with odd(http(200)) as server, made(f"http://{host}:{port_of(server)}/") as client:
            with pytest.raises((Misconfigured, Unavailable)):
                await client.post(b"{}", HEADERS)
            with pytest.raises(Refused):
                await fetched(client, f"https://{host}:{port_of(server)}/")
        assert server.heard == []

    async def test_nothing_reaches_a_private_receiver(self) -> None:
        async with odd(http(200)) as server, made(server.url) as client:
            with pytest.raises(Misconfigured):
                await client.post(b"{}", HEADERS)
        assert server.heard == []

    async def test_a_private_one_where_that_is_allowed(self) -> None:
        async with odd(http(200)) as server:
            url = f"http://crm.example.com:{port_of(server)}/"
            async with made(url, Names([["127.0.0.1"]]), private=True) as client:
                await client.post(b"{}", HEADERS)
        assert b"crm.example.com" in server.heard[0]

    async def test_loopback_where_we_are_there_ourselves_and_no_other_private_place(self) -> None:
        async with odd(http(200)) as server:
            names = Names([["127.0.0.1"], ["10.0.0.1"]])
            async with made(f"http://crm.example.com:{port_of(server)}/", names, loopback=True) as client:
                await client.post(b"{}", HEADERS)
                with pytest.raises(Misconfigured):
                    await client.post(b"{}", HEADERS)

    @pytest.mark.parametrize(
        "failure", [socket.gaierror(socket.EAI_NONAME, "no such name"), socket.gaierror(socket.EAI_AGAIN, "later")]
    )
    async def test_a_name_that_does_not_resolve_is_tried_again(self, failure: OSError) -> None:
        async with made("https://crm.example.com/", Names([failure])) as client:
            with pytest.raises(Unavailable, match="can’t be reached"):
                await client.post(b"{}", HEADERS)

    @pytest.mark.parametrize("answer", [[], ["nonsense"]])
    async def test_a_name_without_a_usable_address(self, answer: list[str]) -> None:
        async with made("https://crm.example.com/", Names([answer])) as client:
            with pytest.raises(Unavailable):
                await client.post(b"{}", HEADERS)

    async def test_a_resolver_that_hangs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("adapters.webhook.guard.RESOLVE_TIMEOUT_S", 0.1)

        async def never(host: str, port: int) -> list[str]:
            await asyncio.Event().wait()
            return []

        async with made("https://crm.example.com/", resolve=never) as client:
            with pytest.raises(Unavailable):
                await client.post(b"{}", HEADERS)


class TestRebinding:
    """A name that is public when it is looked at and private a moment later: it is asked once, and what was looked at is used."""

    async def test_a_name_is_asked_once_per_connection_and_the_checked_address_is_the_one(self) -> None:
        async with odd(http(200)) as honest:
            names = Names([["127.0.0.1"], ["169.254.169.254"]])
            async with made(f"http://crm.example.com:{port_of(honest)}/", names, loopback=True) as client:
                await client.post(b"{}", HEADERS)
                assert names.asked == ["crm.example.com"]
                with pytest.raises(Misconfigured):
                    await client.post(b"{}", HEADERS)
        assert len(honest.heard) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of crm.example.com, by itself."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate, and is not here")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=crm.example.com -keyout key.pem -out cert.pem"
    )
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:crm.example.com"], cwd=folder, check=True, capture_output=True
    )
    return folder


@asynccontextmanager
async def tls_server(folder: Path, seen: list[str | None]) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.sni_callback = lambda sock, name, ctx: seen.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        seen.append(next(line for line in head.decode().lower().split("\r\n") if line.startswith("host:")))
        writer.write(http(200))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield str(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await server.wait_closed()


class TestTls:
    async def test_keeps_the_name_for_sni_host_and_certificate(self, certificate: Path) -> None:
        seen: list[str | None] = []
        trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        async with tls_server(certificate, seen) as port:
            url = f"https://crm.example.com:{port}/x"
            async with made(url, Names([["127.0.0.1"]]), loopback=True, tls=trust) as client:
                await client.post(b"{}", HEADERS)
        assert seen == ["crm.example.com", f"host: crm.example.com:{port}"]

    async def test_refuses_a_certificate_of_another_name_or_of_nobody(self, certificate: Path) -> None:
        seen: list[str | None] = []
        trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        async with tls_server(certificate, seen) as port:
            for url, tls in ((f"https://other.example.com:{port}/", trust), (f"https://crm.example.com:{port}/", None)):
                async with made(url, Names([["127.0.0.1"]]), loopback=True, tls=tls) as client:
                    with pytest.raises(Unavailable, match="Certificate"):
                        await client.post(b"{}", HEADERS)
        assert not [s for s in seen if s and s.startswith("host:")]


def redirecting(to: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda request: http(302, b"", f"Location: {to(request.split(b' ')[1].decode())}")


class TestFetching:
    async def test_a_file(self) -> None:
        async with odd(http(200, b"bytes" * 1000)) as server, made("https://crm.example.com", loopback=True) as client:
            assert await fetched(client, server.url + "/a.png") == b"bytes" * 1000
        head = server.heard[0].decode().lower()
        assert head.startswith("get /a.png http/1.1")
        assert "authorization" not in head
        assert "cookie" not in head

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            (http(404), Refused),
            (http(403), Refused),
            (http(204), Refused),
            (http(302), Refused),
            (http(429, b"", "Retry-After: 7"), RateLimited),
            (http(500), Unavailable),
            (b"", Unavailable),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\nshort", Unavailable),
        ],
    )
    async def test_no_file(self, answer: bytes, error: type[SendError]) -> None:
        async with odd(answer) as server, made("https://crm.example.com", loopback=True) as client:
            with pytest.raises(error):
                await fetched(client, server.url)

    async def test_three_redirects_and_no_more(self) -> None:
        def answer(request: bytes) -> bytes:
            n = int(request.split(b" ")[1].decode().strip("/"))
            return http(200, b"here") if n == 0 else http(302, b"", f"Location: /{n - 1}")

        async with odd(answer) as server, made("https://crm.example.com", loopback=True) as client:
            assert await fetched(client, server.url + "/3") == b"here"
            with pytest.raises(Refused, match="too many redirects"):
                await fetched(client, server.url + "/4")

    @pytest.mark.parametrize(
        "to",
        [
            "https://10.0.0.1/x",
            "https://169.254.169.254/latest/meta-data",
            "http://169.254.169.254/latest/meta-data",
            "https://[::ffff:10.0.0.1]/",
            "https://inside.example.com/",
            "http://example.com/",
            "file:///etc/passwd",
            "ftp://example.com/",
            "https://user:pass@example.com/",
            "http://[",
            "//10.0.0.1/",
        ],
    )
    async def test_every_hop_is_looked_at(self, to: str) -> None:
        async with odd(redirecting(lambda path: to)) as server:
            names = Names([["192.168.0.1"]])
            async with made("https://crm.example.com", names, loopback=True) as client:
                with pytest.raises(Refused):
                    await fetched(client, server.url)

    async def test_a_refusal_sounds_the_same_whatever_is_there(self) -> None:
        words = set()
        async with odd(http(200, b"secret")) as open_port:
            closed = (await nowhere()).rpartition(":")[2]
            for port in (port_of(open_port), closed):
                async with made("https://crm.example.com") as client:
                    with pytest.raises(Refused) as caught:
                        await fetched(client, f"https://127.0.0.1:{port}/")
                    words.add(str(caught.value))
        assert len(words) == 1
        assert open_port.heard == []

    async def test_a_host_that_does_not_exist_is_not_waited_for(self) -> None:
        for errno, error in ((socket.EAI_NONAME, Refused), (socket.EAI_AGAIN, Unavailable)):
            async with made("https://crm.example.com", Names([socket.gaierror(errno, "x")])) as client:
                with pytest.raises(error):
                    await fetched(client, "https://files.example.com/x")

    async def test_with_allow_private_files_lie_on_the_receivers_own_host_and_on_no_other_private_one(
        self, certificate: Path
    ) -> None:
        seen: list[str | None] = []
        names = Names([["10.9.8.7"]])
        async with made("https://crm.example.com/hooks", names, private=True) as client:
            with pytest.raises(Refused, match="where nothing is fetched from"):
                await fetched(client, "https://other.example.com/x")
        trust = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        async with tls_server(certificate, seen) as port:
            names = Names([["127.0.0.1"]])
            async with made("https://crm.example.com/hooks", names, private=True, tls=trust) as client:
                assert await fetched(client, f"https://crm.example.com:{port}/x") == b""
        assert len(seen) == 2

    async def test_plain_http_to_names_is_refused_before_anything_is_asked(self) -> None:
        names = Names([[PUBLIC_ADDRESS]])
        async with made("https://crm.example.com", names, loopback=True) as client:
            with pytest.raises(Refused, match="https"):
                await fetched(client, "http://files.example.com/x")
        assert names.asked == []

    async def test_a_file_without_end_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert FILE_LIMIT == 100 * 1024 * 1024
        monkeypatch.setattr(module, "FILE_LIMIT", 1024)
        async with odd(http(200, b"x" * 2048)) as server, made("https://crm.example.com", loopback=True) as client:
            with pytest.raises(Refused, match="larger than"):
                await fetched(client, server.url)

    async def test_a_slow_one_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "TRANSFER_TIMEOUT_S", 0.2)
        async with odd(None) as server, made("https://crm.example.com", loopback=True) as client:
            with pytest.raises(Unavailable):
                await fetched(client, server.url)

    async def test_who_reads_may_stop(self) -> None:
        async with (
            odd(http(200, b"x" * 1_000_000)) as server,
            made("https://crm.example.com", loopback=True) as client,
            client.download(server.url) as chunks,
        ):
            assert await anext(chunks)

    @given(st.text(max_size=40))
    @hypothesis_settings(max_examples=50, deadline=None)
    def test_no_url_makes_it_raise_anything_else(self, text: str) -> None:
        async def once() -> None:
            async with made("https://crm.example.com", Names([["10.0.0.1"]])) as client:
                for url in (text, f"https://{text}", f"https://a.example/{text}"):
                    with pytest.raises(SendError):
                        await fetched(client, url)

        asyncio.run(once())
