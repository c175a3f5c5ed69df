"""People at their web chats: what they see, what they tap and type."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from parts import in_browser, rows, say_to_us

from app.services import Services
from bot.conversations.cards import Opened, Tapped, Typed
from bot.incoming import command_of
from bot.outbox import shown
from bot.views import View
from bot.webchat import ChatEvent
from db.conversations import Account, load_account
from db.messages import messages_since

DEFAULTS = (
    "@agree",
    "Sarah",
    "@skip",
    "America/New_York",
    "@alone",
    "@none",
    "Emma 9, Noah 6",
    "@continue",
    "@none",
    "@none",
    "@none",
    "@accept",
    "@accept",
    "@accept",
    "@flex-3",
    *("@accept",) * 2,
    *("@accept",) * 4,
)
"""What Sarah answers ("@" and an option is a tap) up to the summary, where "@accept" makes the
week."""


@dataclass
class Player:
    """Somebody at a web chat of their own. `card` is the newest one that is open."""

    services: Services
    conninfo: str
    account: Account
    inputs: int = field(default=0)

    async def see(self) -> list[tuple[int, int, View]]:
        """Everything that was said to this chat: message id, step, view; oldest first."""
        async with self.services.database.transaction(chat_account_id=self.account.id) as session:
            found = await messages_since(session, self.account.id, 0, limit=2000)
        ours = sorted((m for m in found if m.author == "us"), key=lambda message: message.id)
        return [(m.id, m.step or 0, shown(m, self.services.box)) for m in ours]

    async def card(self) -> View:
        return (await self._newest())[2]

    async def titles(self) -> list[str]:
        return [view.title for _, _, view in await self.see()]

    async def say(self, *inputs: str) -> View:
        """Taps ("@" and the option, on the newest card that has it), commands and words."""
        for given in inputs:
            self.inputs += 1
            if given.startswith("@"):
                message_id, step, _ = await self._newest(given[1:])
                await self._send(Tapped(step, given[1:]), message_id)
            elif (command := command_of(given)) is not None:
                await self._command(*command)
            else:
                await self._send(Typed(given))
        return await self.card()

    async def go_on_until(self, title: str) -> None:
        """Takes each card as it is, until one has this title."""
        while (card := await self.card()).title != title:
            ways = ("keep", "accept", "continue", "none")
            await self.say(next(f"@{way}" for way in ways if card.offers(way)))

    async def come(self) -> View:
        await self._send(Opened())
        return await self.card()

    async def tap(self, message_id: int, step: int, option: str) -> None:
        await self._send(Tapped(step, option), message_id)

    async def state(self) -> dict[str, Any]:
        """The draft as it is stored for this chat's person."""
        owner = self.account.draft_owner
        (found,) = rows(
            self.conninfo,
            "SELECT session_data FROM questionnaire_sessions WHERE chat_account_id = %s",
            owner,
        )
        stored: dict[str, Any] = found["session_data"]
        return stored

    async def _command(self, name: str, _: str, argument: str) -> None:
        from bot.incoming import Command

        await self._send(Opened() if name == "start" and not argument else Command(name, argument))

    async def _send(self, event: ChatEvent, message_id: int | None = None) -> None:
        await say_to_us(self.services, self.account, event, message_id=message_id)
        async with self.services.database.transaction() as session:
            self.account = await load_account(session, self.account.id) or self.account

    async def _newest(self, option: str | None = None) -> tuple[int, int, View]:
        seen = await self.see()
        for message in reversed(seen):
            if message[2].offers(option) if option else not message[2].shrunk:
                return message
        raise AssertionError(f"no card offers {option!r}; the last one is {seen[-1][2].title!r}")


async def browser(services: Services, conninfo: str, **of: Any) -> Player:
    """A new browser, somebody's (`home`, `adult_id` as `in_browser` takes them) or nobody's."""
    account = await in_browser(services, uuid.uuid4().hex, **of)
    return Player(services, conninfo, account)
