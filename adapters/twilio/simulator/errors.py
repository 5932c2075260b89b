"""Twilio's errors: what a handler raises, and the two shapes in which it is answered."""

from __future__ import annotations

from .records import Json

DOCS = "https://www.twilio.com/docs/errors/"


class TwilioError(Exception):
    """An answer that is not a success. `headers` go out with it (Retry-After, WWW-Authenticate)."""

    def __init__(self, status: int, code: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def classic(self) -> Json:
        """The usual body of the v2010, Conversations, Verify and Messaging APIs."""
        return {"code": self.code, "message": self.message, "more_info": f"{DOCS}{self.code}", "status": self.status}

    def problem(self) -> Json:
        """The RFC 9457 body of Twilio's newer hosts."""
        return {
            "type": f"{DOCS}{self.code}",
            "title": self.message,
            "status": self.status,
            "code": self.code,
            "detail": self.message,
            "instance": None,
        }


def invalid(code: int, message: str) -> TwilioError:
    """A request that is understood and refused. The dictionary gives no status for the 50xxx codes: 400 is assumed."""
    return TwilioError(400, code, message)


def not_found(path: str) -> TwilioError:
    """An unknown resource. The path in the text goes without the API's version."""
    return TwilioError(404, 20404, f"The requested resource {path} was not found")


def not_allowed(method: str) -> TwilioError:
    """A known path with a verb that it does not have."""
    return TwilioError(405, 20004, f"Method {method} is not allowed")


def unauthorized(message: str) -> TwilioError:
    """Wrong credentials."""
    return TwilioError(401, 20003, message, {"WWW-Authenticate": 'Basic realm="Twilio API"'})


def too_many(retry_after: str | None = None) -> TwilioError:
    """Too many requests at once (docs/errors/20429): this one was not processed."""
    return TwilioError(
        429, 20429, "Too Many Requests", {"Retry-After": retry_after} if retry_after is not None else None
    )


def closed() -> TwilioError:
    """Any use of a closed conversation but reading and removing it."""
    return invalid(50377, "Can't update conversation as it's in final closed state")
