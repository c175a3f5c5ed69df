"""The week page as a document."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from html.parser import HTMLParser

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from week_family import MONDAY, entry, week_page

from bot.texts import language_of, translator
from core.phrase import Translate
from core.plan import ItemType
from core.week import week_start
from sync.week_page import Away, WeekEntry, WeekPage, week_response, week_router

TOKEN = "q3N0dXZ3eHl6QUJDREVGRw"


class Page(HTMLParser):
    """The boxes by their id (class, title) and all words of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.boxes: dict[str, tuple[set[str], str]] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)
        places = re.findall(r"#(b\d-\d+)\{grid-row:(\d+)/(\d+);grid-column:(\d+)/(\d+)", html)
        self.places = {found[0]: tuple(int(part) for part in found[1:]) for found in places}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags.append((tag, named))
        classes = set((named.get("class") or "").split())
        if "box" in classes:
            self.boxes[named["id"] or ""] = (classes, named["title"] or "")

    def handle_data(self, data: str) -> None:
        self.words += data

    def titled(self, text: str) -> list[str]:
        return [box for box, (_, title) in self.boxes.items() if text in title]


def show(page: WeekPage) -> Page:
    return Page(bytes(week_response(page, translator(page.language)).body).decode())


def alone(*entries: WeekEntry, children: tuple[str, ...] = ("Noah", "Emma")) -> Page:
    return show(replace(week_page(), entries=entries, away=(), children=children))


def test_every_lesson_is_drawn_once_at_its_place() -> None:
    page = show(week_page())
    (monday,) = page.titled("9:00 – 9:30 AM · Noah · Reading/Language Arts · with Sarah")[:1]
    # 9:00 is the first row; half an hour is six rows of five minutes; Noah is the first column.
    assert page.places[monday] == (1, 7, 1, 2)
    assert {"subject", "done"} <= page.boxes[monday][0]
    (soccer, _) = page.titled("Soccer Practice")
    assert page.places[soccer] == (85, 97, 1, 2)
    assert "commitment" in page.boxes[soccer][0]


def test_what_neighbours_share_is_one_box() -> None:
    page = show(week_page())
    science = page.titled("Noah and Emma · Science")
    assert len(science) == 3
    assert len(page.titled("Co-op")) == 1
    for box in science + page.titled("Co-op"):
        assert page.places[box][2:] == (1, 3)


def test_children_who_are_not_neighbours_have_a_box_each() -> None:
    kids = ("Noah", "Emma", "Leo")
    page = alone(
        entry("Noah", 0, "09:00", 30, "Art"), entry("Leo", 0, "09:00", 30, "Art"), children=kids
    )
    assert sorted(page.places[box][2:] for box in page.boxes) == [(1, 2), (3, 4)]


def test_breaks_are_air() -> None:
    assert "Snack" not in show(week_page()).words


def test_the_weekend_shows_only_when_something_happens() -> None:
    assert "Saturday" not in show(week_page()).words
    assert "Saturday" in alone(entry("Noah", 5, "09:00", 30, "Art")).words


def test_an_adults_own_commitment_is_told_with_the_day() -> None:
    assert "Sarah: Work Meeting, 10:00 – 11:30 AM" in show(week_page()).words


def test_a_night_does_not_squeeze_the_school_day() -> None:
    late = entry("Noah", 0, "22:00", 60, "Star gazing", kind=ItemType.COMMITMENT)
    night = replace(late, start=21 * 60 + 30, end=5 * 60, name="Camp")
    page = alone(entry("Noah", 0, "09:00", 30, "Art"), late, night)
    assert page.words.count("9 AM") == 1
    assert "10 PM" not in page.words
    assert "Noah: Star gazing, 10:00 – 11:00 PM" in page.words
    assert "Noah: Camp" in page.words


def test_a_late_lesson_is_always_inside() -> None:
    page = alone(entry("Emma", 0, "22:30", 60, "Astronomy"))
    (box,) = page.boxes
    assert page.places[box] == (7, 19, 2, 3)


def test_commitments_that_overlap_step_aside() -> None:
    soccer = entry("Noah", 0, "16:00", 60, "Soccer", kind=ItemType.COMMITMENT)
    page = alone(soccer, replace(soccer, name="Dentist", start=soccer.start + 15))
    lanes = [classes & {"lane-0", "lane-1"} for classes, _ in page.boxes.values()]
    assert lanes == [{"lane-0"}, {"lane-1"}]


def test_a_subject_has_one_hue_all_week_and_eight_subjects_have_eight() -> None:
    page = alone(
        *(
            entry("Noah", day, f"{9 + hour:02}:00", 30, f"Subject {hour}")
            for day in (0, 1)
            for hour in range(8)
        )
    )
    hues: dict[str, set[str]] = {}
    for classes, title in page.boxes.values():
        name = title.split(" · ")[2]
        hues.setdefault(name, set()).update(c for c in classes if c.startswith("hue-"))
    assert all(len(found) == 1 for found in hues.values())
    assert len(set.union(*hues.values())) == 8


def test_a_subject_keeps_its_hue_whatever_else_the_week_holds() -> None:
    subjects = ("Reading", "Mathematics", "Art")
    art = entry("Noah", 0, "09:00", 30, "art")
    for others in ((), (entry("Noah", 0, "10:00", 30, "Mathematics"),)):
        page = show(replace(week_page(), subjects=subjects, entries=(art, *others)))
        (box,) = page.titled("art")
        assert "hue-2" in page.boxes[box][0]


