"""A family of two in the web chat, from opening the page to "done", in a real browser on a phone,
with everything real but the time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from chromium import PHONE, chromium
from family_of_two import (
    LESSONS,
    MONDAY,
    assert_calendars_hold,
    clock_of,
    feed_urls,
    lessons_of_feed,
    rows,
    stored_week,
)
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from whole_program import Clock, Program

from app.families import import_family
from db.document import parse_document

SUNDAY_EVENING = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
PLANNED = 60_000
HASTE = 15_000

NEWEST = """() => Math.max(0, ...[...document.querySelectorAll("[data-revision]")]
    .map((card) => Number(card.dataset.revision)))"""

LEO = {
    "weekStartDate": "2026-11-23",
    "timezone": "America/New_York",
    "adults": 1,
    "children": [
        {
            "name": "Leo",
            "age": 7,
            "learningPreferences": {
                "bestLearningTimes": ["mid-morning"],
                "homeschoolingHours": {"startTime": "09:00", "endTime": "12:00"},
            },
            "subjects": [
                {
                    "name": "Mathematics",
                    "isCoreSubject": True,
                    "sessionDuration": 30,
                    "frequency": "daily",
                    "parentInvolvement": "some_assistance",
                    "fixedTimeRequired": False,
                    "interestLevel": 3,
                }
            ],
        }
    ],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def clock() -> Clock:
    return Clock(SUNDAY_EVENING)


@pytest.fixture
def program(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Program]:
    """The program without Telegram: the web chat is the product."""
    with Program(database_url, tmp_path, clock) as running:
        yield running


class Phone:
    """A browser of its own, on a phone. Each answer waits for the card that follows it."""

    def __init__(self, browser: Browser, address: str, locale: str = "en-US") -> None:
        self.context: BrowserContext = browser.new_context(
            viewport=PHONE, locale=locale, timezone_id="America/New_York", has_touch=True
        )
        self.complaints: list[str] = []
        self.inputs = 0
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.context.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )
        self.page: Page = self.context.new_page()
        self.page.goto(address)

    def card(self, part: str) -> Locator:
        """The newest open card whose title holds `part`."""
        title = self.page.locator("h2", has_text=part)
        return self.page.locator("article.us:not(.shrunk)", has=title).last

    def notice(self) -> Locator:
        return self.page.locator("article.us:not(.shrunk)").last.locator('[data-part="notice"]')

    def button(self, label: str) -> Locator:
        return self.page.locator("article.us:not(.shrunk)").get_by_role(
            "button", name=label, exact=True
        )

    def write(self, text: str, then: str) -> Locator:
        """The card below the written words."""
        before = self.page.evaluate(NEWEST)
        self.page.locator("#text").fill(text)
        self.page.keyboard.press("Enter")
        return self._after(before, then)

    def tap(self, label: str, then: str) -> Locator:
        """The card that took the place of the one tapped."""
        before = self.page.evaluate(NEWEST)
        self.button(label).last.tap()
        return self._after(before, then)

    def _after(self, before: int, then: str) -> Locator:
        self.inputs += 1
        self.page.wait_for_function(f"before => ({NEWEST})() > before", arg=before, timeout=HASTE)
        card = self.card(then)
        expect(card).to_be_visible(timeout=HASTE)
        return card

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []

    def said(self) -> list[str]:
        return self.page.locator("article").evaluate_all("all => all.map((one) => one.innerText)")


@pytest.fixture
def phone(browser: Browser, program: Program) -> Iterator[Phone]:
    opened = Phone(browser, f"{program.base}/chat")
    expect(opened.card("what we keep")).to_be_visible(timeout=HASTE)
    yield opened
    opened.close()


def fits_the_window(page: Page) -> bool:
    """Nothing but the conversation scrolls, and it only up and down."""
    return page.evaluate(
        """() => {
             const whole = document.scrollingElement;
             const log = document.getElementById("scroller");
             return whole.scrollHeight <= whole.clientHeight && whole.scrollTop === 0
               && [whole, log].every((node) => node.scrollWidth <= node.clientWidth);
           }"""
    )


def answer_everything(phone: Phone) -> None:
    """From the first card to the summary's "Make our week"."""
    phone.tap("I agree", "What should we call you?")
    phone.write("Sarah", "an e-mail address")
    phone.tap("Skip", "Which city")
    phone.tap("New York", "Who teaches")
    phone.tap("Just me", "away or at work")
    phone.write("Tue Thu 10-11:30", "away")
    phone.tap("That's all", "Who are the children?")
    phone.write("Emma 9, Noah 6", "Anyone else?")
    phone.tap("That's everyone", "whole family")
    phone.write("Co-op Fri 1-3pm", "Co-op")
    phone.tap("All of us", "whole family")

    before = phone.said()
    phone.page.locator("#text").fill("Church Sun 9")
    phone.page.reload()
    expect(phone.card("whole family")).to_be_visible()
    assert phone.said() == before
    expect(phone.page.locator("#text")).to_have_value("Church Sun 9")
    phone.page.locator("#text").fill("")

    phone.tap("That's all", "What does Emma go to")
    phone.tap("Nothing regular", "What does Noah go to")
    phone.tap("Back", "What does Emma go to")
    phone.tap("Nothing regular", "What does Noah go to")
    phone.write("Soccer Mon Wed 4-5pm", "Does a grown-up go along")
    phone.tap("No", "What does Noah go to")
    phone.tap("That's all", "What does Emma learn?")
    phone.write("Latin weekly 30 min independent at 11:00", "Emma learn")
    assert fits_the_window(phone.page)
    phone.tap("Looks right", "What does Noah learn?")
    phone.tap("Looks right", "together")
    phone.tap("Looks right", "How firm")
    phone.tap("Moderate structure", "When does Emma learn")
    phone.tap("Looks right", "When does Noah learn")
    phone.tap("Looks right", "Which ideas of teaching")
    phone.tap("Looks right", "How should a day run")
    phone.tap("Looks right", "learn well with")
    phone.tap("Looks right", "Where do your plans come from")
    phone.tap("Looks right", "Does this look right")
    assert phone.page.evaluate("localStorage.length") > 0
    phone.tap("Make our week", "recovery code")
    # Submitted: the browser keeps nothing of it, and no secret.
    assert phone.page.evaluate("localStorage.length") == 0


