"""The chat page in a real browser, played by a family."""

import re
from pathlib import Path
from typing import Literal

import pytest
from chat_browser import Served, comes_to, go_offline, name_oneself, write
from chat_memory import FEED, Conversation
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

import bot
import sync
from bot.conversations.cards import Located, Opened, Tapped, Typed
from bot.incoming import Command
from bot.views import Strip


def no_sideways_scroll(page: Page) -> bool:
    return page.evaluate(
        """() => [document.scrollingElement, document.getElementById("scroller")]
             .every((node) => node.scrollWidth <= node.clientWidth)"""
    )


def pressed(page: Page, option: str) -> bool:
    return page.locator(f'button[data-option="{option}"][aria-pressed="true"]').count() == 1


def test_a_family_is_played_from_the_name_to_the_week(
    page: Page, served: Served, complaints: list[str]
) -> None:
    expect(page.locator("#text")).to_have_attribute("placeholder", "Sarah")
    expect(page.locator('[data-message="1"] [data-part="progress"]')).to_contain_text("of 7")
    name_oneself(page)
    first = page.locator('[data-message="1"]')
    expect(first).to_have_class(re.compile("shrunk"))
    expect(first.locator("h2")).to_have_text("You are Sarah")
    expect(page.locator('[data-message="2"][data-author="them"]')).to_contain_text("Sarah")
    assert no_sideways_scroll(page)

    page.locator('button[data-option="done"]').click()
    thinking = page.locator('[data-message="4"]')
    expect(thinking.locator(".dots")).to_be_visible()
    expect(thinking.locator("h2")).to_be_hidden()
    expect(thinking.locator("h2")).to_be_visible(timeout=4000)
    served.chat.change(lambda conversation: conversation.finish())
    expect(thinking.locator("h2")).to_have_text("Your week is ready")
    expect(thinking.locator("svg")).to_be_visible()
    assert thinking.locator("a").evaluate_all("links => links.map((a) => a.href)")[1:] == [FEED]
    assert no_sideways_scroll(page)
    assert complaints == []


def test_ticks_change_the_card_in_place(page: Page, served: Served) -> None:
    name_oneself(page)
    card = page.locator('[data-message="3"]')
    math = page.locator('button[data-option="math"]')
    math.focus()
    math.press("Enter")
    expect(math).to_have_attribute("aria-pressed", "true")
    expect(card).to_have_attribute("data-revision", "5")
    expect(math).to_be_focused()
    math.click()
    expect(card).to_have_attribute("data-revision", "6")
    assert not pressed(page, "math")
    assert pressed(page, "reading")
    assert page.locator("article").count() == 3


def asks_for_the_place(conversation: Conversation) -> None:
    wanting = conversation.ask_name().model_copy(update={"wants_place": True})
    conversation.put(1, "us", 1, wanting)


def test_the_place_is_sent_once_roughly_and_kept_nowhere(page: Page, served: Served) -> None:
    page.context.set_geolocation({"latitude": 40.712776, "longitude": -74.005974})
    page.context.grant_permissions(["geolocation"])
    button = page.locator("button[data-place]")
    expect(button).to_have_count(0)
    served.chat.change(asks_for_the_place)
    button.click()
    sent = "() => performance.getEntriesByName(location.origin + '/chat/events').length > 0"
    page.wait_for_function(sent)
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events[-1], Located(40.71, -74.01))
    assert "40.7" not in page.evaluate("() => JSON.stringify({ ...localStorage })")
    expect(button).to_be_enabled()


def test_a_place_that_is_not_told_is_answered_kindly(page: Page, served: Served) -> None:
    served.chat.change(asks_for_the_place)
    page.locator("button[data-place]").click()
    expect(page.locator("#banner")).to_contain_text("Please type the nearest larger city")
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events, [Opened()])


def test_a_browser_that_knows_no_place_shows_no_button(page: Page, served: Served) -> None:
    page.add_init_script("delete Navigator.prototype.geolocation")
    page.reload()
    served.chat.change(asks_for_the_place)
    expect(page.locator('[data-message="1"]')).to_have_attribute("data-revision", "2")
    expect(page.locator("button[data-place]")).to_have_count(0)


def test_an_answered_card_opens_again(page: Page) -> None:
    name_oneself(page)
    page.locator('button[data-option="done"]').click()
    page.locator('button[data-option="reopen-2"]').click()
    expect(page.locator('[data-message="3"]')).not_to_have_class(re.compile("shrunk"))
    expect(page.locator('button[data-option="art"]')).to_be_visible()
    expect(page.locator("#text")).to_have_attribute("placeholder", "Latin 2x 20 min independent")