def test_marks_tell_adults_apart() -> None:
    page = alone(
        entry("Noah", 0, "09:00", 30, "Art", adult="Sarah"),
        entry("Emma", 0, "09:00", 30, "Music", adult="Sam"),
    )
    words = " ".join(page.words.split())
    assert "Sar with Sarah" in words
    assert "Sam with Sam" in words


def test_the_checklist_has_a_box_for_each_lesson_and_none_for_promises() -> None:
    html = bytes(week_response(week_page(), translator("en")).body).decode()
    lessons = sum(found.type is ItemType.SUBJECT for found in week_page().entries)
    assert html.count('class="check"') == lessons
    assert html.count('class="promise"') == 4
    assert "Noah’s week" in html


def test_a_week_without_a_plan() -> None:
    page = alone()
    assert "Nothing is planned for this week yet." in page.words
    assert "Monday" in page.words


def test_spanish() -> None:
    page = show(week_page("es"))
    for word in ("lunes", "Almuerzo", "con Sarah", "10:00"):
        assert word in page.words
    assert "La semana de Noah" in page.words
    assert ("html", {"lang": "es"}) in page.tags


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "Robert'); DROP TABLE children;--",
    "{{ 7 * 7 }}",
    "a" * 200,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_text_wherever_they_stand(name: str) -> None:
    hostile = WeekEntry(ItemType.SUBJECT, name, MONDAY, 540, 570, name, name)
    page = show(
        replace(
            week_page(),
            title=name,
            children=(name,),
            entries=(hostile,),
            away=(Away(name, MONDAY, 600, 660, name),),
        )
    )
    plain = show(week_page())
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags}
    assert not any(named.startswith("on") for _, attrs in page.tags for named in attrs)
    assert name in page.words


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            WeekEntry,
            st.sampled_from(list(ItemType)),
            st.sampled_from(["Noah", "Emma", "Leo"]),
            st.integers(0, 6).map(lambda days: MONDAY + timedelta(days=days)),
            st.integers(0, 1439),
            st.integers(1, 1440),
            st.text(min_size=1, max_size=12),
            st.one_of(st.none(), st.sampled_from(["Sarah", "Ben"])),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_whatever_a_week_holds_its_boxes_are_inside_the_page(entries: list[WeekEntry]) -> None:
    page = alone(*entries, children=("Noah", "Emma", "Leo"))
    html = bytes(
        week_response(
            replace(week_page(), entries=tuple(entries), children=("Noah", "Emma", "Leo")),
            translator("en"),
        ).body
    ).decode()
    slots = int(re.findall(r"--slots:(\d+)", html)[-1])
    assert page.boxes.keys() == page.places.keys()
    for top, bottom, left, right in page.places.values():
        assert 1 <= top < bottom <= slots + 1
        assert 1 <= left < right <= 4


class Weeks:
    """Sarah's pages by token, and which weeks were asked for."""

    def __init__(self) -> None:
        self.asked: list[date | None] = []

    async def load_week_page(self, token: str, week: date | None) -> WeekPage | None:
        self.asked.append(week)
        if token != TOKEN:
            return None
        return replace(week_page(), monday=week or MONDAY, entries=(), away=())


@pytest.fixture
def weeks() -> Weeks:
    return Weeks()


def texts(code: str | None) -> Translate:
    return translator(language_of(code))


@pytest_asyncio.fixture
async def client(weeks: Weeks) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(week_router(weeks, texts))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://plan.example") as opened:
        yield opened


async def test_the_page_runs_nothing_but_its_own(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/week/{TOKEN}")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", answer.text, re.DOTALL)
        digest = b64encode(sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "style=" not in answer.text
    assert re.findall(r"https?://", answer.text) == []


async def test_weeks_before_and_after(client: httpx.AsyncClient, weeks: Weeks) -> None:
    text = (await client.get(f"/week/{TOKEN}", params={"week": "2026-12-09"})).text
    assert weeks.asked == [date(2026, 12, 7)]
    assert 'href="?week=2026-11-30"' in text
    assert 'href="?week=2026-12-14"' in text


@pytest.mark.parametrize("week", ["", None])
async def test_no_date_means_this_week(
    client: httpx.AsyncClient, weeks: Weeks, week: str | None
) -> None:
    answer = await client.get(f"/week/{TOKEN}", params={} if week is None else {"week": week})
    assert answer.status_code == 200
    assert weeks.asked == [None]


@pytest.mark.parametrize(
    "week", ["soon", "2026-13-01", "0001-01-01", "9999-12-31", "<b>", "\x00", "1" * 4000]
)
async def test_a_date_that_is_none_is_answered_kindly(
    client: httpx.AsyncClient, weeks: Weeks, week: str
) -> None:
    answer = await client.get(f"/week/{TOKEN}", params={"week": week})
    assert answer.status_code == 400
    assert "?week=2026-11-30" in answer.text
    assert weeks.asked == []
    assert answer.headers["cache-control"] == "no-store"


@settings(max_examples=30)
@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_previous_and_next_never_run_out(day: date) -> None:
    page = replace(week_page(), monday=week_start(day), entries=(), away=())
    assert week_response(page, translator("en")).status_code == 200


@pytest.mark.parametrize("token", ["unknown", "a" * 3000, "%00", "é"])
async def test_an_address_that_opens_nothing(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(f"/week/{token}", headers={"Accept-Language": "es"})
    assert answer.status_code == 404
    assert '<html lang="es">' in answer.text
    assert "enlace nuevo" in answer.text
    assert answer.headers["referrer-policy"] == "no-referrer"
