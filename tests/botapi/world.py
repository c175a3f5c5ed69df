"""Chats, messages and people as Telegram keeps them, and what people do in them."""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

DEFAULT_UPDATES = frozenset({"message", "edited_message", "callback_query", "my_chat_member"})


@dataclass
class Chat:
    """`messages` maps message ids to messages as the Bot API shows them, oldest first."""

    id: int
    type: str
    title: str
    messages: dict[int, dict[str, Any]] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    blocked: bool = False
    moved_to: int | None = None

    def shown(self) -> dict[str, Any]:
        name = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        return {"id": self.id, "type": self.type, **name}


class World:
    """What the server knows. Every public method may be called from any thread."""

    def __init__(self, seed: int, changed: Callable[[], None]) -> None:
        chance = random.Random(seed)
        self.lock = threading.RLock()
        self.bot = {
            "id": 7_000_000_001,
            "is_bot": True,
            "first_name": "BrightPath",
            "username": "brightpath_test_bot",
        }
        self.chats: dict[int, Chat] = {}
        self.callbacks: dict[str, bool] = {}
        self.commands: dict[str, Any] = {}
        self.photos: list[tuple[int, bytes]] = []
        self.webhook: tuple[str, str] | None = None
        self.webhook_error = ""
        self.updates: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self._sent_updates: dict[int, dict[str, Any]] = {}
        self._allowed = DEFAULT_UPDATES
        self._changed = changed
        self._next_update = chance.randrange(100_000_000, 900_000_000)
        self._next_user = chance.randrange(10_000_000, 90_000_000)
        self._next_message = chance.randrange(10, 1000)
        self._next_query = chance.randrange(10**17, 10**18)

    def user(self, name: str = "Sarah", language: str | None = "en") -> "Person":
        """Somebody new, who has opened a private chat with the bot and written nothing yet."""
        with self.lock:
            self._next_user += 1
            chat = Chat(self._next_user, "private", name)
            self.chats[chat.id] = chat
            return Person(self, chat, name, language)

    def group(self, title: str) -> Chat:
        """A group that the bot is a member of."""
        with self.lock:
            self._next_user += 1
            chat = Chat(-self._next_user, "group", title)
            self.chats[chat.id] = chat
            return chat

    def migrate(self, chat: Chat) -> Chat:
        """Makes a supergroup of `chat`; calls to the old id tell the new one."""
        with self.lock:
            new = Chat(-1_000_000_000_000 + chat.id, "supergroup", chat.title)
            self.chats[new.id] = new
            chat.moved_to = new.id
            return new

    def redeliver(self, update_id: int) -> None:
        """Sends an update again, though it was confirmed."""
        with self.lock:
            self.updates[update_id] = self._sent_updates[update_id]
            self.updates.move_to_end(update_id)
        self._changed()

    @property
    def last_update_id(self) -> int:
        return self._next_update - 1

    def allow(self, kinds: list[str] | None) -> None:
        """Restricts the kinds of updates made from now on; None keeps what was said before."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or DEFAULT_UPDATES

    def confirm(self, below: int) -> None:
        """Forgets the waiting updates with ids under `below`."""
        for update_id in [known for known in self.updates if known < below]:
            del self.updates[update_id]

    def post(self, chat: Chat, body: dict[str, Any]) -> dict[str, Any]:
        """A message of the bot in `chat`, as the Bot API shows it."""
        return self._message(chat, self.bot, body)

    def write(
        self, chat: Chat, sender: dict[str, Any], body: dict[str, Any], *, visible: bool
    ) -> dict[str, Any]:
        """A message of a person; `visible`: the bot gets an update of it."""
        with self.lock:
            message = self._message(chat, sender, body)
            if visible:
                self.publish("message", message)
            return message

    def edit(self, message: dict[str, Any], text: str) -> None:
        with self.lock:
            message |= {"text": text, "edit_date": int(time.time())}
            self.publish("edited_message", message)

    def tap(self, sender: dict[str, Any], message: dict[str, Any], data: str) -> str:
        """A tap on a button that carries `data`; returns the id of the callback query."""
        with self.lock:
            self._next_query += 1
            query_id = str(self._next_query)
            self.callbacks[query_id] = False
            self.publish(
                "callback_query",
                {
                    "id": query_id,
                    "from": sender,
                    "message": dict(message),
                    "chat_instance": str(message["chat"]["id"]),
                    "data": data,
                },
            )
            return query_id

    def publish(self, kind: str, content: dict[str, Any]) -> None:
        """A new update, unless the bot did not ask for its kind."""
        if kind not in self._allowed:
            return
        update_id = self._next_update
        self._next_update += 1
        update = {"update_id": update_id, kind: dict(content)}
        self.updates[update_id] = update
        self._sent_updates[update_id] = update
        self._changed()

    def _message(self, chat: Chat, sender: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        self._next_message += 1
        message = {
            "message_id": self._next_message,
            "date": int(time.time()),
            "chat": chat.shown(),
            "from": sender,
            **body,
        }
        chat.messages[self._next_message] = message
        return message


class Person:
    """Somebody with a phone: writes, taps, edits, blocks, and reads what the bot sent."""

    def __init__(self, world: World, chat: Chat, name: str, language: str | None) -> None:
        self._world = world
        self.chat = chat
        self.shown: dict[str, Any] = {"id": chat.id, "is_bot": False, "first_name": name}
        if language is not None:
            self.shown["language_code"] = language

    @property
    def id(self) -> int:
        return self.chat.id

    def send(
        self, text: str, chat: Chat | None = None, *, reply_to: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Writes `text`, in the private chat or in a group. In a group the bot gets to see only
        commands and replies to its own messages."""
        body: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            body["entities"] = [
                {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
            ]
        return self.send_content(body, chat, reply_to=reply_to)

    def send_content(
        self,
        body: dict[str, Any],
        chat: Chat | None = None,
        *,
        reply_to: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Sends any message, as the fields the Bot API gives it (a sticker, a forward…)."""
        chat = chat or self.chat
        if reply_to is not None:
            body = {**body, "reply_to_message": reply_to}
        to_bot = reply_to is not None and reply_to["from"]["id"] == self._world.bot["id"]
        visible = chat.type == "private" or to_bot or body.get("text", "").startswith("/")
        return self._world.write(chat, self.shown, body, visible=visible)

    def edit(self, message: dict[str, Any], text: str) -> None:
        """Changes an own message afterwards."""
        self._world.edit(message, text)

    def tap(self, message: dict[str, Any], button: str) -> str:
        """Taps the button whose label is `button` (with or without its tick)."""
        keys = [key for row in buttons(message) for key in row]
        for key in keys:
            if key["text"].removeprefix("✓ ") == button and "callback_data" in key:
                return self.tap_data(message, key["callback_data"])
        raise LookupError(f"no button {button!r} among {[key['text'] for key in keys]}")

    def tap_data(self, message: dict[str, Any], data: str) -> str:
        """A tap that carries any data, as a forger or an old keyboard would send it."""
        return self._world.tap(self.shown, message, data)

    def block(self, blocked: bool = True) -> None:
        """Blocks the bot (or, with False, lets it in again)."""
        with self._world.lock:
            old, self.chat.blocked = self.chat.blocked, blocked
            self._world.publish(
                "my_chat_member",
                {
                    "chat": self.chat.shown(),
                    "from": self.shown,
                    "date": int(time.time()),
                    "old_chat_member": self._membership(old),
                    "new_chat_member": self._membership(blocked),
                },
            )

    def _membership(self, blocked: bool) -> dict[str, Any]:
        if blocked:
            return {"user": self._world.bot, "status": "kicked", "until_date": 0}
        return {"user": self._world.bot, "status": "member"}

    def received(self, chat: Chat | None = None) -> list[dict[str, Any]]:
        """The bot's messages as they stand now, oldest first."""
        with self._world.lock:
            return [
                dict(message)
                for message in (chat or self.chat).messages.values()
                if message["from"]["id"] == self._world.bot["id"]
            ]

    def wait_for(
        self,
        condition: Callable[[dict[str, Any]], bool] = lambda message: True,
        *,
        chat: Chat | None = None,
        timeout: float = 10.0,
    ) -> dict[str, Any]:
        """The newest message of the bot that meets `condition`, waited for up to `timeout` s.

        Blocks its thread: call it in one (`asyncio.to_thread`) where the bot runs in this loop.
        """
        found: list[dict[str, Any]] = []

        def arrived() -> bool:
            found[:] = [m for m in reversed(self.received(chat)) if condition(m)][:1]
            return bool(found)

        try:
            wait_until(arrived, timeout)
        except TimeoutError as error:
            texts = [message.get("text") for message in self.received(chat)]
            raise TimeoutError(f"no such message among {texts}") from error
        return found[0]


def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
    """Blocks its thread until `condition` holds; raises TimeoutError after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.01)


def buttons(message: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The inline keyboard of a message, row by row."""
    return message.get("reply_markup", {}).get("inline_keyboard", [])


def labels(message: dict[str, Any]) -> list[str]:
    """The labels on a message's buttons."""
    return [key["text"] for row in buttons(message) for key in row]