def test_a_bad_answer_is_told_within_the_card(page: Page) -> None:
    write(page, "🙂🙂")
    notice = page.locator('[data-message="1"] [data-part="notice"]')
    expect(notice).to_contain_text("For example: Sarah")
    expect(page.locator("#text")).to_be_focused()
    name_oneself(page)


def test_two_quick_taps_count_once_and_two_choices_count_twice(page: Page, served: Served) -> None:
    name_oneself(page)
    page.evaluate(
        """() => {
             const button = (id) => document.querySelector(`button[data-option="${id}"]`);
             button("math").click(); button("math").click(); button("art").click();
           }"""
    )
    assert pressed(page, "math")
    assert pressed(page, "art")
    expect(page.locator('[data-message="3"]')).to_have_attribute("data-revision", "6")
    assert pressed(page, "math")
    assert pressed(page, "art")
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events[-2:], [Tapped(2, "math"), Tapped(2, "art")])


def test_a_reload_keeps_the_conversation_and_the_unfinished_text(page: Page) -> None:
    name_oneself(page)
    before = page.locator("article").evaluate_all("all => all.map((one) => one.innerText)")
    page.locator("#text").fill("Latin twice a w")
    page.reload()
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    assert page.locator("article").evaluate_all("all => all.map((one) => one.innerText)") == before
    expect(page.locator("#text")).to_have_value("Latin twice a w")


def test_what_is_written_offline_arrives_when_the_network_is_back(
    page: Page, context: BrowserContext, served: Served
) -> None:
    go_offline(page)
    write(page, "Sarah")
    expect(page.locator("[data-unsent]")).to_contain_text("Sarah")
    expect(page.locator("#banner")).to_contain_text("kept here")
    context.set_offline(False)
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("[data-unsent]")).to_have_count(0)
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events[1:], [Typed("Sarah")])


def test_what_waits_survives_a_reload_and_a_lost_answer_counts_once(
    page: Page, served: Served
) -> None:
    lost: list[str] = []

    def lose_the_answer(route: Route) -> None:
        lost.append(route.request.post_data_json["key"])
        route.fetch()
        route.fulfill(status=503)

    page.route("**/chat/events", lose_the_answer)
    write(page, "Sarah")
    expect(page.locator("#banner")).to_be_visible()
    page.unroute("**/chat/events")
    page.reload()
    expect(page.locator("[data-unsent]")).to_have_count(0)
    expect(page.locator('[data-author="them"]')).to_have_count(1)
    (conversation,) = served.chat.conversations.values()
    assert len(lost) >= 1
    comes_to(page, lambda: conversation.events[1:], [Typed("Sarah")])


def test_a_refused_text_comes_back_to_be_mended(page: Page) -> None:
    page.locator("#text").evaluate("box => { box.removeAttribute('maxlength') }")
    write(page, "S" * 4097)
    expect(page.locator("#banner")).to_contain_text("4,096")
    expect(page.locator("#text")).to_have_value("S" * 4097)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    name_oneself(page)
    expect(page.locator("#banner")).to_be_hidden()


def test_the_page_follows_the_language_of_the_conversation(page: Page) -> None:
    page.locator('button[data-option="spanish"]').click()
    expect(page.locator("#send")).to_have_text("Enviar")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator('[data-message="1"] h2')).to_have_text("¿Cómo te llamas?")


def test_words_are_never_taken_for_markup(page: Page) -> None:
    name = "Sarah <img src=x onerror=document.title='owned'>"
    write(page, name)
    expect(page.locator('[data-author="them"]')).to_contain_text(name)
    assert page.locator("#log img").count() == 0
    assert "BrightPath" in page.title()


def test_a_forgotten_cookie_begins_anew(page: Page, context: BrowserContext) -> None:
    name_oneself(page)
    context.clear_cookies()
    write(page, "Emma 9, Noah 6")
    expect(page.locator('[data-message="1"] h2')).to_have_text("What should we call you?")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("Emma 9, Noah 6")


def test_a_feed_address_can_be_copied(page: Page, context: BrowserContext, served: Served) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    name_oneself(page)
    page.locator('button[data-option="done"]').click()
    expect(page.locator('[data-message="4"]')).to_be_attached()
    served.chat.change(lambda conversation: conversation.finish())
    page.locator(f'button[data-copy="{FEED}"]').click()
    expect(page.locator(f'button[data-copy="{FEED}"]')).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == FEED


