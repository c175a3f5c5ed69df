"""A family of two, from /start to "done", over HTTP against a Bot API server, with everything real
but Telegram itself and the time."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from botapi.server import BotApiServer
from botapi.world import Person, labels, wait_until
from family_of_two import (
    LESSONS,
    MONDAY,
    assert_calendars_hold,
    clock_of,
    feed_urls,
    rows,
    stored_week,
)
from whole_program import Clock, Program

from app.clock import tick

PUBLIC = "https://brightpath.example"
SUNDAY_EVENING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
PLANNED = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


@pytest.fixture
def program(
    database_url: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer
) -> Iterator[Program]:
    """The program, polling the Bot API server."""
    with Program(
        database_url,
        tmp_path,
        clock,
        telegram_bot_token=bot_api.token,
        telegram_api_base=bot_api.base,
    ) as running:
        yield running


class Talk:
    """Sarah at her phone. Each answer waits for the card that follows it."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.inputs = 0

    def card(self, part: str, timeout: float = 15.0) -> dict[str, object]:
        return self.person.wait_for(lambda m: part in m.get("text", ""), timeout=timeout)

    def type(self, text: str, then: str) -> dict[str, object]:
        """The card below the typed words."""
        self.inputs += 1
        sent = self.person.send(text)["message_id"]
        return self.person.wait_for(
            lambda m: m["message_id"] > sent and then in m.get("text", ""), timeout=15
        )

    def tap(self, card: dict[str, object], button: str, then: str) -> dict[str, object]:
        """The card that took the place of the one tapped."""
        self.inputs += 1
        self.person.tap(card, button)
        return self.person.wait_for(
            lambda m: m["message_id"] >= card["message_id"] and m != card and then in m["text"],
            timeout=15,
        )


def answer_everything(talk: Talk, bot_api: BotApiServer) -> None:
    """From /start to the summary's "Make our week"."""
    card = talk.type("/start", "what we keep")
    card = talk.tap(card, "I agree", "What should we call you?")
    card = talk.tap(card, "Sarah", "an e-mail address")
    card = talk.tap(card, "Skip", "Which city")
    # A tap has two calls on their way at once, and the second cannot know what the first is told.
    bot_api.faults.flood(calls=1, retry_after=1)
    card = talk.type("New York", "Who teaches")
    bot_api.world.redeliver(bot_api.world.last_update_id)
    card = talk.tap(card, "Just me", "away or at work")
    card = talk.type("Tue Thu 10-11:30", "away")
    card = talk.tap(card, "That's all", "Who are the children?")
    card = talk.type("Emma 9, Noah 6", "Anyone else?")
    card = talk.tap(card, "That's everyone", "whole family")
    card = talk.type("Co-op Fri 1-3pm", "Co-op")
    card = talk.tap(card, "All of us", "whole family")
    card = talk.tap(card, "That's all", "What does Emma go to")
    card = talk.tap(card, "Nothing regular", "What does Noah go to")
    card = talk.type("Soccer Mon Wed 4-5pm", "Does a grown-up go along")
    card = talk.tap(card, "No", "What does Noah go to")
    card = talk.tap(card, "That's all", "What does Emma learn?")
    card = talk.type("Latin weekly 30 min independent at 11:00", "Latin")
    card = talk.tap(card, "Looks right", "What does Noah learn?")
    card = talk.tap(card, "Looks right", "together")
    card = talk.tap(card, "Looks right", "How firm")
    card = talk.tap(card, "Moderate structure", "When does Emma learn")
    card = talk.tap(card, "Looks right", "When does Noah learn")
    card = talk.tap(card, "Looks right", "Which ideas of teaching")
    card = talk.tap(card, "Looks right", "How should a day run")
    card = talk.tap(card, "Looks right", "learn well with")
    card = talk.tap(card, "Looks right", "Where do your plans come from")
    card = talk.tap(card, "Looks right", "Does this look right")
    talk.tap(card, "Make our week", "recovery code")


