"""A button works for its reader, in its chat, on its message, at its step and in its time; any
other tap changes nothing and is still answered."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from botapi.server import BotApiServer
from botapi.world import Person, buttons
from parts import (
    SUNDAY_EVENING,
    answer,
    fetch,
    household,
    in_browser,
    in_telegram,
    last_said,
    of_families,
    opened,
    rows,
    say_to_us,
    work,
)
from whole_program import Clock

from app.services import Services
from app.updates import hear
from bot.conversations.cards import Opened, Tapped
from bot.translate import Callback, decode_callback, encode_callback

Press = Callable[[], str]


@pytest.fixture
def clock() -> Clock:
    clock = Clock(SUNDAY_EVENING)
    clock.set("2026-11-23T09:15:00-05:00")
    return clock


def data_of(message: dict[str, Any]) -> list[str]:
    return [key["callback_data"] for row in buttons(message) for key in row]


def newest(person: Person) -> dict[str, Any]:
    return person.received()[-1]


def forged(data: str) -> Iterator[str]:
    """Neighbours of a button's data, and what no button of ours carries."""
    known = decode_callback(data)
    assert known is not None
    for changed in (
        Callback(known.message_id + 1, known.step, known.option),
        Callback(0, known.step, known.option),
        Callback(2**31 - 1, known.step, known.option),
        Callback(known.message_id, known.step + 1, known.option),
        Callback(known.message_id, known.step - 1, known.option),
        Callback(known.message_id, 2**31 - 1, known.option),
        Callback(known.message_id, known.step, f"{known.option}0"),
        Callback(known.message_id, known.step, "forget-yes"),
        Callback(known.message_id, known.step, "d1000000"),
    ):
        yield encode_callback(changed.message_id, changed.step, changed.option)
    yield "1y2p0ij32e8e7.1.d1"  # 2^63 - 1, which no column of ours holds
    yield from ("", ".", "..", "a.b", "zzzzzzzzzzzzzz.1.d1", "1.1.D1", "١.1.d1", "1.1.d١", "x" * 64)


async def refused(
    services: Services, bot_api: BotApiServer, conninfo: str, chat: Person, presses: list[Press]
) -> None:
    """None of the taps in a chat changes a family or a draft. For each the waiting sign on its
    button ends, and something is said."""
    before = of_families(conninfo), drafts(conninfo)
    said = revision(conninfo, chat)
    queries = [press() for press in presses]
    await answer(services, bot_api)
    assert all(bot_api.world.callbacks[query] for query in queries)
    assert revision(conninfo, chat) >= said + len(presses)
    assert (of_families(conninfo), drafts(conninfo)) == before


def revision(conninfo: str, chat: Person) -> int:
    """How often something was said or edited in a person's private chat."""
    query = """
        SELECT max(m.revision) AS last FROM messages m
        JOIN chat_accounts a ON a.id = m.chat_account_id WHERE a.external_id = %s
    """
    return int(rows(conninfo, query, str(chat.id))[0]["last"])


def drafts(conninfo: str) -> list[dict[str, Any]]:
    """Each draft, without the time and the message of its card."""
    found = rows(conninfo, "SELECT * FROM questionnaire_sessions ORDER BY chat_account_id")
    return [
        {key: value for key, value in row["session_data"].items() if key not in OF_THE_CARD}
        for row in found
    ]


OF_THE_CARD = ("lastUpdated", "livingCard")


