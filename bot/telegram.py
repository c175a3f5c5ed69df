"""The Telegram channel: a view delivered as a message, over the Bot API."""

import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import segno
import structlog
from telegram import (
    BotCommand,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    Update,
)
from telegram.constants import ChatAction, ParseMode
from telegram.error import BadRequest, InvalidToken, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.markup import Drawing, Key, draw
from bot.send import DeliveryError, MessageGone, Refused, ServerFailed, delivering, outcome
from bot.views import View

PUBLIC_API = "https://api.telegram.org"
CALLS_PER_SECOND = 30
POLL_SECONDS = 25
ANSWER_SECONDS = 15.0
ALLOWED_UPDATES = ("message", "callback_query")

_CONNECT_SECONDS = 5.0
_POOL_SECONDS = 5.0
_PREVIEW_OFF = LinkPreviewOptions(is_disabled=True)

logger = structlog.get_logger(__name__)


class _Pausing(AIORateLimiter):
    """Makes no call of this process while Telegram wants a pause: what another part of it has just
    been told is known here before it stands in the database, where every process reads it."""

    _until = 0.0

    async def process_request(self, *args: Any, **kwargs: Any) -> Any:
        left = self._until - monotonic()
        if left > 0:
            raise RetryAfter(timedelta(seconds=left))
        try:
            return await super().process_request(*args, **kwargs)
        except RetryAfter as error:
            pause = error.retry_after
            seconds = pause.total_seconds() if isinstance(pause, timedelta) else float(pause)
            self._until = monotonic() + seconds
            raise


