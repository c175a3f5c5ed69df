"""What a conversation has at hand while it answers one event."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncSession

from bot.conversations.cards import Card
from bot.conversations.flow import Flow, Hints
from bot.outbox import post
from core.week import wall
from db.conversations import Account, set_language
from db.families import is_guardian
from db.secrets import SecretBox
from db.session import chat_scope


@dataclass(frozen=True)
class Dialogue:
    """What the conversation needs of the program. `base_url` begins every link that is shown;
    `google`: whether Google Calendar can be connected."""

    questionnaire: Flow
    settings: Flow
    box: SecretBox
    base_url: str
    google: bool = False


@dataclass(frozen=True)
class Talk:
    """One event of one chat: whose it is, when, and the transaction in which it is answered. The
    transaction acts for the account, and for its family where it has one. `bot_name` is what
    Telegram calls our bot, None where that is not known."""

    session: AsyncSession
    dialogue: Dialogue
    account: Account
    now: datetime
    hints: Hints
    bot_name: str | None = None

    async def say(self, card: Card, *, step: int = 0) -> int:
        """Says a card in a message of its own; returns the message's id."""
        return await self.say_to(self.account, card, step=step)

    async def say_to(self, account: Account, card: Card, *, step: int = 0) -> int:
        """As `say`, in another chat of the same family or person."""
        await chat_scope(self.session, account.id)
        posted = await post(
            self.session, account, card, now=self.now, step=step, box=self.dialogue.box
        )
        await chat_scope(self.session, self.account.id)
        if posted is None:
            raise RuntimeError("a message without a dedupe key is always posted")
        return posted

    async def decides(self) -> bool:
        """Of a family only a guardian decides; an unfinished questionnaire is its chat's own."""
        return self.account.family_id is None or await is_guardian(
            self.session, self.account.adult_id
        )

    async def speak(self, code: str) -> "Talk":
        """The same talk in another language, which the chat keeps."""
        await set_language(self.session, self.account.id, code)
        return replace(self, account=replace(self.account, language=code))

    def today(self, zone: object) -> date:
        """The reader's own date: of the IANA zone that is answered, else of the guessed one, else
        of UTC."""
        for named in (zone, self.hints.timezone):
            if isinstance(named, str):
                try:
                    return wall(self.now, ZoneInfo(named)).date()
                except (ZoneInfoNotFoundError, ValueError):
                    continue
        return self.now.date()
