"""A family's weeks in Google Calendar, and what people do there, over a real database and Google's
protocol."""

from datetime import timedelta
from pathlib import Path

from changing import FRIDAY, MONDAY, THURSDAY, WEDNESDAY
from google_home import buttons, with_google
from googleapi.server import GoogleServer

from core.changes import DropLesson, MarkDone, MoveLesson

HALF_PAST_TEN = 10 * 60 + 30


async def test_connected_it_shows_each_childs_week(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        answer = await there.connect()
        assert answer.status_code == 200
        assert "go back to the chat" in answer.text
        await there.work()
        await there.assert_equal()
        assert len(there.shown("Emma")) > 5
        assert there.said()[-1]["title"] == "Emma and Noah’s lessons are in Google Calendar now"
        calls, lessons = there.calls(), len(there.shown("Emma")) + len(there.shown("Noah"))
        print(f"\n{lessons} lessons in {calls} calls")
        # One for each lesson; for each calendar itself and two looks; the two tokens.
        assert calls == lessons + 2 * 3 + 2
        await there.poll()
        assert there.calls() == calls + 2 + 1
        assert len(there.said()) == 1


async def test_what_changes_here_changes_there_by_as_few_calls(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        writes = there.writes()
        math = await there.home.lessons("Mathematics", there.home.emma)
        applied = await there.home.applied(MoveLesson(math[4].uid or "", FRIDAY, 12 * 60 + 15))
        await there.work()
        await there.assert_equal()
        moved = len(applied.difference.moved)
        assert there.writes() == writes + moved
        await there.home.applied(DropLesson(math[3].uid or ""))
        await there.work()
        await there.assert_equal()
        assert math[3].uid not in there.shown("Emma")
        undone = await there.home.applied(DropLesson(math[2].uid or ""))
        await there.work()
        await there.home.undone(undone.token)
        await there.work()
        # The event is the one that was there, brought back.
        await there.assert_equal()
        there.home.at(MONDAY, "13:00")
        await there.home.applied(MarkDone(math[0].uid or "", "parent"))
        await there.work()
        await there.assert_equal()
        assert there.shown("Emma")[math[0].uid or ""][2] == "✓ Mathematics"


async def test_a_lesson_moved_there_moves_here_and_can_be_taken_back(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        math = (await there.home.lessons("Mathematics", there.home.emma))[4]
        there.drag(math, FRIDAY, HALF_PAST_TEN + 2)
        await there.poll()
        (moved,) = [
            each
            for each in await there.home.lessons("Mathematics", there.home.emma)
            if each.uid == math.uid
        ]
        assert (moved.date, moved.start) == (FRIDAY, HALF_PAST_TEN)
        await there.assert_equal()
        told = there.said()[-1]
        assert told["title"] == "Your week has changed"
        assert len(there.said()) == 2
        (change,) = there.home.table("week_changes")
        assert change["origin"] == "google"
        assert [button["id"] for button in buttons(told)] == [f"undo{change['token']}"]
        await there.home.undone(change["token"])
        await there.work()
        await there.assert_equal()
        (back,) = [e for e in await there.home.lessons("Mathematics") if e.uid == math.uid]
        assert (back.date, back.start) == (math.date, math.start)
        await there.poll()
        assert len(there.said()) == 2, "our own echo is nobody's change"


async def test_siblings_who_share_a_lesson_move_together(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        science = (await there.home.lessons("Science", there.home.noah))[0]
        there.drag(science, science.date, 12 * 60)
        await there.poll()
        both = [e for e in await there.home.lessons("Science") if e.date == science.date]
        assert [each.start for each in both] == [12 * 60, 12 * 60]
        await there.assert_equal()


async def test_what_is_longer_renamed_or_added_there(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        before = await there.home.week()
        math = await there.home.lessons("Mathematics", there.home.emma)
        calendar, longer = there.event_of(math[1])
        end = there.shown("Emma")[math[1].uid or ""][1]
        there.sarah.resize(calendar, longer, end + timedelta(minutes=20))
        there.sarah.change(*there.event_of(math[2]), summary="Volcanoes")
        there.sarah.add(calendar, "Grandma visits", end, end + timedelta(hours=2))
        await there.poll()
        await there.assert_equal()
        assert (await there.home.week()).items == before.items
        assert "Grandma visits" in [event["summary"] for event in there.sarah.events(calendar)]
        assert len(there.said()) == 1, "nobody needs to hear of that"


async def test_a_lesson_deleted_there_is_let_go(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        math = (await there.home.lessons("Mathematics", there.home.emma))[3]
        there.sarah.delete(*there.event_of(math))
        await there.poll()
        assert math.uid not in {e.uid for e in await there.home.lessons("Mathematics")}
        await there.assert_equal()
        (change,) = there.home.table("week_changes")
        assert (change["origin"], change["kind"]) == ("google", "drop_lesson")
        await there.home.undone(change["token"])
        await there.work()
        await there.assert_equal()
        assert math.uid in there.shown("Emma")


async def test_what_cannot_be_is_put_back_with_places_that_can(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        before = await there.home.week()
        math = (await there.home.lessons("Mathematics", there.home.emma))[2]
        # Emma's piano lesson is on Wednesdays from ten to eleven.
        there.drag(math, WEDNESDAY, 10 * 60 + 15)
        await there.poll()
        assert (await there.home.week()).items == before.items
        await there.assert_equal()
        told = there.said()[-1]
        assert told["title"] == "Emma's Mathematics stays where it was"
        assert told["lines"][0] == "There is something else at that time."
        offered = buttons(told)
        assert 1 <= len(offered) <= 3
        assert all(len(button["label"]) < 20 for button in offered)
        await there.poll()
        assert there.said()[-1] == told

        await there.tap(told["id"], offered[0]["id"])
        assert there.said()[-1]["title"] == "Moving it…"
        await there.work()
        assert there.said()[-1]["title"] == "Your week has changed"
        await there.assert_equal()
        assert (await there.home.week()).items != before.items


async def test_what_is_over_is_put_back_with_one_line(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        math = await there.home.lessons("Mathematics", there.home.emma)
        there.home.at(WEDNESDAY, "13:30")
        await there.home.applied(MarkDone(math[0].uid or "", "parent"))
        await there.work()
        there.drag(math[0], THURSDAY, 12 * 60)
        there.sarah.delete(*there.event_of(math[1]))
        await there.poll()
        await there.assert_equal()
        said = [message["title"] for message in there.said()]
        # Beside that, the day's own list has come.
        assert [title for title in said if "Google" in title][1:] == [
            "Put back in Google Calendar: Emma's Mathematics is done already, so it stays.",
            "Put back in Google Calendar: Emma's Mathematics has begun already, so it stays.",
        ]


async def test_many_deleted_at_once_are_asked_about(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        before = await there.home.week()
        calendar = there.calendar("Emma")
        for event in there.sarah.events(calendar)[1:]:
            there.sarah.delete(calendar, event["id"])
        await there.poll()
        await there.poll()
        assert (await there.home.week()).items == before.items
        assert len(there.sarah.events(calendar)) == 1
        asked = there.said()[-1]
        assert "Many lessons were deleted at once" in asked["title"]
        assert len(there.said()) == 2
        fill = buttons(asked)[0]["id"]
        await there.tap(asked["id"], fill)
        await there.work()
        await there.assert_equal()


async def test_a_calendar_that_is_gone_is_asked_about(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        before = await there.home.week()
        for child in ("Emma", "Noah"):
            there.sarah.delete_calendar(there.calendar(child))
        await there.poll()
        await there.poll()
        assert (await there.home.week()).items == before.items
        emma, noah = there.said()[1:]
        assert "(Emma)" in emma["title"]
        await there.tap(emma["id"], buttons(emma)[0]["id"])
        await there.tap(noah["id"], buttons(noah)[1]["id"])
        await there.work()
        assert there.shown("Emma") == await there.planned("Emma")
        assert [c.summary for c in there.sarah.calendars()[1:]] == ["Emma · BrightPath"]
        await there.poll()
        assert len(there.sarah.calendars()) == 2
        # Who connects again wants all of it.
        await there.connect()
        await there.work()
        await there.assert_equal()


async def test_access_taken_back_is_told_once_and_nothing_is_lost(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        await there.connect()
        await there.work()
        google.oauth.take_back(there.sarah)
        math = (await there.home.lessons("Mathematics", there.home.emma))[4]
        await there.home.applied(MoveLesson(math.uid or "", FRIDAY, 12 * 60 + 15))
        await there.work()
        await there.poll()
        await there.home.applied(DropLesson(math.uid or ""))
        await there.work()
        assert there.said()[-1]["title"] == "Google no longer lets us write your calendar"
        assert len(there.said()) == 2
        assert there.connection()["state"] == "broken"
        calls = there.calls()
        await there.poll(timedelta(days=1))
        assert there.calls() == calls
        await there.connect()
        await there.work()
        await there.assert_equal()
        assert there.connection()["state"] == "active"
        assert len(there.sarah.calendars()) == 3
