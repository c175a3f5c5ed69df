"""Makes the pictures of the README and of the guide: a family of two answers the chat of a program
of its own, and what the browser then shows is saved. Run by `make screenshots`."""

import asyncio
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, async_playwright, expect
from pydantic import SecretStr

from app.embedded import start
from app.program import open_services
from app.serve import Role, bind, serve
from app.settings import Settings
from db.migrate import upgrade

IMAGES = Path(__file__).parent / "images"
GUIDE = Path(__file__).parent / "guide" / "images"
PUBLIC = "https://brightpath.example"
PHONE = {"width": 390, "height": 844}
SCROLL = {"width": 390, "height": 2000}
"""A phone on which every card stands whole."""
DESK = {"width": 1280, "height": 800}
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 60_000

ANSWERS = (
    "picture consent",
    "tap I agree",
    "picture name",
    "Sarah",
    "tap Skip",
    "picture clock",
    "tap New York",
    "Sarah and Tom",
    "Tue Thu 10-11:30 Sarah, Tom Mon-Fri 9-17",
    "picture away",
    "tap That's all",
    "Emma 9, Noah 6",
    "picture children",
    "tap That's everyone",
    "Co-op Fri 1-3pm",
    "tap All of us",
    "tap That's all",
    "tap Nothing regular",
    "Soccer",
    "picture commitment-guided",
    "tap Each week",
    "Mon Wed 4-5pm",
    "tap No",
    "picture commitments",
    "tap That's all",
    "Latin 2x 20 min independent",
    "picture subjects",
    "tap Change details",
    "tap Mathematics",
    "picture subject-details",
    "tap Done",
    "tap Looks right",
    "tap Looks right",
    "picture together",
    "tap Looks right",
    "picture flexibility",
    "tap Moderate structure",
    "picture times",
    "tap Looks right",
    "tap Looks right",
    "picture philosophy",
    "tap Relaxed",
    "tap Looks right",
    "picture style",
    "tap Looks right",
    "picture activities",
    "tap Looks right",
    "picture planning",
    "tap Looks right",
    "picture summary",
    "tap Make our week",
)
"""What Sarah answers: a button by its label, a picture of the newest card, or what she types."""

LATER = (
    "/settings",
    "picture settings",
    "tap Subjects",
    "picture settings-subjects",
    "tap Emma",
    "tap Looks right",
    "tap All is fine",
    "/invite Nana",
    "picture invite-role",
    "tap Help only",
    "picture invitation",
    "/calendars",
    "picture calendars",
    "tap See in my calendar",
    "tap Google Calendar",
    "picture calendars-google",
    "tap Back",
    "tap Back",
    "tap Plan around another",
    "picture calendars-outside",
    "https://calendar.example.com/ical/sarah/private-5f2c/basic.ics",
    "picture calendars-whose",
    "tap Back",
    "tap Apple or Nextcloud",
    "picture calendars-send",
)
"""What she does once the week stands."""


DAY = (
    "picture today",
    "done latin",
    "picture done",
    "Emma is sick tomorrow",
    "wait Do it",
    "picture request",
    "tap Do it",
    "wait Undo",
    "picture request-done",
    "running late",
    "picture request-which",
    "/change",
    "picture change",
    "/reminders",
    "picture reminders",
    "/review",
    "picture review",
    "/year",
    "tap Public holidays",
    "picture year",
)
"""What she says on a Tuesday."""


