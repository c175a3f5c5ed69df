"""The morning message and the planned week, as a family reads them."""

from datetime import date, time

from bot.conversations.cards import Card
from bot.conversations.day import (
    Addresses,
    ChildDay,
    DayLesson,
    DaySpan,
    LeftOut,
    all_done_notice,
    already_done_notice,
    done_notice,
    not_yet_notice,
    thinking_card,
    today_card,
    unclear_notice,
    undone_notice,
    week_card,
)
from bot.texts import LANGUAGES, translator
from bot.views import View, render
from core.phrase import Phrase, say

MONDAY = date(2026, 11, 23)
EMMA = ChildDay(
    1,
    "Emma",
    (DayLesson(11, "Mathematics", 540, 30, True), DayLesson(12, "Reading/Language Arts", 580, 45)),
)
NOAH = ChildDay(2, "Noah", (DayLesson(21, "Mathematics", 540, 30), DayLesson(22, "Art", 600, 30)))
ADDRESSES = Addresses(
    feed="https://example.com/feeds/abc.ics",
    webcal="webcal://example.com/feeds/abc.ics",
    page="https://example.com/week/abc",
)


def english(phrase: Phrase) -> str:
    return translator("en")(phrase)


def views(card: Card) -> tuple[View, ...]:
    return tuple(render(card, translator(language)) for language in LANGUAGES)


NO_TIME = say("plan.reason.no_time", child="Emma", subject="Art")


def test_the_morning_lists_each_child_and_offers_each_lesson() -> None:
    card = today_card(MONDAY, (EMMA, NOAH))
    view, _ = views(card)
    assert view.title == "Monday, November 23"
    assert "9 AM Mathematics · 30 min" in view.lines
    assert "✓ 9 AM Mathematics · 30 min" in view.lines
    for lesson in ("d11", "d12", "d21", "d22"):
        assert view.offers(lesson)
    assert card.option("d11").chosen
    assert not card.option("d21").chosen
    assert view.offers("all2")
    assert not view.offers("all1")


def test_labels_fit_a_button() -> None:
    long = ChildDay(3, "Maximiliana-Josephine", EMMA.lessons)
    for view in views(today_card(MONDAY, (EMMA, NOAH, long), undo=11)):
        assert all(len(button.label) < 20 for row in view.rows for button in row)


def test_an_only_child_is_not_named_on_every_button() -> None:
    view, _ = views(today_card(MONDAY, (NOAH,)))
    assert view.rows[0][0].label == "Mathematics"
    assert view.rows[-1][0].label == "All done"


def test_undo_is_offered_for_what_was_just_logged() -> None:
    notice = done_notice("Emma", "Mathematics", time(9, 5))
    view, _ = views(today_card(MONDAY, (EMMA,), notice=notice, undo=11))
    assert view.notice == "Logged Mathematics for Emma, 9:05 AM"
    assert view.offers("u11")


def test_a_finished_day_says_so_and_a_free_one_too() -> None:
    done = ChildDay(1, "Emma", (DayLesson(11, "Art", 540, 30, True),))
    assert views(today_card(MONDAY, (done,)))[0].title == "Monday, November 23: all done"
    free, _ = views(today_card(MONDAY, (ChildDay(1, "Emma", ()),)))
    assert "Nothing planned today." in free.lines
    assert free.rows == ()


def test_what_is_said_of_a_reply() -> None:
    assert english(undone_notice("Emma", "Art")) == "Taken back: Art is open again for Emma."
    assert english(already_done_notice("Emma", "Art")) == "Art was already logged for Emma."
    assert english(all_done_notice("Emma", ["Art", "Latin"])) == "Logged for Emma: Art and Latin"
    assert "done math" in english(unclear_notice())
    assert english(not_yet_notice()) == "No hurry. It stays on the list."


def test_the_week_in_one_line_a_day_with_links_and_what_is_left_out() -> None:
    days = (
        DaySpan(MONDAY, "Noah", 4, 540, 750),
        DaySpan(MONDAY, "Emma", 1, 540, 570),
        DaySpan(date(2026, 11, 24), "Emma", 0, 540, 540),
    )
    card = week_card(
        MONDAY, ("Noah", "Emma"), days, (LeftOut("Emma", "Art", 1, NO_TIME),), ADDRESSES
    )
    view, spanish = views(card)
    assert view.title == "Noah and Emma's week is ready"
    assert "Mon 23: Noah 4 lessons 9 AM–12:30 PM · Emma 1 lesson 9 AM–9:30 AM" in view.lines
    assert not any(line.startswith("Tue") for line in view.lines)
    assert "Emma: Art, 1 time. Emma's days are too full for all of Art." in view.lines
    assert [link.url for link in view.links] == [
        ADDRESSES.page,
        ADDRESSES.webcal,
        ADDRESSES.feed,
    ]
    assert view.qr == ADDRESSES.webcal
    assert spanish.title == "La semana de Noah y Emma está lista"


def test_a_week_that_holds_everything_mentions_nothing_left_out() -> None:
    view, _ = views(week_card(MONDAY, ("Emma",), (), (), ADDRESSES))
    assert not any("no room" in line for line in view.lines)


def test_thinking_says_what_is_being_done() -> None:
    view, _ = views(thinking_card(31, ("Soccer", "Work", "Soccer")))
    assert view.thinking
    assert view.title == "Fitting 31 lessons around Soccer and Work…"
    assert views(thinking_card(1, ()))[0].title == "Fitting 1 lesson into your week…"
