"""The Telegram channel against a Bot API server over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from io import BytesIO

import pytest
import segno
from botapi.server import BotApiServer
from botapi.world import Person, labels

from bot.send import (
    Ambiguous,
    ChatBlocked,
    ChatMoved,
    DeliveryError,
    MessageGone,
    Refused,
    RetryLater,
    ServerFailed,
    TokenRefused,
    Unreachable,
)
from bot.telegram import TelegramChannel
from bot.views import Button, LinkButton, View

CARD = View(
    title="Who is in your family?",
    rows=((Button(id="yes", label="Yes"), Button(id="no", label="No", chosen=True)),),
    hint="Emma 9, Noah 6",
)


@pytest.fixture
async def channel(bot_api: BotApiServer) -> AsyncIterator[TelegramChannel]:
    async with TelegramChannel(bot_api.token, bot_api.base) as opened:
        yield opened


@pytest.fixture
def sarah(bot_api: BotApiServer) -> Person:
    return bot_api.world.user("Sarah")


async def test_a_card_is_sent_and_edited_in_place(channel: TelegramChannel, sarah: Person) -> None:
    external_id = await channel.send(str(sarah.id), 5, 1, CARD)
    (message,) = sarah.received()
    assert str(message["message_id"]) == external_id
    assert message["text"] == "Who is in your family?\n\nEmma 9, Noah 6"
    assert [entity["type"] for entity in message["entities"]] == ["bold", "italic"]
    assert labels(message) == ["Yes", "✓ No"]

    shrunk = View(title="Emma and Noah", shrunk=True)
    await channel.edit(str(sarah.id), external_id, 5, 2, shrunk)
    await channel.edit(str(sarah.id), external_id, 5, 2, shrunk)
    (message,) = sarah.received()
    assert message["text"] == "Emma and Noah"
    assert labels(message) == []


async def test_links_the_phone_can_open_become_buttons(
    channel: TelegramChannel, sarah: Person
) -> None:
    links = (
        LinkButton(label="Open the week", url="https://plan.example.org/week/x"),
        LinkButton(label="Calendar", url="webcal://plan.example.org/feeds/x.ics"),
        LinkButton(label="Here", url="http://localhost:8000/week/x"),
    )
    await channel.send(str(sarah.id), 5, 1, View(title="Your week", links=links))
    (message,) = sarah.received()
    assert labels(message) == ["Open the week"]
    assert "webcal://plan.example.org/feeds/x.ics" in message["text"]
    assert "not on a phone" in message["text"]


async def test_a_long_view_goes_in_several_messages_with_buttons_under_the_last(
    channel: TelegramChannel, sarah: Person
) -> None:
    view = CARD.model_copy(update={"lines": ("😀" * 1500,) * 4})
    external_id = await channel.send(str(sarah.id), 5, 1, view)
    messages = sarah.received()
    assert len(messages) > 1
    assert str(messages[-1]["message_id"]) == external_id
    assert [bool(labels(message)) for message in messages] == [False] * (len(messages) - 1) + [True]
    with pytest.raises(MessageGone):
        await channel.edit(str(sarah.id), external_id, 5, 1, view)


async def test_a_code_is_shown_as_a_picture_below_the_card(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    await channel.send(str(sarah.id), 5, 1, CARD.model_copy(update={"qr": "https://x.example/1"}))
    card, photo = sarah.received()
    expected = BytesIO()
    segno.make("https://x.example/1", error="m").save(expected, kind="png", scale=8, border=4)
    assert "photo" in photo
    assert "text" in card
    assert bot_api.world.photos == [(sarah.id, expected.getvalue())]


async def test_taps_are_answered_and_typing_is_shown(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    await channel.send(str(sarah.id), 5, 1, CARD)
    query = sarah.tap(sarah.received()[0], "Yes")
    await channel.answer(query, "Noted")
    await channel.answer("123")
    await channel.typing(str(sarah.id))
    assert bot_api.world.callbacks[query] is True
    assert sarah.chat.actions == ["typing"]


async def test_commands_are_offered_per_language(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    await channel.offer_commands([("today", "Today's list")], "en")
    assert bot_api.world.commands["en"][0]["command"] == "today"


async def test_a_server_without_the_optional_methods_is_enough(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    lacking = ["sendPhoto", "sendChatAction", "answerCallbackQuery", "setMyCommands", "getMe"]
    bot_api.faults.lack(*lacking, "deleteWebhook")
    for _ in range(2):
        await channel.send(str(sarah.id), 5, 1, CARD.model_copy(update={"qr": "x"}))
        await channel.typing(str(sarah.id))
        await channel.answer("1")
        await channel.offer_commands([("today", "Today")], "en")
        await channel.delete_webhook()
        assert await channel.username() is None
    assert len(sarah.received()) == 2
    assert {method: len(bot_api.called(method)) for method in lacking} == dict.fromkeys(lacking, 1)


async def test_a_failing_extra_does_not_cost_the_card(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    bot_api.faults.fail(500, "Internal Server Error", method="sendPhoto")
    bot_api.faults.fail(400, "Bad Request: IMAGE_PROCESS_FAILED", method="sendPhoto")
    for _ in range(3):
        await channel.send(str(sarah.id), 5, 1, CARD.model_copy(update={"qr": "x"}))
    assert ["photo" in message for message in sarah.received()] == [False, False, False, True]


async def test_a_flood_at_the_picture_does_not_send_the_card_again(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    bot_api.faults.flood(calls=1, retry_after=1, method="sendPhoto")
    await channel.send(str(sarah.id), 5, 1, CARD.model_copy(update={"qr": "x"}))
    assert ["photo" in message for message in sarah.received()] == [False]


async def test_the_name_is_asked_once(channel: TelegramChannel, bot_api: BotApiServer) -> None:
    assert await channel.username() == await channel.username() == bot_api.world.bot["username"]
    assert len(bot_api.called("getMe")) == 1


async def test_a_pause_is_handed_to_the_caller(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    bot_api.faults.flood(retry_after=7)
    with pytest.raises(RetryLater) as caught:
        await channel.send(str(sarah.id), 5, 1, CARD)
    assert caught.value.seconds == 7
    assert bot_api.faults.early_calls == 0
    assert len(bot_api.called("sendMessage")) == 1


Order = Callable[[BotApiServer, Person], None]


@pytest.mark.parametrize(
    ("order", "kind"),
    [
        (lambda server, person: person.block(), ChatBlocked),
        (lambda server, person: server.world.chats.pop(person.id), ChatBlocked),
        (lambda server, person: server.faults.fail(502, "Bad Gateway"), ServerFailed),
        (lambda server, person: server.faults.fail(401, "Unauthorized"), TokenRefused),
        (lambda server, person: server.faults.fail(400, "Bad Request: odd"), Refused),
    ],
)
async def test_each_refusal_has_its_own_type(
    channel: TelegramChannel,
    sarah: Person,
    bot_api: BotApiServer,
    order: Order,
    kind: type[DeliveryError],
) -> None:
    order(bot_api, sarah)
    with pytest.raises(kind):
        await channel.send(str(sarah.id), 5, 1, CARD)
    assert sarah.received() == []


async def test_a_group_that_moved_tells_where(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    group = bot_api.world.group("Home")
    supergroup = bot_api.world.migrate(group)
    with pytest.raises(ChatMoved) as caught:
        await channel.send(str(group.id), 5, 1, CARD)
    assert caught.value.external_id == str(supergroup.id)
    await channel.send(caught.value.external_id, 5, 1, CARD)


async def test_a_deleted_message_is_gone(
    channel: TelegramChannel, sarah: Person, bot_api: BotApiServer
) -> None:
    external_id = await channel.send(str(sarah.id), 5, 1, CARD)
    sarah.chat.messages.clear()
    with pytest.raises(MessageGone):
        await channel.edit(str(sarah.id), external_id, 5, 2, View(title="New"))


async def test_a_lost_answer_is_ambiguous(sarah: Person, bot_api: BotApiServer) -> None:
    bot_api.faults.deliver_then_hang(5)
    async with TelegramChannel(bot_api.token, bot_api.base, answer_seconds=0.5) as hasty:
        with pytest.raises(Ambiguous):
            await hasty.send(str(sarah.id), 5, 1, CARD)
    await asyncio.to_thread(sarah.wait_for)
    assert len(sarah.received()) == 1


async def test_no_server_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{unused.getsockname()[1]}"
        async with TelegramChannel("1:x", base) as channel:
            calls: list[Callable[[], Awaitable[object]]] = [
                lambda: channel.send("1", 5, 1, CARD),
                lambda: channel.edit("1", "2", 5, 1, CARD),
                lambda: channel.typing("1"),
                lambda: channel.updates(None),
            ]
            for call in calls:
                with pytest.raises(Unreachable):
                    await call()


async def test_many_sends_at_once_share_the_connections(
    channel: TelegramChannel, bot_api: BotApiServer
) -> None:
    people = [bot_api.world.user(f"Parent {n}") for n in range(25)]
    await asyncio.gather(*(channel.send(str(person.id), 1, 1, CARD) for person in people))
    assert all(len(person.received()) == 1 for person in people)