class Clock:
    """The program's time: the same in every picture."""

    now = datetime(2026, 9, 13, 22, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


async def main() -> None:
    """Starts everything, takes the pictures, and leaves nothing running."""
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="brightpath-") as home:
        server = start(Path(home))
        try:
            upgrade(server.url)
            listener = bind("127.0.0.1", 0)
            address = f"http://127.0.0.1:{listener.getsockname()[1]}"
            settings = Settings(
                _env_file=None,
                brightpath_home=Path(home),
                public_url=PUBLIC,
                # Only for the button: nobody calls Google here.
                google_client_id="picture",
                google_client_secret=SecretStr("picture"),
            )
            stop, ready = asyncio.Event(), asyncio.Event()
            async with open_services(settings, server.url, now=clock) as services:
                roles = frozenset({Role.WEB, Role.WORKER})
                running = asyncio.create_task(
                    serve(services, roles, listener=listener, ready=ready.set, stop=stop)
                )
                await ready.wait()
                try:
                    await take_pictures(address, clock)
                finally:
                    stop.set()
                    await running
        finally:
            server.stop()


async def take_pictures(address: str, clock: Clock) -> None:
    """Plays the family at `address` and saves both pictures."""
    for folder in (IMAGES, GUIDE):
        folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = await open_page(browser, SCROLL, scale=2, touch=True)
        await page.goto(f"{address}/chat")
        for answer in ANSWERS:
            await give(page, answer)
        week = card(page, "week is ready")
        await expect(week).to_be_visible(timeout=PATIENCE)
        await week.screenshot(path=GUIDE / "week.png")
        await page.set_viewport_size(PHONE)
        # The picture for the camera at the lower edge, so that the days and the links show too.
        await week.locator("[data-part=qr]").evaluate("qr => qr.scrollIntoView({ block: 'end' })")
        await page.screenshot(path=IMAGES / "chat.png")
        await page.set_viewport_size(SCROLL)
        link = await week.get_by_role("link", name="See the week").get_attribute("href")
        for answer in LATER:
            await give(page, answer)

        clock.now = datetime(2026, 9, 15, 14, 20, tzinfo=UTC)
        await give(page, "/today")
        lessons = card(page, "Tuesday").locator("[data-option^=d]")
        for button in (lessons.first, lessons.nth(1), lessons.filter(has_text="Noah").first):
            await button.tap()
            await expect(button).to_have_attribute("aria-pressed", "true")
            await expect(page.locator("[data-sending]")).to_have_count(0)
        for answer in DAY:
            await give(page, answer)
        desk = await open_page(browser, DESK)
        await desk.goto(f"{link}".replace(PUBLIC, address))
        await desk.screenshot(path=IMAGES / "week.png", full_page=True)
        await browser.close()


async def open_page(
    browser: Browser, viewport: dict[str, int], *, scale: int = 1, touch: bool = False
) -> Page:
    """An empty page of a window of its own."""
    context = await browser.new_context(
        viewport=viewport,
        device_scale_factor=scale,
        has_touch=touch,
        reduced_motion="reduce",
        locale="en-US",
        timezone_id="America/New_York",
    )
    return await context.new_page()


def card(page: Page, title: str) -> Locator:
    """The newest open card whose title holds `title`."""
    heading = page.locator("h2", has_text=title)
    return page.locator("article.us:not(.shrunk)", has=heading).last


async def give(page: Page, answer: str) -> None:
    """Gives one answer, and waits for what it leads to."""
    newest = page.locator("article.us:not(.shrunk)").last
    if answer.startswith("picture "):
        await newest.screenshot(path=GUIDE / f"{answer.removeprefix('picture ')}.png")
        return
    if answer.startswith("wait "):
        button = newest.get_by_role("button", name=answer.removeprefix("wait "), exact=True)
        await expect(button).to_be_visible(timeout=PATIENCE)
        return
    label = answer.removeprefix("tap ")
    if label == answer:
        before = await page.locator("article").count()
        await page.locator("#text").fill(answer)
        await page.locator("#send").tap()
        await expect(page.locator("article")).not_to_have_count(before)
        await expect(page.locator("[data-unsent]")).to_have_count(0)
        return
    revision = await newest.get_attribute("data-revision")
    shown = page.locator(f'article[data-revision="{revision}"]')
    await newest.get_by_role("button", name=label, exact=True).tap()
    await expect(shown).to_have_count(0)


if __name__ == "__main__":
    asyncio.run(main())
