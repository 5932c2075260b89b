"""The ASGI application: products, authentication, faults, answers in Twilio's form."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.requests import ClientDisconnect, Request

from . import control, media, routes
from .call import Answer, Call, Params
from .errors import TwilioError, not_allowed, not_found, too_many, unauthorized
from .faults import Fault
from .records import Json, new_sid, pair_name
from .world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CUT_LENGTH = 4096
SEAL = re.compile(r"Signature=[^&]*")  # of a temporary media link, which is a credential

log = logging.getLogger(__name__)


class App:
    """Everything below `base_url`: ``/{product}/…`` as Twilio's hosts, ``/_sim/…`` for tests and the sandbox."""

    def __init__(self, world: World, on_start: Callable[[], None], on_stop: Callable[[], Awaitable[None]]) -> None:
        self._world = world
        self._on_start = on_start
        self._on_stop = on_stop
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, receive)
            product, _, rest = below_root(scope).lstrip("/").partition("/")
            try:
                if product == "_sim":
                    await write(send, await control.answer(self._world, request, rest))
                else:
                    await self._product(product, "/" + rest, request, send)
            except ClientDisconnect:
                return

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self._on_start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._on_stop()
        await send({"type": "lifespan.shutdown.complete"})

    # -- one call ---

    async def _product(self, product: str, path: str, request: Request, send: Send) -> None:
        self._in_flight += 1
        began = time.perf_counter()
        try:
            body = await request.body()
            headers = dict(request.headers)
            record = self._begin(product, path, request, headers, body)
            answer = await self._gated(product, path, request, headers, body)
            headers_out = self._headers(began)
        finally:
            self._in_flight -= 1
        sent = await write(send, answer, headers_out)
        if answer.status == CUT:
            self._world.wire.end(record, None, {}, b"", error="the connection was cut, as asked")
        else:
            self._world.wire.end(record, answer.status, {"content-type": answer.content_type, **answer.headers}, sent)

    async def _gated(self, product: str, path: str, request: Request, headers: dict[str, str], body: bytes) -> Answer:
        """The answer, or what a fault makes of it."""
        faults = self._world.faults
        creating = request.method == "POST" and path.endswith(("/Messages", "/Messages.json"))
        try:
            await self._hindrances()
            if creating and faults.take("cut_before"):
                return Answer(CUT)
            failing = faults.take("error_before") if creating else None
            if failing is not None:
                raise server_error(failing)
            answer = self._answer(product, path, request, headers, body)
            if creating and answer.status == 201:
                answer = self._spoilt(answer)
        except TwilioError as error:
            answer = self._error(error)
        except Exception:
            log.exception("a bug in the simulator: %s %s", request.method, path)
            answer = self._error(TwilioError(500, 20500, "Internal Server Error"))
        finally:
            self._world.state.commit()
        return answer

    async def _hindrances(self) -> None:
        """Faults that hit every REST call before it is looked at."""
        faults, most = self._world.faults, self._world.options.max_concurrent
        slow = faults.take("slow")
        if slow is not None:
            await asyncio.sleep(float(slow.setting("seconds", 1) if isinstance(slow.value, dict) else slow.value or 1))
        if faults.get("down"):
            raise TwilioError(503, 20503, "Service unavailable")
        if faults.get("unauthorized"):
            raise unauthorized("Authenticate")
        limited = faults.take("rate")
        if limited is not None or 0 < most < self._in_flight:
            retry_after = limited.setting("retry_after") if limited is not None else None
            raise too_many(None if retry_after is None else str(retry_after))
        moved = faults.get("redirect")
        if moved is not None:
            raise TwilioError(307, 20307, "Temporary Redirect", {"Location": str(moved.value)})

    def _answer(self, product: str, path: str, request: Request, headers: dict[str, str], body: bytes) -> Answer:
        """What Twilio answers when nothing is wrong with it."""
        query = Params(str(request.url.query))
        if product == "media.us1" and request.method == "GET":
            return media.direct(self._world, path.strip("/"), query, headers)
        self._authenticate(headers.get("authorization", ""))
        version, *parts = path.strip("/").split("/")
        shown = path if product == "api" else "/" + "/".join(parts)
        if version not in routes.VERSIONS.get(product, ()):
            raise not_found(shown)
        verbs, names, service = routes.find(product, version, parts)
        if verbs is None:
            raise not_found(shown)
        handler = verbs.get(request.method)
        if handler is None:
            raise not_allowed(request.method)
        raw = product == "mcs.us1"
        form = Params("" if raw else body.decode("utf-8", "replace"))
        root = f"{self._world.base_url}/{product}/{version}"
        return handler(Call(self._world, request.method, shown, names, service, query, form, body, headers, root))

    def _authenticate(self, header: str) -> None:
        """HTTP Basic: account sid and auth token, or an API key's sid and secret."""
        scheme, _, encoded = header.partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            user = password = ""
        known = {self._world.options.account_sid: self._world.options.auth_token, **dict(self._world.options.api_keys)}
        if scheme.lower() != "basic" or user not in known:
            raise unauthorized("Authentication Error - invalid username")
        if not hmac.compare_digest(password.encode(), known[user].encode()):
            raise unauthorized("Authenticate")

    def _spoilt(self, answer: Answer) -> Answer:
        """A message was taken; what the caller hears of it may be something else."""
        faults = self._world.faults
        if faults.take("cut_after"):
            return Answer(CUT)
        failing = faults.take("error_after")
        if failing is not None:
            raise server_error(failing)
        garbled = faults.take("garble")
        return answer if garbled is None else nonsense(str(garbled.setting("kind", "html")), answer)

    def _error(self, error: TwilioError) -> Answer:
        problem = self._world.faults.get("problem_json") is not None
        kind = "application/problem+json" if problem else "application/json"
        return Answer(
            error.status, error.problem() if problem else error.classic(), content_type=kind, headers=error.headers
        )

    def _headers(self, began: float) -> dict[str, str]:
        """What Twilio sends with every answer."""
        return {
            "Twilio-Request-Id": new_sid("RQ"),
            "Twilio-Request-Duration": f"{time.perf_counter() - began:.3f}",
            "Twilio-Concurrent-Requests": str(self._in_flight),
            "X-Home-Region": "us1",
        }

    def _begin(self, product: str, path: str, request: Request, headers: dict[str, str], body: bytes) -> Json:
        """Puts the call on the wire."""
        parts = path.strip("/").split("/")
        names = [name for part in parts if (name := part.removesuffix(".json"))[:1].isupper() and len(name) != 34]
        ref, text = next((part for part in parts if part.startswith("CH") and len(part) == 34), ""), ""
        if request.method == "POST" and path.endswith(("/Messages", "/Messages.json")):
            form = Params(body.decode("utf-8", "replace"))
            text = form.get("Body") or ""
            if product == "api":
                ref = pair_name(form.get("From") or "", form.get("To") or "")
        query = f"?{SEAL.sub('Signature=***', request.url.query)}" if request.url.query else ""
        return self._world.wire.begin(
            "call",
            request.method,
            f"{self._world.base_url}/{product}{path}{query}",
            headers,
            body,
            event=f"{request.method} {names[-1] if names else product}",
            ref=ref,
            text=text,
        )