class TelegramChannel:
    """One bot on one Bot API server. Open it (`async with`) before use.

    Every method ends in success or in a `DeliveryError` of bot.send. Calls that a server may lack
    (typing sign, answer to a tap, picture, list of commands) are left out once it said so.
    """

    def __init__(
        self,
        token: str,
        api_base: str = PUBLIC_API,
        *,
        per_second: float = CALLS_PER_SECOND,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        """`api_base` is the address before "/bot<token>"; `per_second` bounds the calls of this
        process; an answer that takes longer than `answer_seconds` is `Ambiguous`."""
        self._answer_seconds = answer_seconds
        self._request = _request(16, answer_seconds)
        self._polling_request = _request(2, answer_seconds)
        # No retries in here: a pause asked of us holds for every process, so the caller keeps it.
        self._bot: ExtBot[int] = ExtBot(
            token,
            base_url=f"{api_base.rstrip('/')}/bot",
            request=self._request,
            get_updates_request=self._polling_request,
            rate_limiter=_Pausing(overall_max_rate=per_second, max_retries=0),
        )
        self._lacking: set[str] = set()
        self._username: str | None = None

    async def __aenter__(self) -> "TelegramChannel":
        # Not Bot.initialize(): it calls getMe, and a server that is down must not stop the start.
        await self._request.initialize()
        await self._polling_request.initialize()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._request.shutdown()
        await self._polling_request.shutdown()

    async def username(self) -> str | None:
        """The bot's name without "@", for deep links and commands in groups; asked once. None from
        a server that cannot say."""
        if self._username is None:
            await self._optional("getMe", self._introduce)
        return self._username

    async def _introduce(self) -> None:
        self._username = (await self._bot.get_me()).username

    async def send(
        self, chat_id: str, message_id: int, step: int, view: View, *, language: str = "en"
    ) -> str:
        """Sends the view and returns Telegram's id of the message that carries its buttons.

        A view longer than a message goes in several. A QR code follows as a picture, tried once:
        the address stands in the text, and a message that is out must not be sent again for it.
        """
        drawing = draw(view, message_id=message_id, step=step, language=language)
        with delivering():
            for text in drawing.messages[:-1]:
                await self._send_text(chat_id, text, None)
            message = await self._send_text(chat_id, drawing.messages[-1], _keyboard(drawing))
        if view.qr is not None:
            await self._picture(chat_id, view.qr)
        return str(message.message_id)

    async def edit(
        self,
        chat_id: str,
        external_id: str,
        message_id: int,
        step: int,
        view: View,
        *,
        language: str = "en",
    ) -> None:
        """Puts the view in place of the message `external_id`; the same view again is a success.

        Raises MessageGone where a new message is needed: the old one was deleted, is too old, or
        the view does not fit in one. A QR code follows as a picture.
        """
        drawing = draw(view, message_id=message_id, step=step, language=language)
        if len(drawing.messages) > 1:
            raise MessageGone("the view needs more than one message")
        with delivering():
            try:
                await self._bot.edit_message_text(
                    drawing.messages[0],
                    chat_id=int(chat_id),
                    message_id=int(external_id),
                    parse_mode=ParseMode.HTML,
                    link_preview_options=_PREVIEW_OFF,
                    reply_markup=_keyboard(drawing),
                )
            except BadRequest as error:
                if "message is not modified" not in error.message.lower():
                    raise
        if view.qr is not None and not view.shrunk:
            await self._picture(chat_id, view.qr)

    async def answer(self, callback_id: str, text: str | None = None) -> None:
        """Ends the waiting sign on a tapped button; one that is too old is left as it is."""
        await self._optional(
            "answerCallbackQuery", lambda: self._bot.answer_callback_query(callback_id, text)
        )

    async def typing(self, chat_id: str) -> None:
        """Shows the typing sign for about five seconds, or until the next message."""
        await self._optional(
            "sendChatAction", lambda: self._bot.send_chat_action(int(chat_id), ChatAction.TYPING)
        )

    async def offer_commands(self, commands: Sequence[tuple[str, str]], language: str) -> None:
        """Sets the menu of (name, description) shown to readers of `language`."""
        menu = [BotCommand(name, description) for name, description in commands]
        await self._optional(
            "setMyCommands", lambda: self._bot.set_my_commands(menu, language_code=language)
        )

    async def set_webhook(self, url: str, secret: str) -> None:
        """Asks for updates at `url`, with `secret` (1 to 256 of A-Z a-z 0-9 _ -) in the header."""
        with delivering():
            await self._bot.set_webhook(url, secret_token=secret, allowed_updates=ALLOWED_UPDATES)

    async def delete_webhook(self) -> None:
        """Makes getUpdates possible; nothing waiting is dropped. A server may lack webhooks."""
        await self._optional("deleteWebhook", self._bot.delete_webhook)

    async def updates(self, offset: int | None, *, wait: int = POLL_SECONDS) -> tuple[Update, ...]:
        """The updates from `offset` on, waiting up to `wait` seconds for one. Those before
        `offset` are thereby confirmed and never come again."""
        with delivering():
            return await self._bot.get_updates(
                offset=offset,
                timeout=wait,
                allowed_updates=ALLOWED_UPDATES,
                read_timeout=self._answer_seconds,
            )

    async def _send_text(
        self, chat_id: str, text: str, keyboard: InlineKeyboardMarkup | None
    ) -> Message:
        return await self._bot.send_message(
            int(chat_id),
            text,
            parse_mode=ParseMode.HTML,
            link_preview_options=_PREVIEW_OFF,
            reply_markup=keyboard,
        )

    async def _picture(self, chat_id: str, content: str) -> None:
        png = io.BytesIO()
        segno.make(content, error="m").save(png, kind="png", scale=8, border=4)
        try:
            await self._optional(
                "sendPhoto",
                lambda: self._bot.send_photo(int(chat_id), png.getvalue(), filename="code.png"),
            )
        except DeliveryError as error:
            logger.info("telegram.picture_left_out", error=type(error).__name__)

    async def _optional(self, method: str, call: Callable[[], Awaitable[object]]) -> None:
        if method in self._lacking:
            return
        try:
            await call()
        except InvalidToken:
            # A server says 404 to a method it lacks. Were it the token, the next call that
            # matters would say so too.
            self._lacking.add(method)
            logger.info("telegram.method_missing", method=method)
        except TelegramError as error:
            failure = outcome(error)
            if isinstance(failure, Refused | ServerFailed):
                logger.info("telegram.method_refused", method=method)
                return
            raise failure from error


def _request(pool: int, answer_seconds: float) -> HTTPXRequest:
    return HTTPXRequest(
        connection_pool_size=pool,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=answer_seconds,
        write_timeout=answer_seconds,
        media_write_timeout=answer_seconds,
        pool_timeout=_POOL_SECONDS,
    )


def _keyboard(drawing: Drawing) -> InlineKeyboardMarkup | None:
    def button(key: Key) -> InlineKeyboardButton:
        return InlineKeyboardButton(key.label, callback_data=key.data, url=key.url)

    rows = [[button(key) for key in row] for row in drawing.keyboard]
    return InlineKeyboardMarkup(rows) if rows else None