def test_a_family_from_the_page_to_done(
    phone: Phone, program: Program, clock: Clock, conninfo: str
) -> None:
    answer_everything(phone)
    expect(phone.card("Fitting ")).to_contain_text("around Work, Co-op, and Soccer")
    week = phone.card("week is ready")
    expect(week).to_be_visible(timeout=PLANNED)
    print(f"\ninputs from opening the page to the week: {phone.inputs}")
    lessons = stored_week(conninfo)

    # The links of the card: the family's feed, its picture, and the page of the week.
    expect(week.locator("svg")).to_be_visible()
    links = {link.inner_text(): link.get_attribute("href") for link in week.locator("a").all()}
    feed = links["Calendar address"]
    assert links["Add to calendar"] == feed.replace("http:", "webcal:")
    assert {lesson[2:] for lesson in lessons_of_feed(feed, MONDAY)} == {
        (str(row["day_date"]), f"{row['start_time']:%H:%M}", f"{row['end_time']:%H:%M}")
        for row in lessons
    }
    with phone.context.expect_page() as opened:
        week.get_by_role("link", name="See the week").tap()
    page = opened.value
    for row in lessons:
        if row["day_date"] < MONDAY + timedelta(days=7):
            shown = f'.box.subject[title*="· {row["name"]}"][title*="{row["child"]}"]'
            expect(page.locator(f"#day-{row['day_date']} {shown}")).to_have_count(1)
    page.close()

    # Monday morning: the list comes once, however often the clock ticks.
    clock.set("2026-11-23T07:29:00-05:00")
    program.tick()
    clock.set("2026-11-23T07:30:00-05:00")
    program.tick()
    program.tick()
    morning = phone.card("Monday, November 23")
    expect(morning).to_be_visible(timeout=HASTE)
    monday = [row for row in lessons if row["day_date"] == MONDAY]
    for row in monday:
        expect(morning).to_contain_text(f"{clock_of(row)} {row['name']}")
    assert [row["local_date"] for row in rows(conninfo, "SELECT * FROM reminders")] == [MONDAY]

    # "Done" by a tap: ticked in place, stored and logged.
    clock.set("2026-11-23T09:41:00-05:00")
    first = next(row for row in monday if row["child"] == "Emma")
    ticked = morning.locator(f'[data-option="d{first["id"]}"]')
    ticked.tap()
    expect(phone.notice()).to_contain_text(f"Logged {first['name']} for Emma")
    expect(ticked).to_have_attribute("aria-pressed", "true")
    expect(morning).to_contain_text(f"✓ {clock_of(first)} {first['name']}")
    done = rows(conninfo, "SELECT * FROM schedule_items WHERE completed")
    assert [row["id"] for row in done] == [first["id"]]
    logs = rows(conninfo, "SELECT * FROM activity_logs")
    assert [(log["item_uid"], log["date"]) for log in logs] == [(first["uid"], MONDAY)]

    # "Done" in words, and Undo.
    noah = next(row for row in monday if row["child"] == "Noah")
    phone.write(f"Noah done {noah['name']}", f"Logged {noah['name']} for Noah")
    assert len(rows(conninfo, "SELECT * FROM activity_logs")) == 2
    phone.tap("Undo", f"Taken back: {noah['name']}")
    assert len(rows(conninfo, "SELECT * FROM activity_logs")) == 1

    assert_calendars_hold(rows(conninfo, LESSONS), program.call(feed_urls(program)))
    expect(phone.page.locator("h2", has_text="Monday, November 23")).to_have_count(1)
    assert fits_the_window(phone.page)
    assert rows(conninfo, "SELECT 1 FROM procrastinate_jobs WHERE status = 'failed'") == []


