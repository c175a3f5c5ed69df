"""A family of two, from /start to "done", over HTTP against a Bot API server, with everything real
but Telegram itself and the time."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import icalendar
import psycopg
import pytest
import recurring_ical_events
from botapi.server import BotApiServer
from botapi.world import Person, labels, wait_until
from psycopg.rows import dict_row
from whole_program import Clock, Program

from core.commitments import busy
from core.family import Commitment, CommitmentFrequency, Scope
from core.week import Weekday

NEW_YORK = ZoneInfo("America/New_York")
PUBLIC = "https://brightpath.example"
SUNDAY_EVENING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
MONDAY = date(2026, 11, 23)
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
    bot_api.faults.flood(calls=1, retry_after=1)
    card = talk.tap(card, "Skip", "Which city")
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
    card = talk.tap(card, "Looks right", "Which sounds most like you")
    card = talk.tap(card, "Balanced", "Does this look right")
    talk.tap(card, "Make our week", "recovery code")


def rows(conninfo: str, query: str, *given: object) -> list[dict[str, object]]:
    """What the database holds, seen by the superuser."""
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        return connection.execute(query.encode(), given).fetchall()


LESSONS = """
    SELECT c.name AS child, i.name, i.day_date, i.start_time, i.end_time, i.uid, i.id
    FROM schedule_items i
    JOIN schedules s ON s.id = i.schedule_id
    JOIN children c ON c.id = s.child_id
    WHERE s.is_active AND i.item_type = 'subject' ORDER BY i.day_date, i.start_time, c.name
"""


def lessons_of_feed(url: str, monday: date) -> list[tuple[str, str, str, str, str]]:
    """The lessons that a calendar app shows of a child's feed in two weeks from `monday`: uid,
    name, date, start, end."""
    answer = httpx.get(url)
    assert answer.status_code == 200
    calendar = icalendar.Calendar.from_ical(answer.content)
    found = recurring_ical_events.of(calendar).between(monday, monday + timedelta(days=14))
    lessons = []
    for event in found:
        if "commitment" in event["UID"]:
            continue
        start, end = event.start.astimezone(NEW_YORK), event.end.astimezone(NEW_YORK)
        name = str(event["SUMMARY"]).removeprefix("✓ ")
        lessons.append((str(event["UID"]), name, f"{start:%F}", f"{start:%H:%M}", f"{end:%H:%M}"))
    return sorted(lessons)


def stored(lessons: list[dict[str, object]], child: str) -> list[tuple[str, str, str, str, str]]:
    return sorted(
        (
            str(row["uid"]),
            str(row["name"]),
            str(row["day_date"]),
            f"{row['start_time']:%H:%M}",
            f"{row['end_time']:%H:%M}",
        )
        for row in lessons
        if row["child"] == child
    )


def test_a_family_from_start_to_done(
    program: Program, bot_api: BotApiServer, clock: Clock, conninfo: str
) -> None:
    sarah = bot_api.world.user("Sarah", "en")
    talk = Talk(sarah)

    answer_everything(talk, bot_api)
    week = talk.card("week is ready", timeout=PLANNED)
    print(f"\ninputs from /start to the week: {talk.inputs}")

    # The week in the database: both children, two weeks, what was asked is there.
    lessons = rows(conninfo, LESSONS)
    assert {row["child"] for row in lessons} == {"Emma", "Noah"}
    latin = [row for row in lessons if row["name"] == "Latin"]
    assert latin
    assert all(f"{row['start_time']:%H:%M}" == "11:00" for row in latin)
    shared = {
        child: {
            (row["day_date"], row["start_time"])
            for row in lessons
            if row["child"] == child and row["name"] == "Science"
        }
        for child in ("Emma", "Noah")
    }
    assert shared["Emma"] == shared["Noah"] != set()
    for row in rows(conninfo, "SELECT * FROM schedules WHERE is_active"):
        assert row["schedule_data"]["version"] == row["version"] == 1
        items = rows(conninfo, "SELECT * FROM schedule_items WHERE schedule_id = %s", row["id"])
        shown = [item for day in row["schedule_data"]["days"] for item in day["items"]]
        assert {(item["id"], item["name"], item["startTime"]) for item in shown} == {
            (item["id"], item["name"], f"{item['start_time']:%H:%M}") for item in items
        }
    # Nothing that needs Sarah falls into her meeting.
    meeting = Commitment(
        1,
        "Away",
        CommitmentFrequency.WEEKLY,
        600,
        690,
        Scope.PARENT,
        days_of_week=(Weekday.TUESDAY, Weekday.THURSDAY),
    )
    helped = rows(conninfo, "SELECT * FROM schedule_items WHERE adult_id IS NOT NULL")
    assert helped
    for row in helped:
        start = row["start_time"].hour * 60 + row["start_time"].minute
        end = row["end_time"].hour * 60 + row["end_time"].minute
        for away_start, away_end in busy(meeting, row["day_date"]):
            assert end <= away_start or start >= away_end

    # One living card: what was tapped was edited, not sent again.
    assert len(bot_api.called("editMessageText")) > len(bot_api.called("sendMessage"))

    # Monday morning: the list comes once, however often the clock ticks, on two clocks.
    clock.set("2026-11-23T07:29:00-05:00")
    program.tick()
    clock.set("2026-11-23T07:30:00-05:00")
    program.tick()
    program.tick()
    morning = sarah.wait_for(lambda m: any(t.startswith("Emma: ") for t in labels(m)))
    monday = [row for row in lessons if row["day_date"] == MONDAY]
    for row in monday:
        assert f"{row['start_time']:%H:%M}" in morning["text"]
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

    # The calendar shows exactly what is stored.
    tokens = program.call(feed_urls(program))
    lessons = rows(conninfo, LESSONS)
    for child in ("Emma", "Noah"):
        assert lessons_of_feed(tokens[child], MONDAY) == stored(lessons, child)
    assert "webcal://" in week["text"]
    answer = httpx.get(tokens["Emma"])
    again = httpx.get(tokens["Emma"], headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    # Soccer stands in the calendar once, and comes each Monday and Wednesday.
    calendar = icalendar.Calendar.from_ical(httpx.get(tokens["Noah"]).content)
    soccer = [event for event in calendar.walk("VEVENT") if "Soccer" in str(event["SUMMARY"])]
    assert len(soccer) == 1
    found = recurring_ical_events.of(calendar).between(MONDAY, MONDAY + timedelta(days=14))
    days = [event.start.date() for event in found if "Soccer" in str(event["SUMMARY"])]
    assert sorted(days) == [MONDAY + timedelta(days=d) for d in (0, 2, 7, 9)]

    # What the inbox was given is gone once it had its effect, and no job has given up.
    assert rows(conninfo, "SELECT 1 FROM inbox WHERE payload IS NOT NULL") == []
    assert rows(conninfo, "SELECT 1 FROM procrastinate_jobs WHERE status = 'failed'") == []


async def feed_urls(program: Program) -> dict[str, str]:
    """Each child's feed by its name."""
    from core.addresses import feed_url
    from db.calendars import feed_tokens
    from db.families import load_family

    async with program.services.database.transaction(family_id=1) as session:
        family = await load_family(session, 1)
        tokens = await feed_tokens(session, 1, program.services.box)
    return {
        child.name: feed_url(program.base, tokens.children[child.id]) for child in family.children
    }


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
