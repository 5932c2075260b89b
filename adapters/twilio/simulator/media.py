"""The Media Content Service: upload, read, and temporary links (docs: conversations/media-resource).

No SDK and no OpenAPI document covers it. Its answers are unlike the rest: `url` and `links.content` are relative, dates
have microseconds and an offset.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import quote

from .call import Answer, Call, Params
from .errors import TwilioError, invalid
from .records import Json, Media, new_sid
from .world import World

LARGEST = 150 * 1024 * 1024
SHOWN_INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/")
KEY_PAIR = "SIMULATED"


def show(call: Call, one: Media) -> Json:
    """The resource."""
    path = f"/v1/Services/{one.parent}/Media/{one.sid}"
    created = datetime.fromtimestamp(one.created, UTC).isoformat(timespec="microseconds")
    updated = datetime.fromtimestamp(one.updated, UTC).isoformat(timespec="microseconds")
    return {
        "sid": one.sid,
        "service_sid": one.parent,
        "date_created": created,
        "date_upload_updated": created,
        "date_updated": updated,
        "size": one.size,
        "content_type": one.content_type,
        "filename": one.filename,
        "author": one.author,
        "category": "media",
        "message_sid": one.message_sid,
        "channel_sid": one.conversation_sid,
        "url": path,
        "is_multipart_upstream": False,
        "links": {"content": f"{path}/Content", "content_direct_temporary": temporary_link(call.world, one)},
    }


def upload(call: Call) -> Answer:
    """POST /v1/Services/{IS}/Media: the raw bytes, their Content-Type, `?Filename=`."""
    if call.names[0] == "default" or call.world.state.services.get(call.names[0]) is None:
        raise call.missing()
    if len(call.body) > LARGEST:
        raise TwilioError(413, 50512, "Message media size is too large")
    content_type = call.headers.get("content-type", "application/octet-stream")
    if "/" not in content_type:
        raise invalid(50511, "Invalid message media content type")
    one = Media(
        sid=new_sid("ME"),
        parent=call.names[0],
        content_type=content_type,
        filename=call.query.get("Filename"),
        size=len(call.body),
    )
    call.world.state.store.keep_blob(one.sid, call.body)
    call.world.state.save(one)
    return Answer(201, show(call, one))


def fetch(call: Call) -> Answer:
    """GET /v1/Services/{IS}/Media/{ME}."""
    return Answer(200, show(call, _one(call)))


def content(call: Call) -> Answer:
    """GET …/Media/{ME}/Content: the bytes, with authentication."""
    return _bytes(call.world, _one(call))


def delete(call: Call) -> Answer:
    """DELETE /v1/Services/{IS}/Media/{ME}."""
    one = _one(call)
    call.world.state.drop(one)
    call.world.state.store.drop_blob(one.sid)
    return Answer(204)


def temporary_link(world: World, one: Media) -> str:
    """A signed link that works without credentials, for a few minutes."""
    expires = str(int(world.state.now() + world.options.media_link_seconds))
    seal = _seal(world, one.sid, expires)
    return f"{world.base_url}/media.us1/{one.sid}?Expires={expires}&Signature={seal}&Key-Pair-Id={KEY_PAIR}"


def direct(world: World, sid: str, query: Params, headers: dict[str, str]) -> Answer:
    """GET of a temporary link. It takes no Authorization header; errors are the storage's XML, not Twilio's JSON."""
    if "authorization" in headers:
        return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
    expires, given = query.get("Expires") or "0", query.get("Signature") or ""
    if not hmac.compare_digest(given.encode(), _seal(world, sid, expires).encode()):
        return _xml(403, "AccessDenied", "Access Denied")
    if int(expires) < world.state.now():
        return _xml(403, "AccessDenied", "Request has expired")
    one = world.state.media.get(sid)
    lost = world.faults.get("media_lost")
    if one is not None and lost is not None and lost.value in ("empty", "html"):
        page = b"" if lost.value == "empty" else b"<html><body>Sign in</body></html>"
        return Answer(200, content=page, content_type="text/html" if page else one.content_type)
    if one is None or lost is not None:
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    return _bytes(world, one)


def on_phone(world: World, sid: str) -> Answer:
    """GET /_sim/media/{ME}: for the page that draws the phones. Anything that a browser could run is a download."""
    one = world.state.media.get(sid)
    if one is None:
        return Answer(404, {"error": "no such media"})
    answer = _bytes(world, one)
    if not one.content_type.startswith(SHOWN_INLINE):
        answer.content_type = "application/octet-stream"
        answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(one.filename or one.sid)}"
    answer.headers |= {
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=3600",
    }
    return answer


def _one(call: Call) -> Media:
    found = call.world.state.media.get(call.names[1])
    if found is None or found.parent != call.names[0]:
        raise call.missing()
    return found


def _bytes(world: World, one: Media) -> Answer:
    return Answer(200, content=world.state.store.blob(one.sid), content_type=one.content_type)


def _seal(world: World, sid: str, expires: str) -> str:
    return hmac.new(world.options.auth_token.encode(), f"{sid}:{expires}".encode(), hashlib.sha256).hexdigest()


def _xml(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, content=text.encode(), content_type="application/xml")
