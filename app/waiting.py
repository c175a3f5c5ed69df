"""Chats that wait for what a job makes of their words, and are told in the message that says so."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from app.changes import Applied, Outcome
from app.services import Services
from bot.changes import card_of_undo
from bot.conversations.cards import Card
from bot.daily import show_week
from bot.outbox import replace_card
from core.phrase import say
from db.conversations import Account, load_account


@asynccontextmanager
async def family_chat(
    services: Services, family_id: int, account_id: int
) -> AsyncIterator[tuple[AsyncSession, Account | None]]:
    """A transaction of one chat of the family; no account where it has been erased meanwhile, or
    has left the family."""
    transaction = services.database.transaction(family_id=family_id, chat_account_id=account_id)
    async with transaction as session:
        account = await load_account(session, account_id)
        ours = account is not None and account.family_id == family_id
        yield session, account if ours else None


def waiting_chats(services: Services, family_id: int, waiting: str) -> list["Waiting"]:
    """`waiting` as the job has it: "account:message" for each chat, by blanks."""
    pairs = [entry.split(":") for entry in waiting.split()]
    return [Waiting(services, family_id, int(chat), int(said)) for chat, said in pairs]


@dataclass(frozen=True)
class Waiting:
    """A chat that waits for its week, and the message that tells how it goes. One that has been
    erased meanwhile is told nothing."""

    services: Services
    family_id: int
    account_id: int
    message_id: int

    async def show(self, card: Card) -> None:
        async with self._chat() as (session, account):
            if account is not None:
                now = self.services.now()
                await replace_card(session, account, self.message_id, card, now=now)

    async def show_undone(self, outcome: Outcome) -> None:
        """Says in the message that offered it what came of an undo."""
        now = self.services.now()
        async with self._chat() as (session, account):
            if account is not None:
                told = outcome.difference if isinstance(outcome, Applied) else outcome
                card = await card_of_undo(session, self.family_id, told, now=now)
                await replace_card(session, account, self.message_id, card, now=now)

    async def show_week(self, moved: int | None) -> None:
        """Shows the week in place of the message, and how many lessons have moved (None: there
        was no week before)."""
        notice = None
        if moved is not None:
            notice = say("settings.planned", count=moved) if moved else say("settings.fits")
        async with self._chat() as (session, account):
            if account is not None:
                await show_week(
                    session,
                    account,
                    self.family_id,
                    box=self.services.box,
                    base_url=self.services.settings.base_url,
                    now=self.services.now(),
                    message_id=self.message_id,
                    notice=notice,
                )

    def _chat(self) -> AbstractAsyncContextManager[tuple[AsyncSession, Account | None]]:
        return family_chat(self.services, self.family_id, self.account_id)
