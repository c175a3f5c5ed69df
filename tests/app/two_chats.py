"""One person in Telegram and in a web chat, and a stranger: what they do, through the doors that
their channels use, and what the database holds afterwards. What is queued is not run."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from botapi.server import BotApiServer
from botapi.world import Person
from parts import by_hand, fetch, opened
from psycopg.rows import dict_row
from whole_program import Clock

from app.chat import WebConversations
from app.services import Services
from app.updates import hear
from bot.conversations.cards import Opened, Tapped, Typed
from bot.conversations.family_document import answers_of
from bot.conversations.flow import CONSENT, Flow, State
from bot.conversations.session import to_session
from bot.incoming import Command, command_of, typed
from bot.outbox import shown
from bot.translate import encode_callback
from bot.views import View
from bot.webchat import ChatEvent, Session
from bot.welcome import CONSENT_VERSION
from core.week import week_start
from db.conversations import (
    TELEGRAM,
    create_web_account,
    find_or_create_account,
    record_consent,
    save_draft,
)
from db.document import dump_document
from db.families import STORAGE, load_document_with_ids, load_family
from db.messages import StoredMessage
from db.schedules import store_plan
from db.types import QuestionnaireSession, read

PHONE, LAPTOP, STRANGER = "phone", "laptop", "stranger"
OURS = (PHONE, LAPTOP)
"""The phone is a Telegram chat; the laptop and the stranger's are web chats."""

ACCOUNTS = "SELECT id, language, family_id, draft_account_id FROM chat_accounts ORDER BY id"
DRAFTS = "SELECT chat_account_id AS id, session_data FROM questionnaire_sessions"
MESSAGES = """
    SELECT id, chat_account_id, author, view, step, state, external_id, attempts, revision,
           delivered_revision, created_at, updated_at
    FROM messages WHERE author = 'us' ORDER BY id
"""
EACH_ROW = """
    SELECT chat_account_id AS id, row_to_json(m)::text AS row FROM messages m
    UNION ALL SELECT chat_account_id, row_to_json(q)::text FROM questionnaire_sessions q
    UNION ALL SELECT chat_account_id, row_to_json(c)::text FROM consents c
    UNION ALL SELECT id, row_to_json(a)::text FROM chat_accounts a
    ORDER BY 1, 2
"""
UNHEARD = "SELECT id, chat_key FROM inbox WHERE processed_at IS NULL ORDER BY id"


@dataclass(frozen=True)
class Said:
    """A message of ours as it stands in a chat."""

    id: int
    step: int
    view: View

    def offers(self, step: int, option: str) -> bool:
        return self.step == step and self.view.offers(option)


@dataclass(frozen=True)
class Button:
    """A button as it was once shown."""

    message_id: int
    step: int
    option: str


@dataclass(frozen=True)
class Seen:
    """What the database holds: the person's draft (None: none yet), what each chat shows, in which
    language, its rows as text, and the answers in force once there is a family."""

    draft: Mapping[str, Any] | None
    family_id: int | None
    said: Mapping[str, Sequence[Said]]
    languages: Mapping[str, str]
    rows: Mapping[str, Sequence[str]]
    stranger: Mapping[str, Any] | None
    in_force: Mapping[str, Any] | None


