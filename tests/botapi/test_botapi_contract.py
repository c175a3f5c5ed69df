"""The fake Bot API server, as two independent clients of the real one see it."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

import httpx
import pytest
import segno
import telegram
from aiogram import Bot as AiogramBot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiogram.types import BufferedInputFile
from aiogram.types import InlineKeyboardButton as AiogramButton
from aiogram.types import InlineKeyboardMarkup as AiogramMarkup
from telegram.error import RetryAfter, TelegramError

from botapi.server import BotApiServer
from botapi.world import labels


@dataclass(frozen=True)
class Refusal(Exception):
    """`description` in lower case: the libraries differ in that, not Telegram."""

    description: str
    retry_after: float | None = None


class Client(Protocol):
    """What both libraries can do, in one vocabulary."""

    async def call(self, method: str, **params: Any) -> Any: ...


class PtbClient:
    def __init__(self, bot: telegram.Bot) -> None:
        self._bot = bot

    async def call(self, method: str, **params: Any) -> Any:
        if keys := params.pop("keys", None):
            params["reply_markup"] = telegram.InlineKeyboardMarkup(
                [
                    [telegram.InlineKeyboardButton(text, callback_data=data) for text, data in row]
                    for row in keys
                ]
            )
        try:
            return await getattr(self._bot, method)(**params)
        except RetryAfter as error:
            pause = error.retry_after
            raise Refusal(error.message.lower(), pause.total_seconds()) from error
        except TelegramError as error:
            raise Refusal(error.message.lower()) from error


class AiogramClient:
    def __init__(self, bot: AiogramBot) -> None:
        self._bot = bot

    async def call(self, method: str, **params: Any) -> Any:
        if keys := params.pop("keys", None):
            params["reply_markup"] = AiogramMarkup(
                inline_keyboard=[
                    [AiogramButton(text=text, callback_data=data) for text, data in row]
                    for row in keys
                ]
            )
        if isinstance(photo := params.get("photo"), bytes):
            params["photo"] = BufferedInputFile(photo, "code.png")
        try:
            return await getattr(self._bot, method)(**params)
        except TelegramRetryAfter as error:
            raise Refusal(error.message.lower(), error.retry_after) from error
        except TelegramAPIError as error:
            raise Refusal(error.message.lower()) from error


@pytest.fixture(params=["python-telegram-bot", "aiogram"])
async def client(
    request: pytest.FixtureRequest, bot_api: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Client]:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    if request.param == "aiogram":
        session = AiohttpSession(api=TelegramAPIServer.from_base(bot_api.base))
        async with AiogramBot(bot_api.token, session=session) as aiogram_bot:
            yield AiogramClient(aiogram_bot)
    else:
        async with telegram.Bot(bot_api.token, base_url=f"{bot_api.base}/bot") as ptb_bot:
            yield PtbClient(ptb_bot)


async def refusal(client: Client, method: str, **params: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        await client.call(method, **params)
    return caught.value


async def test_a_message_is_kept_with_its_entities_and_buttons(
    client: Client, bot_api: BotApiServer
) -> None:
    sarah = bot_api.world.user()
    sent = await client.call(
        "send_message",
        chat_id=sarah.id,
        text="😀 <b>Noah &amp; Emma</b>",
        parse_mode="HTML",
        keys=[[("Yes", "a"), ("No", "b")]],
    )
    (message,) = sarah.received()
    assert message["message_id"] == sent.message_id
    assert message["text"] == sent.text == "😀 Noah & Emma"
    assert message["entities"] == [{"type": "bold", "offset": 3, "length": 11}]
    assert labels(message) == ["Yes", "No"]


async def test_updates_come_again_until_confirmed(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    for text in ("one", "two", "three"):
        sarah.send(text)
    first = await client.call("get_updates")
    again = await client.call("get_updates")
    assert [update.message.text for update in first] == ["one", "two", "three"]
    assert [update.update_id for update in again] == [update.update_id for update in first]
    assert first[0].message.from_user.id == sarah.id
    rest = await client.call("get_updates", offset=first[1].update_id)
    assert [update.message.text for update in rest] == ["two", "three"]
    assert not await client.call("get_updates", offset=first[2].update_id + 1)
    bot_api.world.redeliver(first[1].update_id)
    (again_one,) = await client.call("get_updates")
    assert again_one.message.text == "two"


async def test_a_waiting_question_ends_with_the_next_update(
    client: Client, bot_api: BotApiServer
) -> None:
    sarah = bot_api.world.user()
    asked = asyncio.create_task(client.call("get_updates", timeout=10))
    await asyncio.sleep(0.1)
    started = time.monotonic()
    sarah.send("here")
    (update,) = await asked
    assert update.message.text == "here"
    assert time.monotonic() - started < 2


async def test_a_tap_names_chat_message_and_person(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    sent = await client.call("send_message", chat_id=sarah.id, text="Pick", keys=[[("Yes", "a.b")]])
    sarah.tap(sarah.received()[0], "Yes")
    (update,) = await client.call("get_updates")
    query = update.callback_query
    assert (query.data, query.from_user.id) == ("a.b", sarah.id)
    assert (query.message.message_id, query.message.chat.id) == (sent.message_id, sarah.id)
    assert await client.call("answer_callback_query", callback_query_id=query.id)
    old = await refusal(client, "answer_callback_query", callback_query_id="1")
    assert "query is too old" in old.description


async def test_edits_replace_and_refuse_as_telegram_does(
    client: Client, bot_api: BotApiServer
) -> None:
    sarah = bot_api.world.user()
    sent = await client.call("send_message", chat_id=sarah.id, text="one", keys=[[("Yes", "a")]])
    place = {"chat_id": sarah.id, "message_id": sent.message_id}
    await client.call("edit_message_text", **place, text="two")
    assert sarah.received()[0]["text"] == "two"
    assert not labels(sarah.received()[0])
    same = await refusal(client, "edit_message_text", **place, text="two")
    assert "message is not modified" in same.description
    await client.call("edit_message_reply_markup", **place, keys=[[("No", "b")]])
    assert labels(sarah.received()[0]) == ["No"]
    theirs = sarah.send("mine")
    foreign = await refusal(
        client,
        "edit_message_text",
        chat_id=sarah.id,
        message_id=theirs["message_id"],
        text="x",
    )
    assert "message can't be edited" in foreign.description
    await client.call("delete_message", **place)
    gone = await refusal(client, "edit_message_text", **place, text="three")
    assert "message to edit not found" in gone.description


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": " "}, "message text is empty"),
        ({"text": "<b>x", "parse_mode": "HTML"}, "Can't find end tag"),
        ({"text": "<x>x</x>", "parse_mode": "HTML"}, "Unsupported start tag"),
        ({"text": "a < b", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "x", "keys": [[("Yes", "d" * 65)]]}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "keys": [[("Yes", "d")] * 8] * 13}, "reply markup is too long"),
    ],
)
async def test_limits_are_telegrams(
    client: Client, bot_api: BotApiServer, params: dict[str, Any], description: str
) -> None:
    sarah = bot_api.world.user()
    refused = await refusal(client, "send_message", chat_id=sarah.id, **params)
    assert description.lower() in refused.description
    assert not sarah.received()


async def test_the_longest_message_passes(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    await client.call("send_message", chat_id=sarah.id, text="😀" * 2048)
    assert len(sarah.received()) == 1


async def test_a_photo_arrives(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    png = BytesIO()
    segno.make("hello").save(png, kind="png")
    await client.call("send_photo", chat_id=sarah.id, photo=png.getvalue(), caption="Scan me")
    assert bot_api.world.photos == [(sarah.id, png.getvalue())]
    assert sarah.received()[0]["caption"] == "Scan me"


async def test_a_flood_closes_the_door_for_a_while(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    bot_api.faults.flood(calls=1, retry_after=1)
    refused = await refusal(client, "send_message", chat_id=sarah.id, text="x")
    assert refused.retry_after == 1
    assert bot_api.faults.early_calls == 0
    await refusal(client, "send_message", chat_id=sarah.id, text="x")
    assert bot_api.faults.early_calls == 1
    await asyncio.sleep(1.05)
    await client.call("send_message", chat_id=sarah.id, text="x")


async def test_people_can_shut_the_bot_out(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    sarah.block()
    refused = await refusal(client, "send_message", chat_id=sarah.id, text="x")
    assert "bot was blocked by the user" in refused.description
    unknown = await refusal(client, "send_message", chat_id=1, text="x")
    assert "chat not found" in unknown.description
    (update,) = await client.call("get_updates")
    assert update.my_chat_member.new_chat_member.status == "kicked"


async def test_a_lacking_method_and_a_broken_server(client: Client, bot_api: BotApiServer) -> None:
    sarah = bot_api.world.user()
    bot_api.faults.lack("sendChatAction")
    refused = await refusal(client, "send_chat_action", chat_id=sarah.id, action="typing")
    assert "not found" in refused.description
    bot_api.faults.fail(502, "Bad Gateway")
    assert (
        "bad gateway"
        in (await refusal(client, "send_message", chat_id=sarah.id, text="x")).description
    )
    assert not sarah.received()


async def test_a_group_shows_the_bot_only_what_is_for_it(
    client: Client, bot_api: BotApiServer
) -> None:
    sarah, group = bot_api.world.user(), bot_api.world.group("Home")
    await client.call("send_message", chat_id=group.id, text="Morning")
    card = sarah.received(group)[0]
    sarah.send("chatter", group)
    sarah.send("/today", group)
    sarah.send("done", group, reply_to=card)
    updates = await client.call("get_updates")
    assert [update.message.text for update in updates] == ["/today", "done"]
    supergroup = bot_api.world.migrate(group)
    with pytest.raises(Refusal):
        await client.call("send_message", chat_id=group.id, text="x")
    await client.call("send_message", chat_id=supergroup.id, text="x")


async def test_the_webhook_carries_the_secret_and_is_tried_again(
    client: Client, bot_api: BotApiServer
) -> None:
    seen: list[tuple[str, bytes]] = []
    twice = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        seen.append((head, await reader.readexactly(length)))
        status = "500 Oops" if len(seen) == 1 else "200 OK"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )
        await writer.drain()
        writer.close()
        if len(seen) == 2:
            twice.set()

    receiver = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = receiver.sockets[0].getsockname()[1]
    async with receiver:
        await client.call("set_webhook", url=f"http://127.0.0.1:{port}/x", secret_token="s3cret")
        conflict = await refusal(client, "get_updates")
        assert "webhook is active" in conflict.description
        bot_api.world.user().send("hello")
        await asyncio.wait_for(twice.wait(), 5)
        info = await client.call("get_webhook_info")
        assert info.url.endswith("/x")
    assert all("x-telegram-bot-api-secret-token: s3cret" in head for head, _ in seen)
    assert seen[0][1] == seen[1][1]
    assert b'"hello"' in seen[0][1]
    await client.call("delete_webhook")
    assert not (await client.call("get_webhook_info")).url


async def test_what_no_client_should_send_is_told() -> None:
    with BotApiServer() as server:
        sarah = server.world.user()
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(
                f"{server.base}/bot{server.token}/sendMessage",
                json={"chat_id": sarah.id, "text": "x", "colour": "red"},
            )
            wrong = await http.post(f"{server.base}/bot1:wrong/getMe")
    assert answer.status_code == 400
    assert wrong.json() == {"ok": False, "error_code": 401, "description": "Unauthorized"}
    with pytest.raises(AssertionError, match="colour"):
        server.check()
