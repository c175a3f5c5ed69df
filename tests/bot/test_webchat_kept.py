"""What the browser keeps of a conversation, how it comes back, and when it is gone."""

import json
from typing import Any

from chat_browser import Served, comes_to, go_offline, name_oneself, write
from chat_memory import FEED, Conversation
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from bot.conversations.cards import Typed

SMILES = "🙂🙂"
"""No name: the question stays."""


def kept(page: Page) -> dict[str, Any]:
    """All that the browser keeps, by name."""
    stored: dict[str, str] = page.evaluate("({ ...localStorage })")
    return {key.removeprefix("brightpath.chat."): json.loads(text) for key, text in stored.items()}


def open_page(context: BrowserContext, served: Served) -> Page:
    page = context.new_page()
    page.goto(f"{served.url}/chat")
    return page


def ready_without_connection(page: Page) -> None:
    """Once the service worker has what it needs."""
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")


def heard(served: Served) -> list[object]:
    (conversation,) = served.chat.conversations.values()
    return [event for event in conversation.events if isinstance(event, Typed)]


def ids_kept(page: Page) -> list[int]:
    return [message["id"] for message in kept(page)["messages"]["list"]]


def selected(page: Page) -> str:
    return page.locator("#text").evaluate(
        "box => box.value.slice(box.selectionStart, box.selectionEnd)"
    )


# --- half-typed


def test_a_half_typed_text_survives_its_tab(
    page: Page, context: BrowserContext, served: Served
) -> None:
    page.locator("#text").fill("Sar")
    page.close()
    again = open_page(context, served)
    expect(again.locator("#text")).to_have_value("Sar")
    again.locator("#text").press_sequentially("ah")
    again.locator("#text").press("Enter")
    expect(again.locator('button[data-option="math"]')).to_be_visible()
    comes_to(again, lambda: heard(served), [Typed("Sarah")])
    comes_to(again, lambda: "draft" in kept(again), False)


def test_two_tabs_share_one_field(page: Page, context: BrowserContext, served: Served) -> None:
    other = open_page(context, served)
    expect(other.locator("article")).to_have_count(1)
    page.locator("#text").fill("Sar")
    expect(other.locator("#text")).to_have_value("Sar")
    other.locator("#text").fill("Sarah")
    expect(page.locator("#text")).to_have_value("Sarah")
    page.reload()
    expect(page.locator("#text")).to_have_value("Sarah")
    page.locator("#text").press("Enter")
    expect(other.locator('button[data-option="math"]')).to_be_visible()
    expect(other.locator("#text")).to_have_value("")
    comes_to(page, lambda: heard(served), [Typed("Sarah")])


def test_what_two_tabs_wrote_offline_arrives_once_each(
    page: Page, context: BrowserContext, served: Served
) -> None:
    other = open_page(context, served)
    expect(other.locator("article")).to_have_count(1)
    go_offline(page, other)
    write(page, "Sarah")
    expect(other.locator("[data-unsent]")).to_have_text("SarahOn its way…")
    write(other, "Emma 9")
    expect(page.locator("[data-unsent]")).to_have_count(2)
    context.set_offline(False)
    for tab in (page, other):
        expect(tab.locator("[data-unsent]")).to_have_count(0)
        expect(tab.locator('[data-author="them"]')).to_have_count(2)
    comes_to(page, lambda: heard(served), [Typed("Sarah"), Typed("Emma 9")])


def test_a_text_refused_to_two_tabs_comes_back_once(
    page: Page, context: BrowserContext, served: Served
) -> None:
    other = open_page(context, served)
    expect(other.locator("article")).to_have_count(1)
    go_offline(page, other)
    write(page, "Sarah")
    expect(other.locator("[data-unsent]")).to_have_count(1)
    asked: list[Route] = []
    context.route("**/chat/events", lambda route: asked.append(route))
    context.set_offline(False)
    while len(asked) < 2:
        page.wait_for_timeout(50)
    for route in asked:
        route.fulfill(status=413, json={"error": "Too long."})
    for tab in (page, other):
        expect(tab.locator("#banner")).to_have_text("Too long.")
    for tab in (page, other):
        expect(tab.locator("#text")).to_have_value("Sarah")
    assert kept(page)["draft"] == "Sarah"
    assert "queue" not in kept(page)