class TwoChats:
    """The program over a database that is as new, and three chats in it."""

    def __init__(
        self, url: str, conninfo: str, home: Path, bot_api: BotApiServer, clock: Clock
    ) -> None:
        self.clock = clock
        self.accounts: dict[str, int] = {}
        self._open = partial(opened, url, home, clock, bot_api)
        self._bot_api = bot_api
        self._person: Person = bot_api.world.user("Sarah")
        self._newer = 0
        self._stack = AsyncExitStack()
        self._services: Services
        self._superuser = psycopg.connect(conninfo, autocommit=True, row_factory=dict_row)
        self._repeats: list[Callable[[], Awaitable[None]]] = []

    @property
    def questionnaire(self) -> Flow:
        return self._services.dialogue.questionnaire

    @property
    def settings(self) -> Flow:
        return self._services.dialogue.settings

    async def open(self) -> None:
        self._services = await self._stack.enter_async_context(self._open())
        dialogue = self._services.dialogue
        newer = {
            name: replace(flow, version=flow.version + self._newer)
            for name, flow in (
                ("questionnaire", dialogue.questionnaire),
                ("settings", dialogue.settings),
            )
        }
        self._services = replace(self._services, dialogue=replace(dialogue, **newer))

    async def close(self) -> None:
        await self._stack.aclose()
        self._superuser.close()

    async def restart(self, *, newer: bool = False) -> None:
        """The program ends and starts again; `newer` with changed questions."""
        self._newer += newer
        await self._stack.aclose()
        await self.open()

    async def arrive(self, chat: str, state: State) -> None:
        """A chat whose person has come so far."""
        async with self._services.database.transaction() as session:
            if chat == PHONE:
                account = await find_or_create_account(
                    session, TELEGRAM, str(self._person.id), language="en"
                )
            else:
                account = await create_web_account(session, uuid.uuid4().hex, language="en")
        self.accounts[chat] = account.id
        if CONSENT in state.answers:
            now = self.clock.now
            data = to_session(self.questionnaire, state, now=now)
            async with self._services.database.transaction(chat_account_id=account.id) as session:
                await record_consent(
                    session,
                    kind=STORAGE,
                    version=CONSENT_VERSION,
                    source="chat",
                    now=now,
                    chat_account_id=account.id,
                )
                stored = read(QuestionnaireSession, data)
                await save_draft(session, account.id, stored, now=now)
        await self.write(chat, "/start")

    async def write(self, chat: str, text: str) -> None:
        """The person types a text or a command."""
        if chat == PHONE:
            self._person.send(text)
            await self._hear()
            return
        said = typed(text)
        command = command_of(said)
        if command is None:
            await self._receive(chat, Typed(said))
        elif command[0] == "start" and not command[2]:
            await self._receive(chat, Opened())
        else:
            await self._receive(chat, Command(command[0], command[2]))

    async def tap(self, chat: str, button: Button) -> None:
        """The person taps a button, one of their own or what they pretend to have seen."""
        if chat == PHONE:
            data = encode_callback(button.message_id, button.step, button.option)
            message = {"message_id": 10**6 + button.message_id, "chat": self._person.chat.shown()}
            self._person.tap_data({**message, "date": 1, "from": self._bot_api.world.bot}, data)
            await self._hear()
        else:
            await self._receive(chat, Tapped(button.step, button.option), button.message_id)

    async def redeliver(self, back: int) -> None:
        """A channel brings once more what it has brought `back` events ago."""
        await self._repeats[-1 - back % len(self._repeats)]()

    async def link(self, chat: str, other: str) -> None:
        """`chat` asks for a code, which `other` gives."""
        await self.write(chat, "/link")
        card = self._said()[chat][-1].view
        assert card.qr is not None
        await self.write(other, f"/link {card.qr.partition('#start=')[2]}")

    async def plan_by_hand(self, family_id: int) -> None:
        """This week of the family, not solved: two subjects of each child."""
        async with self._services.database.transaction(family_id=family_id) as session:
            family = await load_family(session, family_id)
            few = tuple(replace(child, subjects=child.subjects[:2]) for child in family.children)
            plan = by_hand(replace(family, children=few), week_start(self.clock.now.date()))
            await store_plan(session, family_id, plan, now=self.clock.now)

    async def see(self) -> Seen:
        drafts = {row["id"]: row["session_data"] for row in self._rows(DRAFTS)}
        accounts = {row["id"]: row for row in self._rows(ACCOUNTS)}
        chats = {number: chat for chat, number in self.accounts.items()}
        rows: dict[str, list[str]] = {chat: [] for chat in self.accounts}
        for row in self._rows(EACH_ROW):
            rows[chats[row["id"]]].append(row["row"])
        ours = accounts[self.accounts[PHONE]]
        family_id = ours["family_id"]
        return Seen(
            draft=drafts.get(ours["draft_account_id"] or ours["id"]),
            family_id=family_id,
            said=self._said(),
            languages={chats[number]: row["language"] or "en" for number, row in accounts.items()},
            rows=rows,
            stranger=drafts.get(self.accounts.get(STRANGER, -1)),
            in_force=await self._in_force(family_id) if family_id is not None else None,
        )

    async def _in_force(self, family_id: int) -> dict[str, Any]:
        async with self._services.database.transaction(family_id=family_id) as session:
            document, identities = await load_document_with_ids(session, family_id)
        return answers_of(dump_document(document), identities)

    def _said(self) -> dict[str, list[Said]]:
        chats = {number: chat for chat, number in self.accounts.items()}
        found: dict[str, list[Said]] = {chat: [] for chat in self.accounts}
        for row in self._rows(MESSAGES):
            message = StoredMessage(**row)
            view = shown(message, self._services.box)
            found[chats[message.chat_account_id]].append(Said(message.id, message.step or 0, view))
        return found

    def _rows(self, query: str) -> list[dict[str, Any]]:
        return self._superuser.execute(query.encode()).fetchall()

    async def _receive(self, chat: str, event: ChatEvent, message_id: int | None = None) -> None:
        key = uuid.uuid4().hex
        session = Session(self.accounts[chat], "en")

        async def send() -> None:
            await WebConversations(self._services).receive(
                session, event, key=key, message_id=message_id, timezone="America/New_York"
            )

        self._repeats.append(send)
        await send()

    async def _hear(self) -> None:
        """What the program does with the update that just came; a job may run twice."""
        update_id = self._bot_api.world.last_update_id
        await fetch(self._services, self._bot_api)
        (waiting,) = self._rows(UNHEARD)

        async def again() -> None:
            self._bot_api.world.redeliver(update_id)
            await fetch(self._services, self._bot_api)
            await hear(self._services, waiting["id"], waiting["chat_key"])

        self._repeats.append(again)
        await hear(self._services, waiting["id"], waiting["chat_key"])
