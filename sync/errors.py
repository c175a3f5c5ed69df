"""What a calendar server elsewhere can answer instead of doing what we asked. Each of these asks
for something else of the caller, so each is a type of its own.

Their text is a short reason, the server's own where it gives one: never an address, a token or
anything that was sent."""


class RemoteError(Exception):
    """Any of them. `reason` is the server's code, such as "notFound", or ours."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Conflict(RemoteError):
    """An event with this id is or was there (409): fetch it and compare."""


class PreconditionFailed(RemoteError):
    """It is not as we saw it last (412): somebody else has changed it."""


class NotFound(RemoteError):
    """There is no such calendar, event or channel (404), or it is not ours to see."""


class Deleted(RemoteError):
    """The event is deleted already (410)."""


class SyncTokenExpired(RemoteError):
    """The server forgot what our token stands for (410): only a full list is safe."""


class RateLimited(RemoteError):
    """Too many calls in too little time (403 by reason, or 429): nothing was done, and later it
    will be. `retry_after`: the seconds that the server asked for, if it did."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class QuotaExceeded(RemoteError):
    """The account or the project has used up what it may in a day or at all: waiting for minutes
    does not help."""


class Forbidden(RemoteError):
    """This access does not allow it (403)."""


class Unavailable(RemoteError):
    """No answer that can be used: 5xx, no connection, a connection lost, a time-out, a body that
    cannot be read. `ambiguous`: what we asked for may have been done all the same."""

    def __init__(
        self, reason: str, *, ambiguous: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.ambiguous = ambiguous
        self.retry_after = retry_after


class AccessRevoked(RemoteError):
    """The access is gone, or never came to be: the person has to grant it (again)."""


class ScopeMissing(RemoteError):
    """The person agreed, but not to what we need: a box on the consent page was left unticked."""


class ClientRefused(RemoteError):
    """The server does not accept our own id or secret, or our project lacks the API: only the
    operator can mend that."""


class Refused(RemoteError):
    """The request itself is wrong (400 and the like): repeating it is no use."""