# --- sent, and not understood


def test_words_that_were_not_understood_come_back_selected(page: Page, served: Served) -> None:
    write(page, SMILES)
    expect(page.locator('[data-message="1"] [data-part="notice"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value(SMILES)
    expect(page.locator("#text")).to_be_focused()
    assert selected(page) == SMILES
    page.keyboard.press("End")
    page.keyboard.type(" Sarah")
    page.keyboard.press("Enter")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value("")
    comes_to(page, lambda: heard(served), [Typed(SMILES), Typed(f"{SMILES} Sarah")])
    comes_to(page, lambda: {"draft", "offered"} & set(kept(page)), set())


def test_typing_goes_over_words_that_came_back(page: Page, served: Served) -> None:
    write(page, SMILES)
    expect(page.locator("#text")).to_have_value(SMILES)
    page.keyboard.type("Sarah")
    page.keyboard.press("Enter")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    comes_to(page, lambda: heard(served), [Typed(SMILES), Typed("Sarah")])


def test_words_that_came_back_survive_a_reload_and_a_lost_answer(page: Page) -> None:
    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.fulfill(status=503)

    page.route("**/chat/events", lose_the_answer, times=1)
    write(page, SMILES)
    expect(page.locator("#text")).to_have_value(SMILES)
    page.reload()
    expect(page.locator('[data-message="1"] [data-part="notice"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value(SMILES)


def test_what_is_typed_meanwhile_goes_before_words_that_come_back(page: Page) -> None:
    page.locator("#text").fill(SMILES)
    page.evaluate(
        """() => {
             const box = document.getElementById("text");
             document.getElementById("composer").requestSubmit();
             box.value = "Sar";
             box.dispatchEvent(new Event("input"));
           }"""
    )
    expect(page.locator('[data-message="1"] [data-part="notice"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value("Sar")


def test_words_left_alone_go_with_their_question(page: Page, served: Served) -> None:
    write(page, SMILES)
    expect(page.locator("#text")).to_have_value(SMILES)
    # The question is still the same: in another language, say.
    page.locator('button[data-option="spanish"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator("#text")).to_have_value(SMILES)
    served.chat.change(lambda conversation: conversation.hear_name("Sarah"))
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value("")
    comes_to(page, lambda: {"draft", "offered"} & set(kept(page)), set())


def test_touched_words_stay_when_the_question_goes(page: Page, served: Served) -> None:
    write(page, SMILES)
    expect(page.locator("#text")).to_have_value(SMILES)
    page.locator("#text").fill("Emma and")
    served.chat.change(lambda conversation: conversation.hear_name("Sarah"))
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    expect(page.locator("#text")).to_have_value("Emma and")


# --- without a connection


def test_a_reload_without_a_connection_shows_the_chat_and_the_words(
    page: Page, context: BrowserContext, served: Served
) -> None:
    ready_without_connection(page)
    name_oneself(page)
    before = page.locator("article").evaluate_all("all => all.map((one) => one.innerText)")
    page.locator("#text").fill("Latin twice a w")
    go_offline(page)
    page.reload()
    expect(page.locator("#banner")).to_contain_text("kept here")
    assert page.locator("article").evaluate_all("all => all.map((one) => one.innerText)") == before
    expect(page.locator("#text")).to_have_value("Latin twice a w")
    expect(page.locator("#text")).to_have_attribute("placeholder", "Latin 2x 20 min independent")

    page.locator('button[data-option="math"]').click()
    write(page, "Latin twice a week")
    page.reload()
    expect(page.locator("[data-unsent]")).to_contain_text("Latin twice a week")
    context.set_offline(False)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator('button[data-option="math"][aria-pressed="true"]')).to_have_count(1)
    comes_to(page, lambda: heard(served), [Typed("Sarah"), Typed("Latin twice a week")])


def test_the_page_opens_while_the_server_is_gone(
    page: Page, context: BrowserContext, served: Served
) -> None:
    ready_without_connection(page)
    page.locator('button[data-option="spanish"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator("#text").fill("Sar")
    served.stop()
    page.close()
    again = open_page(context, served)
    expect(again.locator('[data-message="1"] h2')).to_have_text("¿Cómo te llamas?")
    expect(again.locator("#send")).to_have_text("Enviar")
    expect(again.locator("#text")).to_have_value("Sar")
    expect(again.locator("#banner")).to_be_visible()


def test_a_server_that_fails_is_answered_by_the_kept_page(
    page: Page, context: BrowserContext, served: Served
) -> None:
    ready_without_connection(page)
    served.failing = True
    page.reload()
    expect(page.locator('[data-message="1"] h2')).to_have_text("What should we call you?")
    expect(page.locator("#banner")).to_be_visible()
    served.failing = False
    expect(page.locator("#banner")).to_be_hidden()


def test_the_service_worker_keeps_the_frame_and_nothing_that_was_said(page: Page) -> None:
    ready_without_connection(page)
    name_oneself(page)
    page.reload()
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    stored: dict[str, str] = page.evaluate(
        """async () => {
             const found = {};
             for (const name of await caches.keys()) {
               const cache = await caches.open(name);
               for (const request of await cache.keys()) {
                 const { pathname } = new URL(request.url);
                 found[pathname] = await (await cache.match(request)).text();
               }
             }
             return found;
           }"""
    )
    assert "/chat" in stored
    assert all(path == "/chat" or path.startswith("/chat/static/") for path in stored)
    assert not any("Sarah" in text and "You are" in text for text in stored.values())


def test_messages_that_are_gone_meanwhile_go_from_the_page(page: Page, served: Served) -> None:
    name_oneself(page)
    comes_to(page, lambda: ids_kept(page), [1, 2, 3])
    page.goto("about:blank")
    served.chat.change(lambda conversation: conversation.messages.pop(2))
    page.goto(f"{served.url}/chat")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    expect(page.locator("article")).to_have_count(2)
    comes_to(page, lambda: ids_kept(page), [1, 3])


def test_a_code_is_shown_and_never_kept(page: Page) -> None:
    write(page, "/link")
    expect(page.locator("article", has_text="7K2M")).to_be_visible()
    comes_to(page, lambda: ids_kept(page), [1])


# --- when it is gone


def test_nothing_is_kept_once_the_questionnaire_is_submitted(
    page: Page, context: BrowserContext, served: Served
) -> None:
    other = open_page(context, served)
    expect(other.locator("article")).to_have_count(1)
    name_oneself(page)
    page.locator("#text").fill("Lat")
    assert {"draft", "messages", "owner"} <= set(kept(page))
    page.locator('button[data-option="done"]').click()
    expect(page.locator('[data-message="4"]')).to_be_attached()
    expect(other.locator('[data-message="4"]')).to_be_attached()
    for tab in (page, other):
        comes_to(tab, lambda tab=tab: kept(tab), {})
    served.chat.change(lambda conversation: conversation.finish())
    for tab in (page, other):
        expect(tab.locator("h2", has_text="Your week is ready")).to_be_visible()
        assert FEED not in tab.evaluate("JSON.stringify({ ...localStorage })")
    page.reload()
    expect(page.locator("h2", has_text="Your week is ready")).to_be_visible()
    comes_to(page, lambda: kept(page), {})


def test_later_words_are_kept_only_until_they_have_arrived(
    page: Page, context: BrowserContext, served: Served
) -> None:
    name_oneself(page)
    page.locator('button[data-option="done"]').click()
    expect(page.locator('[data-message="4"]')).to_be_attached()
    go_offline(page)
    write(page, "done math")
    page.locator("#text").fill("and re")
    comes_to(page, lambda: set(kept(page)), {"draft", "owner", "queue"})
    context.set_offline(False)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    page.locator("#text").fill("")
    comes_to(page, lambda: kept(page), {})
    comes_to(page, lambda: heard(served)[-1], Typed("done math"))


def test_a_farewell_leaves_nothing_in_any_tab(
    page: Page, context: BrowserContext, served: Served
) -> None:
    other = open_page(context, served)
    name_oneself(page)
    expect(other.locator("article")).to_have_count(3)
    other.locator("#text").fill("Emma lear")
    write(page, "/forget")
    for tab in (page, other):
        expect(tab.locator("article")).to_have_count(1)
        expect(tab.locator("h2")).to_have_text("Everything is erased.")
        expect(tab.locator("#text")).to_have_value("")
    stored = page.evaluate("JSON.stringify({ ...localStorage })")
    assert "Sarah" not in stored
    assert "Emma" not in stored
    page.reload()
    page.locator("#text").fill("Sar")
    page.reload()
    expect(page.locator("h2")).to_have_text("Everything is erased.")
    expect(page.locator("#text")).to_have_value("Sar")


def test_what_another_device_has_erased_is_gone_here_too(page: Page, served: Served) -> None:
    def erase(conversation: Conversation) -> None:
        conversation.messages.clear()
        conversation.put(9, "us", 1, conversation.ask_name())
        conversation.name = ""

    write(page, "Zoraida")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    page.locator("#text").fill("Zoraida lear")
    page.goto("about:blank")
    served.chat.change(erase)
    page.goto(f"{served.url}/chat")
    expect(page.locator('[data-message="9"] h2')).to_have_text("What should we call you?")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("")
    assert "Zoraida" not in page.evaluate("JSON.stringify({ ...localStorage })")


def test_whoever_opens_another_conversation_finds_nothing_of_the_first(
    page: Page, context: BrowserContext, served: Served
) -> None:
    write(page, "Zoraida")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    go_offline(page)
    write(page, "Emma 9, Noah 6")
    page.locator("#text").fill("Emma lear")
    page.goto("about:blank")
    context.clear_cookies()
    context.set_offline(False)
    page.goto(f"{served.url}/chat")
    expect(page.locator('[data-message="1"] h2')).to_have_text("What should we call you?")
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("")
    stored = page.evaluate("JSON.stringify({ ...localStorage })")
    assert "Zoraida" not in stored
    assert "Emma" not in stored
    first, second = served.chat.conversations.values()
    assert [event for event in second.events if isinstance(event, Typed)] == []
    assert Typed("Emma 9, Noah 6") not in first.events


def test_a_first_word_typed_before_the_page_has_opened_stays(
    context: BrowserContext, served: Served
) -> None:
    held: list[Route] = []
    page = context.new_page()
    page.route("**/chat/open", lambda route: held.append(route))
    page.goto(f"{served.url}/chat")
    page.locator("#text").fill("Sar")
    while not held:
        page.wait_for_timeout(20)
    held[0].fallback()
    expect(page.locator("article")).to_have_count(1)
    expect(page.locator("#text")).to_have_value("Sar")
    comes_to(page, lambda: kept(page)["draft"], "Sar")
    page.close()


def test_where_nobody_may_sign_up_a_lost_cookie_leaves_nothing_for_the_next(
    page: Page, context: BrowserContext, served: Served
) -> None:
    write(page, "Zoraida")
    expect(page.locator('button[data-option="math"]')).to_be_visible()
    served.chat.signup = False
    page.locator("#text").fill("Emma lear")
    # Whoever sits in front of the page keeps the words and loses the rest.
    context.clear_cookies()
    write(page, "Emma learns Latin")
    expect(page.locator("#banner")).to_contain_text("no new families")
    expect(page.locator("article")).to_have_count(0)
    expect(page.locator("#text")).to_have_value("Emma learns Latin")
    assert "Zoraida" not in page.evaluate("JSON.stringify({ ...localStorage })")
    # Whoever comes next finds nothing.
    page.reload()
    expect(page.locator("#banner")).to_contain_text("no new families")
    expect(page.locator("#text")).to_have_value("")
    comes_to(page, lambda: kept(page), {})


def test_a_browser_that_forbids_storage_has_the_chat_all_the_same(
    browser: Browser, served: Served
) -> None:
    context = browser.new_context()
    context.add_init_script(
        """Object.defineProperty(window, "localStorage", {
             get() { throw new DOMException("denied", "SecurityError"); },
           });"""
    )
    page = open_page(context, served)
    write(page, SMILES)
    expect(page.locator("#text")).to_have_value(SMILES)
    name_oneself(page)
    expect(page.locator("[data-unsent]")).to_have_count(0)
    context.close()