CUT = 0  # the status of an answer that is no answer


def below_root(scope: Scope) -> str:
    """The path below the place where the application is mounted."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "")
    return path[len(root) :] if root and path.startswith(root) else path


def server_error(fault: Fault) -> TwilioError:
    """The 5xx that a fault asks for."""
    status = int(fault.setting("status", 500))
    return TwilioError(
        status, 20503 if status == 503 else 20500, "Service unavailable" if status == 503 else "Internal Server Error"
    )


def nonsense(kind: str, answer: Answer) -> Answer:
    """A success that can't be understood."""
    whole = json.dumps(answer.body)
    if kind == "no_sid":
        return Answer(answer.status, {name: value for name, value in (answer.body or {}).items() if name != "sid"})
    if kind == "empty":
        return Answer(200, content_type="text/plain")
    if kind == "cut":
        return Answer(answer.status, content=whole[: len(whole) // 2].encode())
    return Answer(200, content=b"<html><body>Welcome</body></html>", content_type="text/html")


async def write(send: Send, answer: Answer, more: dict[str, str] | None = None) -> bytes:
    """Sends an answer; returns its body. A cut one promises a body and ends before it, at which the server closes."""
    content = json.dumps(answer.body).encode() if answer.body is not None else answer.content
    headers = {**answer.headers, **(more or {})}
    if answer.status != 204:
        headers["Content-Type"] = answer.content_type
    headers["Content-Length"] = str(CUT_LENGTH if answer.status == CUT else len(content))
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
    if answer.status == 204:
        encoded = [pair for pair in encoded if pair[0] != b"content-length"]
    await send({"type": "http.response.start", "status": answer.status or 200, "headers": encoded})
    if answer.status != CUT:
        await send({"type": "http.response.body", "body": content})
    return content