async def test_a_days_list_answers_only_its_own_reader_in_its_own_time(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home, other = await household(services), await household(services, ("Wren",))
        sarah, ben, mallory = (bot_api.world.user(name) for name in ("Sarah", "Ben", "Mallory"))
        await in_telegram(services, sarah, home)
        await in_telegram(services, ben, other)
        for person, words in ((ben, "/today"), (mallory, "/start"), (sarah, "/help")):
            person.send(words)
        await answer(services, bot_api)
        elsewhere = newest(sarah)
        sarah.send("/today")
        await answer(services, bot_api)
        card = newest(sarah)
        taps = data_of(card)
        assert len(taps) == 6

        def tap(person: Person, message: dict[str, Any], data: str) -> Press:
            return lambda: person.tap_data(message, data)

        # Of another family, of none, another user in this very chat, on another message.
        for chat, tapper, message in (
            (ben, ben, newest(ben)),
            (mallory, mallory, newest(mallory)),
            (sarah, mallory, card),
            (sarah, sarah, elsewhere),
        ):
            presses = [tap(tapper, message, data) for data in taps]
            await refused(services, bot_api, conninfo, chat, presses)
        wrong = [tap(sarah, card, data) for data in forged(taps[0])]
        await refused(services, bot_api, conninfo, sarah, wrong)

        began = clock.now
        clock.set("2026-11-25T09:15:01-05:00")
        late = [tap(sarah, card, data) for data in taps]
        await refused(services, bot_api, conninfo, sarah, late)
        clock.now = began

        # The very same taps, as they are meant, do work.
        before = of_families(conninfo)
        sarah.tap_data(card, taps[0])
        await answer(services, bot_api)
        assert of_families(conninfo) != before
        assert len(rows(conninfo, "SELECT * FROM activity_logs")) == 1


async def test_two_taps_at_once_count_once(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        home = await household(services)
        sarah = bot_api.world.user("Sarah")
        await in_telegram(services, sarah, home)
        sarah.send("/today")
        await answer(services, bot_api)
        card = newest(sarah)
        for data in data_of(card)[:2]:
            sarah.tap_data(card, data)
            sarah.tap_data(card, data)
        await fetch(services, bot_api)
        # All four at the same moment, without the order that the workers keep.
        waiting = rows(conninfo, "SELECT id, chat_key FROM inbox WHERE processed_at IS NULL")
        assert len(waiting) == 4
        await asyncio.gather(*(hear(services, row["id"], row["chat_key"]) for row in waiting))
        await work(services)
        logs = rows(conninfo, "SELECT item_uid FROM activity_logs")
        assert len(logs) == len({log["item_uid"] for log in logs}) == 2
        assert rows(conninfo, "SELECT 1 FROM inbox WHERE processed_at IS NULL") == []
        assert rows(conninfo, "SELECT 1 FROM procrastinate_jobs WHERE status = 'failed'") == []


async def test_the_living_card_answers_only_its_own_reader_at_its_own_step(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah, mallory = bot_api.world.user("Sarah"), bot_api.world.user("Mallory")
        sarah.send("/help")
        sarah.send("/start")
        mallory.send("/start")
        await answer(services, bot_api)
        elsewhere, consent = sarah.received()
        old = data_of(consent)
        sarah.tap(consent, "I agree")
        await answer(services, bot_api)
        card = sarah.received()[-1]
        assert card["message_id"] == consent["message_id"]
        taps = data_of(card)
        assert set(taps).isdisjoint(old)

        def tap(person: Person, message: dict[str, Any], data: str) -> Press:
            return lambda: person.tap_data(message, data)

        for chat, tapper, message in (
            (mallory, mallory, newest(mallory)),
            (sarah, mallory, card),
            (sarah, sarah, elsewhere),
        ):
            presses = [tap(tapper, message, data) for data in taps]
            await refused(services, bot_api, conninfo, chat, presses)
        # Buttons of the step before, of the message that shows another question by now.
        await refused(services, bot_api, conninfo, sarah, [tap(sarah, card, data) for data in old])
        wrong = [tap(sarah, card, data) for data in forged(taps[0])]
        await refused(services, bot_api, conninfo, sarah, wrong)

        before = drafts(conninfo)
        sarah.tap_data(card, taps[0])
        sarah.tap_data(card, taps[0])
        await answer(services, bot_api)
        assert drafts(conninfo) != before
        # The second one met the next question, and did not answer that.
        known = decode_callback(taps[0])
        assert known is not None
        shown = rows(conninfo, "SELECT step FROM messages WHERE id = %s", known.message_id)
        assert shown == [{"step": known.step + 1}]


async def test_a_tap_counts_before_the_channels_id_of_the_message_is_known(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> None:
    async with opened(database_url, tmp_path, clock, bot_api) as services:
        sarah = bot_api.world.user("Sarah")
        sarah.send("/start")
        await answer(services, bot_api)
        (consent,) = sarah.received()
        # The sender was stopped, or is just slower than a thumb.
        with psycopg.connect(conninfo) as connection:
            connection.execute("UPDATE messages SET state = 'sending', external_id = NULL")
        sarah.tap(consent, "I agree")
        await answer(services, bot_api)
        assert drafts(conninfo)[0]["agreements"] == {"consent": "agreed"}


async def test_a_browser_taps_only_its_own_messages(
    database_url: str, conninfo: str, tmp_path: Path, clock: Clock
) -> None:
    async with opened(database_url, tmp_path, clock) as services:
        home, other = await household(services), await household(services, ("Wren",))
        sarah = await in_browser(services, "s" * 43, home)
        # The parent's second device belongs to the same family, and has its own messages too.
        tablet = await in_browser(services, "t" * 43, home)
        ben = await in_browser(services, "b" * 43, other)
        mallory = await in_browser(services, "m" * 43)
        await say_to_us(services, sarah, Opened())
        card = last_said(conninfo, sarah)
        before = of_families(conninfo)
        options = [button["id"] for row in card["view"]["rows"] for button in row]
        for stranger in (ben, mallory, tablet):
            for option in options:
                tapped = Tapped(card["step"], option)
                await say_to_us(services, stranger, tapped, message_id=card["id"])
                assert of_families(conninfo) == before
                assert last_said(conninfo, stranger)["author"] == "us"
        assert last_said(conninfo, sarah) == card
        await say_to_us(services, sarah, Tapped(card["step"], options[0]), message_id=card["id"])
        assert of_families(conninfo) != before
