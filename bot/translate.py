"""Telegram's updates as our incoming events, and the data its buttons carry. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import CallbackQuery, Message, Update, User

from bot.conversations.cards import STALE_TAP, Event, Located, Opened, Tapped, Typed
from bot.incoming import Command, Incoming, Json, command_of, typed
from core.text import clean_text

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_DATA = re.compile(r"([0-9a-z]{1,13})\.([0-9a-z]{1,13})\.([a-z0-9_-]{1,24})")
PLACE_DIGITS = 2
"""Decimals of the degrees of a location while it waits."""

_LARGEST_ID = 2**31 - 1  # what our columns hold


@dataclass(frozen=True, slots=True)
class Callback:
    """What a button carries: our outbox row, the step it was drawn at, and its option."""

    message_id: int
    step: int
    option: str


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits or "0"


def encode_callback(message_id: int, step: int, option: str) -> str:
    """Callback data of at most 64 bytes: "<message id>.<step>.<option id>", numbers in base 36.

    Raises ValueError for numbers outside 0..2^31-1 and for an option that `Option` forbids.
    """
    data = f"{_base36(message_id)}.{_base36(step)}.{option}" if min(message_id, step) >= 0 else ""
    if decode_callback(data) != Callback(message_id, step, option):
        raise ValueError(f"no callback data for {message_id}, {step}, {option!r}")
    return data


def decode_callback(data: str | None) -> Callback | None:
    """The reverse of `encode_callback`; None for anything it cannot have written."""
    match = _DATA.fullmatch(data or "")
    if match is None:
        return None
    message_id, step = int(match[1], 36), int(match[2], 36)
    if max(message_id, step) > _LARGEST_ID:
        return None
    return Callback(message_id, step, match[3])


def translate(update: Update, username: str | None) -> Incoming | None:
    """The event in `update`, or None for what is not for us.

    `username` is the bot's own, without "@" (None while unknown). Ignored are edits, forwards,
    channel posts, anonymous administrators, other bots, service messages, and in groups all but
    commands to us, replies to us and taps. In a private chat a location is `Located`, and something
    without words (a voice message, say) an empty `Typed`, so that it gets an answer. A tap whose
    data we did not write is `STALE_TAP` with `message_id` None.
    """
    if update.callback_query is not None:
        return _tap(update.callback_query, update.update_id)
    if update.message is not None:
        return _message(update.message, update.update_id, username)
    return None


def without_exact_place(update: Mapping[str, Json]) -> Mapping[str, Json]:
    """The update as it may wait in the database: a location in it only to about a kilometre, which
    tells the zone and not the home, and without the venue's name and address."""
    message = update.get("message")
    place = message.get("location") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(place, dict):
        return update
    rough: dict[str, Json] = {
        key: round(degrees, PLACE_DIGITS)
        for key, degrees in place.items()
        if key in ("latitude", "longitude") and isinstance(degrees, int | float)
    }
    kept = {key: value for key, value in message.items() if key != "venue"}
    return {**update, "message": {**kept, "location": rough}}


def _tap(query: CallbackQuery, update_id: int) -> Incoming | None:
    if query.message is None or query.from_user.is_bot:
        return None
    callback = decode_callback(query.data)
    return _incoming(
        query.from_user,
        chat_id=query.message.chat.id,
        private=query.message.chat.type == "private",
        update_id=update_id,
        event=Tapped(callback.step, callback.option) if callback else STALE_TAP,
        message_id=callback.message_id if callback else None,
        external_message_id=str(query.message.message_id),
        callback_id=query.id,
    )


def _message(message: Message, update_id: int, username: str | None) -> Incoming | None:
    sender = message.from_user
    if sender is None or sender.is_bot:
        return None
    if message.sender_chat is not None or message.forward_origin is not None:
        return None
    private = message.chat.type == "private"
    event = _event(message, username, private=private)
    if event is None:
        return None
    return _incoming(
        sender,
        chat_id=message.chat.id,
        private=private,
        update_id=update_id,
        event=event,
        external_message_id=str(message.message_id),
    )


def _event(message: Message, username: str | None, *, private: bool) -> Event | Command | None:
    text = message.text if message.text is not None else message.caption
    if text is None and message.sticker is not None:
        text = message.sticker.emoji
    if private and message.location is not None:
        return Located(message.location.latitude, message.location.longitude)
    if text is None:
        # Service messages (somebody joined, a new title) carry neither words nor an attachment.
        return Typed("") if private and message.effective_attachment is not None else None
    command = command_of(typed(text))
    if command is not None:
        name, addressee, argument = command
        if addressee and addressee.lower() != (username or "").lower():
            return None
        return Opened() if name == "start" and not argument else Command(name, argument)
    return Typed(typed(text)) if private or _replies_to_us(message, username) else None


def _replies_to_us(message: Message, username: str | None) -> bool:
    original = message.reply_to_message
    if original is None or original.from_user is None or not original.from_user.is_bot:
        return False
    return username is None or original.from_user.username == username


def _incoming(
    user: User,
    *,
    chat_id: int,
    private: bool,
    update_id: int,
    event: Event | Command,
    external_message_id: str,
    message_id: int | None = None,
    callback_id: str | None = None,
) -> Incoming:
    return Incoming(
        channel="telegram",
        external_id=str(chat_id),
        user_external_id=str(user.id),
        private=private,
        event=event,
        key=f"telegram:{update_id}",
        language=user.language_code,
        profile_name=clean_text(user.first_name).strip() or None,
        message_id=message_id,
        external_message_id=external_message_id,
        callback_id=callback_id,
    )
