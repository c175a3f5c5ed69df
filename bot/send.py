"""How a delivery to Telegram can end, in our own terms."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

# The library warns at every 429 unless this asks it for durations as timedelta.
os.environ["PTB_TIMEDELTA"] = "true"


class DeliveryError(Exception):
    """A call to Telegram that did not do what was asked. Raised only as one of the kinds below."""


class RetryLater(DeliveryError):
    """429: nobody may call for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"retry after {seconds:g} s")
        self.seconds = seconds


class ChatBlocked(DeliveryError):
    """The chat takes no messages from us: blocked, deactivated, left, or never opened."""


class ChatMoved(DeliveryError):
    """The group became a supergroup: its id is now `external_id`. Nothing was delivered."""

    def __init__(self, external_id: str) -> None:
        super().__init__("the group has a new id")
        self.external_id = external_id


class MessageGone(DeliveryError):
    """The message can no longer be edited: send a new one."""


class Ambiguous(DeliveryError):
    """The call may or may not have taken effect: the answer never came."""


class Unreachable(DeliveryError):
    """The call did not take effect: there was no connection, or the server failed."""


class ServerFailed(Unreachable):
    """The server answered that it failed (5xx)."""


class TokenRefused(DeliveryError):
    """The server does not know the bot's token, or lacks a method that we cannot do without."""


class Refused(DeliveryError):
    """The server calls our request wrong: a mistake of ours, repeating it will not help."""


_BLOCKED = ("chat not found", "user not found", "peer_id_invalid")
_GONE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "there is no text in the message to edit",
)
# Nothing was sent yet when one of these is raised; after any other, it may have been.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def outcome(error: TelegramError) -> DeliveryError:
    """What `error`, raised by python-telegram-bot, means for a delivery."""
    reason = error.message.lower()
    if isinstance(error, RetryAfter):
        pause = error.retry_after
        return RetryLater(pause.total_seconds() if isinstance(pause, timedelta) else pause)
    if isinstance(error, ChatMigrated):
        return ChatMoved(str(error.new_chat_id))
    if isinstance(error, Forbidden):
        return ChatBlocked(error.message)
    if isinstance(error, InvalidToken):
        return TokenRefused(error.message)
    if isinstance(error, BadRequest):
        if any(words in reason for words in _BLOCKED):
            return ChatBlocked(error.message)
        if any(words in reason for words in _GONE):
            return MessageGone(error.message)
        return Refused(error.message)
    if isinstance(error, NetworkError):
        cause = error.__cause__
        if isinstance(cause, _NOT_SENT):
            return Unreachable(type(cause).__name__)
        if isinstance(cause, httpx.HTTPError):
            return Ambiguous(type(cause).__name__)
        return ServerFailed("5xx")
    # A 2xx answer that could not be read: the server took the call.
    return Ambiguous(type(error).__name__)


@contextmanager
def delivering() -> Iterator[None]:
    """Raises what happens inside as a `DeliveryError`."""
    try:
        yield
    except TelegramError as error:
        raise outcome(error) from error