def test_a_thumb_finds_every_button(page: Page) -> None:
    name_oneself(page)
    sizes = page.locator("button, textarea").evaluate_all(
        """all => all.map((one) => one.getBoundingClientRect())
                    .map(({ width, height }) => Math.min(width, height))"""
    )
    assert min(sizes) >= 44


def test_only_the_conversation_scrolls(page: Page) -> None:
    for _ in range(12):
        write(page, "🙂🙂")
        expect(page.locator("[data-unsent]")).to_have_count(0)
    heights = page.evaluate(
        """() => [document.scrollingElement, document.getElementById("scroller")]
             .map((node) => node.scrollHeight - node.clientHeight)"""
    )
    assert heights[0] == 0
    assert heights[1] > 0


def test_a_hint_that_does_not_fit_stands_in_the_card_alone(page: Page, served: Served) -> None:
    hint = "For example: Tue Thu 10-11:30, or Tom Mon-Fri 9-17"

    def ask(conversation: Conversation) -> None:
        view = conversation.ask_name().model_copy(update={"hint": hint})
        conversation.put(1, "us", 1, view)

    served.chat.change(ask)
    expect(page.locator("#hint")).to_have_text(hint)
    expect(page.locator("#text")).to_have_attribute("placeholder", "Write here…")


def test_a_code_in_the_address_is_sent_once_and_kept_nowhere(
    page: Page, context: BrowserContext, served: Served
) -> None:
    code = "7K2M-ABCD-EFGH-JKMN"
    bodies: list[dict[str, str]] = []

    def lose_the_first_answer(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        route.fetch()
        if len(bodies) == 1:
            route.fulfill(status=503)
        else:
            route.fallback()

    other = context.new_page()
    other.route("**/chat/events", lose_the_first_answer)
    other.goto(f"{served.url}/chat?from=mail#start={code}")
    expect(other.locator("article")).to_have_count(1)
    assert other.url == f"{served.url}/chat?from=mail"
    expect(other.locator("#banner")).to_be_visible()
    assert code not in other.evaluate("JSON.stringify({ ...localStorage })")
    expect(other.locator("#banner")).to_be_hidden()
    assert [body["text"] for body in bodies] == [f"/start {code}"] * 2
    assert len({body["key"] for body in bodies}) == 1
    other.reload()
    expect(other.locator("article")).to_have_count(1)
    (conversation,) = served.chat.conversations.values()
    comes_to(other, lambda: conversation.events, [Opened(), Command("start", code)])
    other.close()


def test_a_code_pasted_into_the_open_page_works_and_other_fragments_do_not(
    page: Page, served: Served
) -> None:
    page.goto(f"{served.url}/chat#start=%3Cb%3E")
    page.goto(f"{served.url}/chat#log")
    page.goto(f"{served.url}/chat#start=7K2M")
    expect(page).to_have_url(f"{served.url}/chat")
    write(page, "Sarah")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    (conversation,) = served.chat.conversations.values()
    comes_to(
        page, lambda: conversation.events, [Opened(), Command("start", "7K2M"), Typed("Sarah")]
    )


def show_days(conversation: Conversation) -> None:
    days = (
        Strip(label="Very flexible", cells="aab-c..", caption="done early, a third stays free"),
        Strip(label="Strict", cells="aab-cch", caption="hardly a gap"),
        Strip(label="In words", cells="", caption="nothing to draw"),
    )
    view = conversation.ask_name().model_copy(update={"sketches": days})
    conversation.put(1, "us", 1, view)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_example_days_are_drawn_to_scale_beside_their_words(
    page: Page, served: Served, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)
    served.chat.change(show_days)
    days = page.locator('[data-part="sketches"] .sketch')
    expect(days.locator(".label")).to_have_text(["Very flexible", "Strict", "In words"])
    expect(days.locator(".strip")).to_have_count(2)
    expect(days.locator(".strip[aria-hidden=true]")).to_have_count(2)
    expect(days.nth(0)).to_contain_text("done early, a third stays free")
    drawn = days.evaluate_all(
        """all => all.map((day) => [...day.querySelectorAll("span")].map((box) => {
             const { width } = box.getBoundingClientRect();
             const { marginRight, borderTopWidth, borderTopStyle, backgroundColor } =
               getComputedStyle(box);
             return [width + parseFloat(marginRight), borderTopWidth, borderTopStyle,
                     backgroundColor];
           }))"""
    )
    flexible, strict, words = drawn
    assert words == []
    half_hour = flexible[1][0]
    assert [round(box[0] / half_hour) for box in flexible] == [2, 1, 1, 1, 2]
    assert [round(box[0] / half_hour) for box in strict] == [2, 1, 1, 2, 1]
    # A break is air, free time an outline, and each lesson has an edge and a colour of its own.
    assert flexible[2][1] == "0px"
    assert [box[2] for box in flexible] == ["solid", "solid", "none", "solid", "dashed"]
    assert len({box[3] for box in strict if box[1] != "0px"}) == 4
    assert no_sideways_scroll(page)


def test_example_days_have_the_colours_of_the_week_page() -> None:
    """The two pages belong to packages that do not know each other."""
    styles = [Path(bot.__file__).parent / "static" / "chat.css"]
    styles.append(Path(sync.__file__).parent / "templates" / "week.css")
    chat, week = (
        dict(re.findall(r"\.hue-(\d)\s*\{\s*--hue:\s*(#\w+)", style.read_text()))
        for style in styles
    )
    assert len(chat) == 8
    assert chat == week


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_desktop_page_is_readable_in_both_lights(
    browser: Browser, served: Served, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 860}, color_scheme=scheme, locale="es-MX"
    )
    page = context.new_page()
    page.goto(f"{served.url}/chat")
    expect(page.locator("#send")).to_have_text("Enviar")
    expect(page.locator("#text")).to_be_focused()
    name_oneself(page)
    assert no_sideways_scroll(page)
    assert page.locator("#log").evaluate("log => log.offsetWidth") <= 720
    contrasts = page.evaluate(
        """() => {
             const light = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map(Number)
               .map((part) => part / 255)
               .map((part) => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
               .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
             const ground = (node) => {
               const colour = getComputedStyle(node).backgroundColor;
               return colour.endsWith(", 0)") ? ground(node.parentElement) : colour;
             };
             const ratio = ([one, other]) =>
               (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
             return [...document.querySelectorAll("h1, h2, p, button, textarea, article span")]
               .filter((node) => node.offsetWidth > 1 && node.textContent.trim())
               .map((node) => [light(getComputedStyle(node).color), light(ground(node))])
               .map(ratio);
           }"""
    )
    assert len(contrasts) > 10
    assert min(contrasts) >= 7
    context.close()


