"""A small family's conversation of three cards, kept in memory, behind the web chat's port."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.conversations.cards import Opened, Tapped, Typed
from bot.incoming import Command
from bot.texts import language_of
from bot.views import Button, LinkButton, Meter, View
from bot.webchat import ChatEvent, ChatMessage, Session, new_cookie

FEED = "webcal://calendar.example/feeds/abc.ics"
WEEK = "https://calendar.example/week/abc"
SUBJECTS = ("reading", "math", "science", "history", "art", "music")


@dataclass
class Conversation:
    """One account's chat: a name, subjects, and the week."""

    language: str
    messages: dict[int, ChatMessage] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    events: list[ChatEvent] = field(default_factory=list)
    chosen: set[str] = field(default_factory=lambda: {"reading"})
    name: str = ""
    submitted: bool = False

    @property
    def revision(self) -> int:
        return max((message.revision for message in self.messages.values()), default=0)

    def put(self, number: int, author: str, step: int, view: View) -> None:
        self.messages[number] = ChatMessage(number, author, step, self.revision + 1, view)

    def living(self, view: View, step: int) -> None:
        self.put(max(self.messages, default=0) + 1, "us", step, view)

    def shrink(self, step: int, title: str) -> None:
        card = self.card(step)
        view = View(
            title=title, shrunk=True, rows=((Button(id=f"reopen-{step}", label="Change"),),)
        )
        self.put(card.id, "us", step, view)

    def card(self, step: int) -> ChatMessage:
        return next(m for m in self.messages.values() if m.author == "us" and m.step == step)

    def apply(self, event: ChatEvent, message_id: int | None) -> None:
        self.events.append(event)
        match event:
            case Opened() if not self.messages:
                self.living(self.ask_name(), 1)
            case Typed(text) if not self.name:
                self.put(max(self.messages) + 1, "them", 1, View(title=text))
                self.hear_name(text)
            case Typed(text):
                self.put(max(self.messages) + 1, "them", 2, View(title=text))
            case Tapped(1, "spanish"):
                self.language = "es"
                self.put(1, "us", 1, self.ask_name())
            case Tapped(2, option) if option in SUBJECTS:
                self.chosen ^= {option}
                self.put(self.card(2).id, "us", 2, self.ask_subjects())
            case Tapped(2, "reopen-2"):
                self.put(self.card(2).id, "us", 2, self.ask_subjects())
            case Tapped(2, "done"):
                self.submitted = True
                self.shrink(2, "Emma learns " + ", ".join(s for s in SUBJECTS if s in self.chosen))
                thinking = "Fitting 31 lessons around soccer and your Tuesday meeting…"
                self.living(View(title=thinking, thinking=True), 3)
            case Command(name="forget"):
                last = max(self.messages)
                self.put(last, "us", 0, View(title="Everything is erased.", farewell=True))
                self.messages = {last: self.messages[last]}
                self.submitted = False
            case Command(name="link"):
                code = "7K2M-ABCD-EFGH-JKMN"
                self.living(View(title="Another device", lines=(code,), secret=True), 0)
            case Command(name="help"):
                self.living(View(title="You can write any time."), 9)

    def hear_name(self, text: str) -> None:
        if not any(char.isalpha() for char in text):
            notice = f"We could not find a name in “{text}”. For example: Sarah."
            again = {"notice": notice, "misread": True}
            self.put(1, "us", 1, self.ask_name().model_copy(update=again))
            return
        self.name = text
        self.shrink(1, f"You are {text}")
        self.living(self.ask_subjects(), 2)

    def ask_name(self) -> View:
        spanish = self.language == "es"
        return View(
            title="¿Cómo te llamas?" if spanish else "What should we call you?",
            lines=("We plan your week together; two minutes, and you can stop any time.",),
            rows=(
                (
                    Button(id="english", label="English", chosen=not spanish),
                    Button(id="spanish", label="Español", chosen=spanish),
                ),
            ),
            hint="Sarah",
            progress=Meter(text="Section 1 of 7", done=0.05),
        )

    def ask_subjects(self) -> View:
        buttons = [Button(id=s, label=s.capitalize(), chosen=s in self.chosen) for s in SUBJECTS]
        return View(
            title="What does Emma learn this year?",
            lines=("We ticked what most children of 9 do. Change whatever you like.",),
            rows=(
                tuple(buttons[:3]),
                tuple(buttons[3:]),
                (Button(id="back", label="Back"), Button(id="done", label="Looks right")),
            ),
            hint="Latin 2x 20 min independent",
            progress=Meter(text="Section 4 of 7 · Emma", done=0.45),
        )

    def finish(self) -> None:
        self.put(
            self.card(3).id,
            "us",
            3,
            View(
                title="Your week is ready",
                lines=("Emma: 16 lessons, done by 12:30.", "Noah: 15 lessons, done by 11:45."),
                links=(
                    LinkButton(label="See the week", url=WEEK),
                    LinkButton(label="Add to my calendar", url=FEED),
                    LinkButton(label="Not a link of ours", url="javascript:alert(1)"),
                ),
                qr=FEED,
            ),
        )


class MemoryChat:
    """A `ChatPort`. Made and used inside one event loop; `change` may come from any thread."""

    def __init__(self) -> None:
        self.conversations: dict[str, Conversation] = {}
        self.signup = True
        self.codes: set[str] = set()
        self.timezones: list[str | None] = []
        self.asked_to_wait = asyncio.Event()
        self._changed = asyncio.Condition()
        self._loop = asyncio.get_running_loop()

    async def begin(self, language: str | None, code: str | None) -> Session | None:
        if not self.signup and code not in self.codes:
            return None
        cookie = new_cookie()
        self.conversations[cookie] = Conversation(language_of(language))
        return replace(self._session(cookie), cookie=cookie)

    async def resume(self, cookie: str) -> Session | None:
        return self._session(cookie) if cookie in self.conversations else None

    async def receive(
        self,
        session: Session,
        event: ChatEvent,
        *,
        key: str,
        message_id: int | None = None,
        timezone: str | None = None,
    ) -> None:
        self.timezones.append(timezone)
        conversation = self._conversation(session)
        async with self._changed:
            if key not in conversation.keys:
                conversation.keys.add(key)
                conversation.apply(event, message_id)
            self._changed.notify_all()

    async def messages(self, session: Session, since: int, wait: float) -> list[ChatMessage]:
        conversation = self._conversation(session)
        if wait:
            self.asked_to_wait.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait), self._changed:
                    await self._changed.wait_for(lambda: conversation.revision > since)
        new = [m for m in conversation.messages.values() if m.revision > since]
        return sorted(new, key=lambda message: message.id)

    def change(self, how: Callable[[Conversation], None]) -> None:
        """Changes the newest conversation, as a task in the background would."""

        async def apply() -> None:
            async with self._changed:
                how(list(self.conversations.values())[-1])
                self._changed.notify_all()

        asyncio.run_coroutine_threadsafe(apply(), self._loop).result(5)

    def _session(self, cookie: str) -> Session:
        number = list(self.conversations).index(cookie)
        conversation = self.conversations[cookie]
        return Session(number, conversation.language, questionnaire=not conversation.submitted)

    def _conversation(self, session: Session) -> Conversation:
        return list(self.conversations.values())[session.account_id]
