"""What comes in from a chat, whichever channel carried it."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from bot.conversations.cards import Event
from core.text import clean_text

Channel: TypeAlias = Literal["telegram", "web"]
Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

LONGEST_TEXT = 4096


@dataclass(frozen=True, slots=True)
class Command:
    """A command such as "/link ABC": `name` in lower case without the slash ("link"), `argument`
    what follows it, stripped ("" when nothing does). A plain "/start" is `Opened`, never this."""

    name: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event from a chat.

    `external_id` names the chat and `user_external_id` the person in the channel's own terms; in a
    private chat they are the same. `message_id` is our outbox row that was tapped, None for a text
    and for a tap whose data we cannot read (answer it as a stale button). `callback_id` is what the
    channel wants answered after a tap. `key` is unique per update, for recognising a redelivery.
    `profile_name` and `timezone` (an IANA name) are what the channel knows of the person;
    `bot_name` is what Telegram calls our bot, where that is known.
    """

    channel: Channel
    external_id: str
    user_external_id: str
    private: bool
    event: Event | Command
    key: str
    language: str | None = None
    profile_name: str | None = None
    message_id: int | None = None
    external_message_id: str | None = None
    callback_id: str | None = None
    timezone: str | None = None
    bot_name: str | None = None


def typed(text: str) -> str:
    """What a person wrote, as `Typed` promises it: cleaned, stripped, at most 4,096 characters."""
    return clean_text(text).strip()[:LONGEST_TEXT]


def command_of(text: str) -> tuple[str, str, str] | None:
    """Splits "/name@addressee argument" into (name, addressee, argument); None for other text.

    `name` is in lower case, `addressee` is "" where none is given.
    """
    if not text.startswith("/"):
        return None
    head, _, argument = text[1:].replace("\n", " ", 1).partition(" ")
    name, _, addressee = head.partition("@")
    if not name or not all(char == "_" or (char.isascii() and char.isalnum()) for char in name):
        return None
    return name.lower(), addressee, argument.strip()
