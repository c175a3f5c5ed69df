"""How Google says no: the status and the body, word for word where they are documented
(developers.google.com/workspace/calendar/api/guides/errors)."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success. `place`: the kind and name of what is wrong with the
    request."""

    status: int
    reason: str
    message: str
    domain: str = "global"
    place: tuple[str, str] | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def waiting(self, seconds: int) -> "Refusal":
        """The same with a Retry-After."""
        return replace(self, headers=(("Retry-After", str(seconds)),))

    @property
    def body(self) -> dict[str, Any]:
        detail = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.place is not None:
            detail |= {"locationType": self.place[0], "location": self.place[1]}
        return {"error": {"errors": [detail], "code": self.status, "message": self.message}}


class Refused(Exception):
    """Ends a call with a refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.reason)
        self.refusal = refusal


UNAUTHORIZED = Refusal(
    401,
    "authError",
    "Invalid Credentials",
    place=("header", "Authorization"),
    headers=(
        (
            "WWW-Authenticate",
            'Bearer realm="https://accounts.google.com/", error="invalid_token"',
        ),
    ),
)
USER_RATE_LIMIT = Refusal(
    403, "userRateLimitExceeded", "User Rate Limit Exceeded", domain="usageLimits"
)
RATE_LIMIT = Refusal(403, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")
TOO_MANY_REQUESTS = Refusal(429, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")
QUOTA = Refusal(403, "quotaExceeded", "Calendar usage limits exceeded.", domain="usageLimits")
FORBIDDEN = Refusal(403, "forbidden", "Forbidden")
LACKING_SCOPE = Refusal(
    403, "insufficientPermissions", "Request had insufficient authentication scopes."
)
NOT_FOUND = Refusal(404, "notFound", "Not Found")
DUPLICATE = Refusal(409, "duplicate", "The requested identifier already exists.")
DELETED = Refusal(410, "deleted", "Resource has been deleted")
FULL_SYNC_REQUIRED = Refusal(
    410,
    "fullSyncRequired",
    "Sync token is no longer valid, a full sync is required.",
    domain="calendar",
    place=("parameter", "syncToken"),
)
CONDITION_NOT_MET = Refusal(
    412, "conditionNotMet", "Precondition Failed", place=("header", "If-Match")
)
BACKEND_ERROR = Refusal(500, "backendError", "Backend Error")
BACKEND_UNAVAILABLE = Refusal(503, "backendError", "Backend Error")


def invalid(message: str, reason: str = "invalid", domain: str = "global") -> Refused:
    """400 for a request that makes no sense."""
    return Refused(Refusal(400, reason, message, domain=domain))
