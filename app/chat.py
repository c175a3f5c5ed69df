"""The web chat's conversations: answered at once, in the request that brings the words."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast
from zoneinfo import available_timezones

from app.services import Services
from app.updates import bot_name
from bot.conversations.cards import Tapped
from bot.dialogue import converse
from bot.incoming import Incoming
from bot.outbox import shown, spoken
from bot.texts import language_of
from bot.webchat import ChatEvent, ChatMessage, Session, new_cookie
from db.conversations import WEB, Account, create_web_account, load_account, web_account
from db.inbox import mark_processed, receive
from db.links import code_works
from db.messages import messages_since

FIRST_LOOK = 0.25
LONGEST_LOOK = 2.0
"""Seconds between two looks for news while the page waits; a planned week comes within seconds."""


@dataclass(frozen=True)
class WebConversations:
    """Implements `bot.webchat.ChatPort` over the database."""

    services: Services

    async def begin(self, language: str | None, code: str | None) -> Session | None:
        async with self.services.database.transaction() as session:
            if not self.services.settings.chat_signup and not (
                code and await code_works(session, code, now=self.services.now())
            ):
                return None
            fresh = new_cookie()
            account = await create_web_account(session, fresh, language=language_of(language))
        return Session(account.id, spoken(account), fresh, questionnaire=True)

    async def resume(self, cookie: str) -> Session | None:
        async with self.services.database.transaction() as session:
            account = await web_account(session, cookie)
        if account is None:
            return None
        return Session(account.id, spoken(account), questionnaire=account.family_id is None)

    async def receive(
        self,
        session: Session,
        event: ChatEvent,
        *,
        key: str,
        message_id: int | None = None,
        timezone: str | None = None,
    ) -> None:
        zone = timezone if timezone in available_timezones() else None
        now = self.services.now()
        telegram = self.services.telegram
        # Asked before the transaction: only links for others need it.
        named = await bot_name(telegram) if telegram and isinstance(event, Tapped) else None
        chat_key = f"{WEB}:{session.account_id}"
        async with self.services.database.transaction(chat_key=chat_key) as transaction:
            inbox_id = await receive(transaction, WEB, chat_key, f"{chat_key}:{key}", {})
            account = await load_account(transaction, session.account_id)
            if inbox_id is None or account is None:
                return
            await converse(
                transaction,
                self.services.dialogue,
                account,
                _incoming(account, event, key, message_id, zone, named),
                now=now,
            )
            await mark_processed(transaction, inbox_id, now=now)

    async def messages(self, session: Session, since: int, wait: float) -> Sequence[ChatMessage]:
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        pause = FIRST_LOOK
        while True:
            found = await self._since(session.account_id, since)
            if found or loop.time() + pause > until:
                return found
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)

    async def _since(self, account_id: int, since: int) -> list[ChatMessage]:
        async with self.services.database.transaction(chat_account_id=account_id) as session:
            stored = await messages_since(session, account_id, since)
        return [
            ChatMessage(
                id=message.id,
                author=cast("Literal['us', 'them']", message.author),
                step=message.step or 0,
                revision=message.revision,
                view=shown(message, self.services.box),
            )
            for message in sorted(stored, key=lambda message: message.id)
        ]


def _incoming(
    account: Account,
    event: ChatEvent,
    key: str,
    message_id: int | None,
    timezone: str | None,
    named: str | None,
) -> Incoming:
    return Incoming(
        channel="web",
        external_id=account.external_id,
        user_external_id=account.external_id,
        private=True,
        event=event,
        key=key,
        language=account.language,
        message_id=message_id,
        timezone=timezone,
        bot_name=named,
    )
