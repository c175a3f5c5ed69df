"""The week page in a real browser: desktop, phone, paper."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
import uvicorn
from chromium import chromium
from fastapi import FastAPI
from playwright.sync_api import Browser, Page
from week_family import MONDAY, entry, week_page

from bot.texts import language_of, translator
from sync.week_page import WeekPage, week_router

CROWD = ("Noah", "Emma", "Leo", "Mia", "Ava", "Eli", "Zoe", "Max")


class Weeks:
    """Sarah's week, a week of eight children with long names, and empty weeks."""

    async def load_week_page(self, token: str, week: date | None) -> WeekPage | None:
        if token == "crowd":
            name = "Donaudampfschifffahrtsgesellschaft " * 5
            entries = tuple(
                entry(child, day, f"{9 + row:02}:00", 15 + 15 * row, name, adult="Sarah")
                for child in CROWD
                for day in range(7)
                for row in range(4)
            )
            return replace(week_page(), title=name, children=CROWD, entries=entries)
        if week not in (None, MONDAY):
            return replace(week_page(), monday=week, entries=(), away=())
        return week_page("es" if token == "es" else "en")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    app = FastAPI()
    app.include_router(week_router(Weeks(), lambda code: translator(language_of(code))))
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def desktop(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from opened(browser, 1280, 900, complaints)


@pytest.fixture
def phone(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from opened(browser, 390, 844, complaints)


def opened(browser: Browser, width: int, height: int, complaints: list[str]) -> Iterator[Page]:
    """A page that notes every error of script or policy and every request beyond its own host."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:"))
            else complaints.append(request.url)
        ),
    )
    yield page
    context.close()


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def left_of(page: Page, selector: str) -> float:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"]


def test_desktop_shows_the_whole_week(desktop: Page, address: str, complaints: list[str]) -> None:
    desktop.goto(f"{address}/week/sarah")
    assert fits(desktop)
    days = desktop.locator(".day")
    assert days.count() == 5
    assert all(days.nth(index).is_visible() for index in range(5))
    assert not desktop.locator(".tabs").is_visible()
    assert not desktop.locator(".checklist").first.is_visible()
    assert complaints == []


def test_lessons_stand_at_their_hour(desktop: Page, address: str) -> None:
    desktop.goto(f"{address}/week/sarah")
    first = desktop.locator(".axis li").all()
    hour = (first[2].bounding_box() or {})["y"] - (first[1].bounding_box() or {})["y"]
    lessons = desktop.locator(f"#day-{MONDAY} .box")
    top = (desktop.locator(f"#day-{MONDAY} .bands").bounding_box() or {})["y"]
    science = lessons.filter(has_text="Science").bounding_box()
    assert science is not None
    assert science["y"] - top == pytest.approx(2 * hour, abs=2)
    assert science["height"] == pytest.approx(hour / 2, abs=5)


def test_the_now_line_is_todays_only(desktop: Page, address: str) -> None:
    desktop.goto(f"{address}/week/sarah")
    assert desktop.locator(".now").count() == 1
    today = desktop.locator(".day.today .bands").bounding_box()
    line = desktop.locator(".now").bounding_box()
    assert today is not None
    assert line is not None
    # 10:20 is 16 rows of 10 pixels below 9:00.
    assert line["y"] - today["y"] == pytest.approx(160, abs=3)


def test_phone_shows_one_day_and_turns_by_its_tabs(
    phone: Page, address: str, complaints: list[str]
) -> None:
    phone.goto(f"{address}/week/sarah")
    assert fits(phone)
    wednesday, friday = (f"#day-{MONDAY + timedelta(days=days)}" for days in (2, 4))
    axis = left_of(phone, ".axis")
    phone.wait_for_selector('.tabs [aria-current][href$="12-02"]')
    assert left_of(phone, wednesday) == pytest.approx(axis + 56, abs=2)
    assert left_of(phone, friday) > 390
    phone.locator(f'.tabs a[href="{friday}"]').click()
    phone.wait_for_selector('.tabs [aria-current][href$="12-04"]')
    assert left_of(phone, friday) == pytest.approx(axis + 56, abs=2)
    assert left_of(phone, ".axis") == axis
    assert phone.locator(".tabs [aria-current]").count() == 1
    assert complaints == []


def test_every_target_is_large_enough_for_a_thumb(phone: Page, address: str) -> None:
    phone.goto(f"{address}/week/sarah")
    for target in phone.locator(".tabs a, .links a").all():
        box = target.bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44


@pytest.mark.parametrize("where", ["crowd", "es", "sarah?week=2027-01-04", "sarah?week=soon"])
@pytest.mark.parametrize("screen", ["desktop", "phone"])
def test_no_page_is_wider_than_its_screen(
    request: pytest.FixtureRequest, address: str, where: str, screen: str
) -> None:
    page: Page = request.getfixturevalue(screen)
    page.goto(f"{address}/week/{where}")
    assert fits(page)


def test_weeks_turn_by_their_arrows(desktop: Page, address: str) -> None:
    desktop.goto(f"{address}/week/sarah")
    desktop.locator("a[rel=next]").click()
    assert desktop.url.endswith("?week=2026-12-07")
    assert desktop.get_by_text("Nothing is planned for this week yet.").is_visible()
    desktop.locator("a[rel=prev]").click()
    assert desktop.locator(".box").count() > 20


def test_paper_has_the_grid_on_one_sheet_and_a_checklist_for_each_child(
    desktop: Page, address: str
) -> None:
    desktop.goto(f"{address}/week/sarah")
    desktop.set_viewport_size({"width": 1054, "height": 725})
    desktop.emulate_media(media="print")
    assert fits(desktop)
    for hidden in (".links", ".tabs", ".now"):
        assert not desktop.locator(hidden).first.is_visible()
    grid = desktop.locator(".screen").bounding_box()
    assert grid is not None
    # 192 mm of an A4 sheet on its side, at 96 dots an inch.
    assert grid["height"] <= 725
    assert desktop.locator(".checklist").count() == 2
    assert desktop.locator(".checklist").first.is_visible()
    paper = desktop.pdf(prefer_css_page_size=True)
    assert paper.count(b"/Type /Page\n") == 3


def test_the_dark_page_is_dark(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{address}/week/sarah")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 25, 28)"
    context.close()