def draft_responses(conninfo: str) -> dict[str, dict[str, object]]:
    """What the one unfinished questionnaire holds, by section and question."""
    (draft,) = rows(conninfo, "SELECT session_data FROM questionnaire_sessions")
    return draft["session_data"]["draftResponses"]


BAD_ANSWERS = (
    ("What should we call you?", "🙂🙂", "at least one letter"),
    ("What should we call you?", "x" * 1001, "A short line"),
    ("an e-mail address", "sarah at home", "sarah@example.com"),
    ("Which city", "Atlantis-on-Sea", "could not find"),
    ("away or at work", "Tue 11:00-11:00", "One that works"),
    ("away or at work", "Tue 25:00-26:00", "One that works"),
    ("Who are the children?", "Emma 1", "from age 2 on"),
    ("Who are the children?", "Emma 19", "ages 2 to 18"),
    ("Anyone else?", "Emma 7", "already"),
    ("whole family", "Co-op Fri", "From when to when"),
)
GOOD_ANSWERS = {
    "What should we call you?": "Sarah",
    "an e-mail address": "sarah@example.com",
    "Which city": "New York",
    "Who teaches": "Sarah and Tom",
    "away or at work": "never",
    "Who are the children?": "Emma 9, Noah 6",
    "Anyone else?": "that's everyone",
    "whole family": "nothing regular",
    "What does Emma go to": "no",
}


def test_a_bad_answer_is_told_kindly_and_loses_nothing(phone: Phone, conninfo: str) -> None:
    questions = list(GOOD_ANSWERS)
    phone.tap("I agree", questions[0])
    for question, following in zip(
        questions, [*questions[1:], "What does Noah go to"], strict=True
    ):
        for asked, bad, told in BAD_ANSWERS:
            if asked == question:
                phone.write(bad, question)
                expect(phone.notice()).to_contain_text(told)
                assert phone.page.locator("#text").input_value() in (bad, "")
        phone.write(GOOD_ANSWERS[question], following)
    answers = draft_responses(conninfo)
    assert answers["section1"]["name"] == "Sarah"
    assert answers["section1"]["email"] == "sarah@example.com"
    children = answers["section2"]["children"]
    assert [(child["name"], child["age"]) for child in children] == [("Emma", 9), ("Noah", 6)]


