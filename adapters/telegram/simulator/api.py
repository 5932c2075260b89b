"""One call of the Bot API: who calls what, the faults on its way, the method, the envelope, and the record of it all."""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from dataclasses import replace
from typing import Any

from . import methods_chat, methods_edit, methods_media, methods_send, methods_topics, methods_updates
from .body import headers_of, parse, read_body
from .context import Context, Described, Handler
from .errors import BAD_GATEWAY, ApiError
from .http import Answer, json_answer, request_url
from .params import Params
from .records import GENERAL, Json
from .wire import Wire

METHODS: dict[str, tuple[str, Handler]] = {
    name.lower(): (name, handler)
    for room in (methods_chat, methods_edit, methods_media, methods_send, methods_topics, methods_updates)
    for name, handler in room.METHODS.items()
}


class Api:
    """Answers ``/bot<token>/<method>``."""

    def __init__(self, context: Context, wire: Wire) -> None:
        self._context = context
        self._wire = wire

    async def answer(self, scope: Any, receive: Any, token: str, method: str) -> Answer:
        """The answer to one request, faults included; it never raises but for a client that went away."""
        began = time.time()
        name, handler = METHODS.get(method.lower(), (method, None))
        headers = headers_of(scope)
        params, problem = Params(), None
        body = b""
        try:
            body = await read_body(receive)
            params = parse(scope.get("query_string", b""), headers.get("content-type", ""), body)
        except ApiError as error:
            problem = error
        self._wire.hide(params.text("secret_token"))
        url = request_url(scope, headers)
        shown = _readable(headers.get("content-type", ""), body, params)
        more = {"at": began, "ref": self._reference(params), "text": params.text("text") or params.text("caption")}
        # A poll that waits for nothing would drown the rest: it is told of only when it has something to say.
        call = None if name == "getUpdates" else self._begin(scope, url, name, headers, shown, more)
        answer, result = await self._carry_out(token, name, handler, params, problem)
        if call is None and (result or answer.status != 200):
            call = self._begin(scope, url, name, headers, shown, more)
        if call is not None:
            self._end(call, answer, result)
        return answer

    async def _carry_out(
        self, token: str, name: str, handler: Handler | None, params: Params, problem: ApiError | None
    ) -> tuple[Answer, Any]:
        """The answer, and the bare result for whoever records the call."""
        switches = self._context.faults.switches
        if switches.on("down"):
            return Answer(502, BAD_GATEWAY, "text/html"), None
        if switches.take("cut_before", name):
            return Answer(200, cut=True), None
        result: Any = None
        try:
            if problem:
                raise problem
            result = await self._run(token, name, handler, params)
            answer = _success(result)
            result = result.result if isinstance(result, Described) else result
        except ApiError as error:
            answer = _refusal(error)
        self._context.state.store.flush()
        if delay := switches.value("slow"):
            await asyncio.sleep(float(delay))
        if answer.status == 200 and switches.take("cut_after", name):
            answer = replace(answer, cut=True)
        return answer, result

    async def _run(self, token: str, name: str, handler: Handler | None, params: Params) -> Any:
        self._check_token(token)
        if handler is None:
            raise ApiError(404, "method not found")
        faults = self._context.faults
        if given := faults.switches.set_answer(name):
            raise _SetAnswer(given)
        faults.check_rate(name)
        result = handler(self._context, params)
        return await result if inspect.isawaitable(result) else result

    def _check_token(self, token: str) -> None:
        if token == self._context.state.token:
            return
        number, _, secret = token.partition(":")
        well_formed = number.isdigit() and bool(secret)
        raise ApiError(401, "" if well_formed else "invalid token specified")

    def _reference(self, params: Params) -> str:
        """``chat:topic`` of a call that names a chat; the topic by itself, or by the message that it is about."""
        chat_id = params.integer("chat_id")
        group = self._context.state.group(chat_id)
        if group is None:
            return ""
        thread = params.integer("message_thread_id")
        message = self._context.state.messages.get((group.key, params.integer("message_id")))
        return f"{group.id}:{thread or (message.thread if message else GENERAL)}"

    def _begin(self, scope: Any, url: str, name: str, headers: Json, body: str, more: Json) -> Json:
        return self._wire.begin("call", scope["method"], url, name, headers, body, **more)

    def _end(self, call: Json, answer: Answer, result: Any) -> None:
        told: Json = {}
        first = result[0] if isinstance(result, list) and result else result
        if isinstance(first, dict) and "message_thread_id" in first:
            # What counts is where it landed, not where it was meant for.
            told["ref"] = f"{call['ref'].partition(':')[0]}:{first['message_thread_id']}"
        if answer.cut:
            self._wire.end(call, None, {}, "", error="connection cut", **told)
            return
        if answer.status != 200:
            told["error"] = _description(answer)
        headers = {"content-type": answer.content_type, **answer.headers}
        self._wire.end(call, answer.status, headers, answer.body.decode("utf-8", "replace"), **told)


class _SetAnswer(ApiError):
    """An answer that a test asked for (the fault ``answer``)."""

    def __init__(self, given: Json) -> None:
        super().__init__(int(given.get("code", 500)), "", given.get("parameters"))
        self.description = str(given.get("description", self.description))
        self.html = bool(given.get("html"))


def _success(result: Any) -> Answer:
    if isinstance(result, Described):
        return json_answer({"ok": True, "result": result.result, "description": result.description})
    return json_answer({"ok": True, "result": result})


def _refusal(error: ApiError) -> Answer:
    if isinstance(error, _SetAnswer) and error.html:
        return Answer(error.code, BAD_GATEWAY, "text/html")
    wait = error.parameters.get("retry_after")
    return json_answer(error.envelope(), error.code, {"retry-after": str(wait)} if wait else {})


def _description(answer: Answer) -> str:
    if answer.content_type != "application/json":
        return f"HTTP {answer.status}"
    return str(json.loads(answer.body).get("description", ""))


def _readable(content_type: str, body: bytes, params: Params) -> str:
    """The body for the record: text as it is, multipart as its fields, files by their size and kind."""
    if not content_type.lower().startswith("multipart/"):
        return body.decode("utf-8", "replace")
    fields = [f"{name}={value}" for name, value in params.values.items()]
    files = [f"{name}=<{len(file.data)} bytes of {file.content_type}>" for name, file in params.files.items()]
    return "\n".join(fields + files)