def test_a_browser_that_keeps_no_cookies_is_told_so_once(
    context: BrowserContext, served: Served
) -> None:
    opened: list[str] = []

    def without_cookie(route: Route) -> None:
        opened.append(route.request.url)
        route.fulfill(json={"language": "en", "new": True, "revision": 0, "messages": []})

    page = context.new_page()
    page.route("**/chat/open", without_cookie)
    page.goto(f"{served.url}/chat")
    expect(page.locator("#banner")).to_contain_text("cookie")
    page.wait_for_timeout(300)
    assert len(opened) == 1
    page.close()


def test_where_nobody_may_sign_up_a_code_opens_the_page(
    context: BrowserContext, served: Served
) -> None:
    code = "7K2M-ABCD-EFGH-JKMN"
    served.chat.signup = False
    served.chat.codes = {code}
    page = context.new_page()
    page.goto(f"{served.url}/chat")
    expect(page.locator("#banner")).to_contain_text("no new families")
    for wrong in ("Emma 9, Noah 6", "7K2M-XXXX"):
        write(page, wrong)
        page.wait_for_timeout(300)
        expect(page.locator("#text")).to_have_value(wrong)
        expect(page.locator("#banner")).to_be_visible()
    assert served.chat.conversations == {}
    write(page, code)
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("")
    expect(page.locator("#banner")).to_be_hidden()
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events, [Opened(), Command("start", code)])
    # Whoever is known goes on.
    page.reload()
    name_oneself(page)


def test_where_nobody_may_sign_up_a_link_with_a_code_opens_the_page(
    context: BrowserContext, served: Served
) -> None:
    served.chat.signup = False
    served.chat.codes = {"7K2M"}
    page = context.new_page()
    page.goto(f"{served.url}/chat#start=7K2M")
    expect(page.locator("article")).to_have_count(1)
    (conversation,) = served.chat.conversations.values()
    comes_to(page, lambda: conversation.events, [Opened(), Command("start", "7K2M")])