def test_a_family_from_start_to_done(
    program: Program, bot_api: BotApiServer, clock: Clock, conninfo: str
) -> None:
    sarah = bot_api.world.user("Sarah", "en")
    talk = Talk(sarah)

    answer_everything(talk, bot_api)
    week = talk.card("week is ready", timeout=PLANNED)
    print(f"\ninputs from /start to the week: {talk.inputs}")

    lessons = stored_week(conninfo)

    # One living card: what was tapped was edited, not sent again.
    assert len(bot_api.called("editMessageText")) > len(bot_api.called("sendMessage"))

    assert bot_api.faults.early_calls == 0, "nobody called while Telegram asked for a pause"

    # Monday morning: the list comes once, however often the clock ticks and two at a time.
    clock.set("2026-11-23T07:29:00-05:00")
    program.tick()
    clock.set("2026-11-23T07:30:00-05:00")
    program.call(two_ticks(program))
    program.tick()
    morning = sarah.wait_for(lambda m: any(t.startswith("Emma: ") for t in labels(m)))
    monday = [row for row in lessons if row["day_date"] == MONDAY]
    for row in monday:
        assert clock_of(row) in morning["text"]
    # Every job of that morning has ended before what was sent is counted.
    wait_until(lambda: rows(conninfo, "SELECT 1 FROM procrastinate_jobs") == [])
    sent = [call for call in bot_api.called("sendMessage") if "Emma: " in str(call.params)]
    assert len(sent) == 1
    mornings = rows(conninfo, "SELECT * FROM reminders")
    assert [row["local_date"] for row in mornings] == [MONDAY]

    # "Done" by a tap: the list is edited in place, the item and the log agree.
    clock.set("2026-11-23T09:41:00-05:00")
    first = next(row for row in monday if row["child"] == "Emma")
    button = next(label for label in labels(morning) if label.startswith("Emma: "))
    sarah.tap(morning, button)
    wait_until(
        lambda: any(
            m["message_id"] == morning["message_id"] and "Logged" in m["text"]
            for m in sarah.received()
        )
    )
    done = rows(conninfo, "SELECT * FROM schedule_items WHERE id = %s", first["id"])[0]
    assert done["completed"]
    assert done["completed_at"] == datetime(2026, 11, 23, 14, 41)  # noqa: DTZ001 - as stored
    logs = rows(conninfo, "SELECT * FROM activity_logs")
    assert [(log["item_uid"], log["date"]) for log in logs] == [(first["uid"], MONDAY)]
    assert logs[0]["scheduled"]["startTime"] == f"{first['start_time']:%H:%M}"
    assert logs[0]["actual"]["completed"] is True
    assert logs[0]["actual"]["completedAt"] == "2026-11-23T14:41:00Z"

    # The same tap under another id, and "done" in words: one log for each lesson.
    bot_api.world.redeliver(bot_api.world.last_update_id)
    noah = next(row for row in monday if row["child"] == "Noah")
    sarah.send(f"Noah done {noah['name']}")
    talk.card(f"Logged {noah['name']} for Noah")
    assert len(rows(conninfo, "SELECT * FROM activity_logs")) == 2

    # Undo takes the word back.
    sarah.tap(talk.card(f"Logged {noah['name']} for Noah"), "Undo")
    wait_until(lambda: len(rows(conninfo, "SELECT * FROM activity_logs")) == 1)

    assert "webcal://" in week["text"]
    assert_calendars_hold(rows(conninfo, LESSONS), program.call(feed_urls(program)))

    # What the inbox was given is gone once it had its effect, and no job has given up.
    assert rows(conninfo, "SELECT 1 FROM inbox WHERE payload IS NOT NULL") == []
    assert rows(conninfo, "SELECT 1 FROM procrastinate_jobs WHERE status = 'failed'") == []


async def two_ticks(program: Program) -> None:
    await asyncio.gather(tick(program.services), tick(program.services))


def test_webhook_with_its_secret(
    database_url: str, tmp_path: Path, clock: Clock, bot_api: BotApiServer, conninfo: str
) -> None:
    with Program(
        database_url,
        tmp_path,
        clock,
        telegram_bot_token=bot_api.token,
        telegram_api_base=bot_api.base,
        public_url=PUBLIC,
    ) as program:
        bot_api.proxied[PUBLIC] = program.base
        wait_until(lambda: bool(bot_api.called("setWebhook")))
        sarah = bot_api.world.user("Sarah", "es-MX")
        sarah.send("/start")
        card = sarah.wait_for(lambda m: "guardamos" in m.get("text", ""))
        sarah.tap(card, "English")
        card = sarah.wait_for(lambda m: "what we keep" in m.get("text", ""))
        # The update again, as Telegram brings it after a lost answer: nothing happens twice.
        bot_api.world.redeliver(bot_api.world.last_update_id)

        secret = bot_api.called("setWebhook")[0].params["secret_token"]
        forged = {"update_id": 1, "message": {"chat": {"id": sarah.id}}}
        for wrong in ("", secret[:-1], secret + "0", secret.upper()):
            answer = httpx.post(
                f"{program.base}/telegram/webhook",
                json=forged,
                headers={"X-Telegram-Bot-Api-Secret-Token": wrong},
            )
            assert answer.status_code == 403
        kept = rows(conninfo, "SELECT update_id, processed_at, payload FROM inbox")
        assert len(kept) == 2
        assert "1" not in {row["update_id"] for row in kept}
        sarah.tap(card, "I agree")
        sarah.wait_for(lambda m: "What should we call you?" in m.get("text", ""))


def test_blocked_chat_is_left_alone(program: Program, bot_api: BotApiServer, conninfo: str) -> None:
    sarah = bot_api.world.user("Sarah", "en")
    sarah.send("/start")
    card = sarah.wait_for(lambda m: "what we keep" in m.get("text", ""))
    sarah.block()
    sarah.tap(card, "I agree")
    wait_until(lambda: rows(conninfo, "SELECT 1 FROM messages WHERE state = 'parked'") != [])
    # What was answered is kept all the same, and the program goes on.
    drafts = rows(conninfo, "SELECT session_data FROM questionnaire_sessions")
    assert drafts[0]["session_data"]["agreements"] == {"consent": "agreed"}
    ben = bot_api.world.user("Ben", "en")
    ben.send("/start")
    ben.wait_for(lambda m: "what we keep" in m.get("text", ""))