def test_two_quick_taps_answer_one_question(phone: Phone, conninfo: str) -> None:
    phone.tap("I agree", "What should we call you?")
    phone.write("Sarah", "an e-mail address")
    skip = phone.button("Skip")
    step = int(phone.card("an e-mail address").get_attribute("data-step"))
    skip.evaluate("button => { button.click(); button.click(); }")
    expect(phone.card("Which city")).to_be_visible()

    # Two taps that reach the server together, as from two windows: one counts.
    phone.tap("Back", "an e-mail address")
    message = int(phone.card("an e-mail address").get_attribute("data-message"))
    now = int(phone.card("an e-mail address").get_attribute("data-step"))
    assert now > step
    answers = phone.page.evaluate(
        """([message, step]) => Promise.all([0, 1].map((n) => fetch("/chat/events", {
             method: "POST",
             headers: { "Content-Type": "application/json", "X-BrightPath": "chat" },
             body: JSON.stringify({ kind: "tap", message, step, option: "skip", since: 0,
                                    key: `00000000-0000-4000-8000-00000000000${n}` }),
           }).then((response) => response.status)))""",
        [message, now],
    )
    assert answers == [200, 200]
    expect(phone.card("Which city")).to_be_visible()
    expect(phone.notice()).to_contain_text("earlier question")
    assert "timezone" not in draft_responses(conninfo)["section1"]


def test_a_mexican_browser_is_spoken_to_in_spanish(browser: Browser, program: Program) -> None:
    phone = Phone(browser, f"{program.base}/chat", locale="es-MX")
    expect(phone.card("Antes de empezar")).to_be_visible(timeout=HASTE)
    expect(phone.page.locator("html")).to_have_attribute("lang", "es")
    expect(phone.page.locator("#send")).to_have_text("Enviar")
    phone.tap("De acuerdo", "¿Cómo")
    phone.write("Lucía", "correo")
    phone.write("no", "ciudad")
    phone.write("Ciudad de México", "¿Quién")
    phone.close()


def test_a_link_brings_another_browser_into_the_family(
    browser: Browser, program: Program, conninfo: str
) -> None:
    leo = program.call(import_family(program.services, parse_document(LEO)))
    first = Phone(browser, f"{program.base}/chat#start={leo['link']}")
    expect(first.card("week is ready")).to_be_visible(timeout=HASTE)
    assert first.page.url == f"{program.base}/chat"

    card = first.write("/link", "Join another device")
    expect(card.locator("svg")).to_be_visible()
    expect(card).to_contain_text("not on a phone")
    address = card.locator("a").get_attribute("href")
    code = address.partition("#start=")[2]
    assert code
    expect(card.locator("p").first).to_contain_text(code)

    # The code travels once: neither the address bar, nor storage, nor the conversation keeps it.
    second = Phone(browser, address)
    expect(second.card("Leo's week is ready")).to_be_visible(timeout=HASTE)
    assert second.page.url == f"{program.base}/chat"
    assert code not in second.page.evaluate("JSON.stringify({ ...localStorage })")
    assert not any(code in text for text in second.said())
    expect(second.button("I agree")).to_have_count(0)
    families = rows(conninfo, "SELECT family_id FROM chat_accounts")
    assert families == [{"family_id": leo["familyId"]}] * 2

    # A reload sends nothing again, and the joined chat goes on in the family.
    before = second.said()
    second.page.reload()
    expect(second.card("Leo's week is ready")).to_be_visible()
    assert second.said() == before

    # The code has done its work: a third browser begins on its own.
    third = Phone(browser, address)
    expect(third.card("does not open anything")).to_be_visible(timeout=HASTE)
    expect(third.button("I agree")).to_be_visible()
    assert third.page.url == f"{program.base}/chat"
    used = rows(conninfo, "SELECT family_id FROM chat_accounts WHERE family_id IS NULL")
    assert len(used) == 1
    for phone in (first, second, third):
        phone.close()
