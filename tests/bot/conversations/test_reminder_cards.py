"""When a family hears from us: set by taps and by words."""

from dataclasses import replace
from datetime import date

import pytest

from bot.conversations.cards import Card
from bot.conversations.reminders import (
    FOREVER,
    Shown,
    is_reminder_option,
    part_card,
    reminders_card,
    tapped,
    told,
    told_pause,
)
from bot.texts import translator
from core.reminders import DaySettings

USUAL = DaySettings()
TODAY = date(2026, 11, 25)
"""A Wednesday."""

ENGLISH = translator("en")


def lines(card: Card) -> list[str]:
    return [ENGLISH(line) for line in card.lines]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("7:15", replace(USUAL, morning=7 * 60 + 15)),
        ("8", replace(USUAL, morning=8 * 60)),
        ("morning 6:45 am", replace(USUAL, morning=6 * 60 + 45)),
        ("off", replace(USUAL, morning=None)),
        ("evening 7", replace(USUAL, evening=19 * 60)),
        ("evening at 6 pm", replace(USUAL, evening=18 * 60)),
        ("tarde a las 7", replace(USUAL, evening=19 * 60)),
        ("evening off", replace(USUAL, evening=None)),
        ("quiet 22-6", replace(USUAL, quiet_from=22 * 60, quiet_until=6 * 60)),
        ("quiet 10pm to 7am", replace(USUAL, quiet_from=22 * 60, quiet_until=7 * 60)),
        ("", Shown("open")),
        ("purple", None),
        ("7:15 and 8:15", None),
        ("quiet please", None),
        ("25:99", None),
    ],
)
def test_words(words: str, wanted: object) -> None:
    assert told(words, USUAL) == wanted


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("3 days", date(2026, 11, 28)),
        ("2 weeks", date(2026, 12, 9)),
        ("una semana", None),
        ("until monday", date(2026, 11, 30)),
        ("next week", date(2026, 12, 7)),
        ("nov 30 - dec 4", date(2026, 12, 5)),
        ("forever and a day", None),
    ],
)
def test_words_of_a_pause(words: str, until: date | None) -> None:
    found = told_pause(words, USUAL, TODAY, day_first=False)
    assert found == (None if until is None else replace(USUAL, paused_until=until))
    assert told_pause("", USUAL, TODAY, day_first=False) == Shown("pause")


def test_every_button_leads_somewhere() -> None:
    """From the card through every part and back; nothing is set by looking."""
    seen, left = set(), [reminders_card(replace(USUAL, automatic=True), TODAY)]
    kept = []
    while left:
        card = left.pop()
        for option in (each.id for row in card.rows for each in row):
            assert is_reminder_option(option)
            assert len(option) <= 24
            if option in seen:
                continue
            seen.add(option)
            step = tapped(option, USUAL, TODAY)
            if isinstance(step, Shown):
                left.append(
                    reminders_card(USUAL, TODAY)
                    if step.part == "open"
                    else part_card(step.part, USUAL)
                )
            else:
                assert isinstance(step, DaySettings)
                kept.append(step)
    assert {each.morning for each in kept} >= {None, 390, 420, 450, 480, 510}
    assert {each.evening for each in kept} >= {None, 1020, 1110, 1140}
    assert {each.paused_until for each in kept} >= {FOREVER, date(2026, 11, 26), date(2026, 12, 9)}


def test_what_the_card_says() -> None:
    assert lines(reminders_card(USUAL, TODAY)) == [
        "The day's list at 7:30 AM",
        "What is left at 6:30 PM",
        "The week's review on Sunday at 5 PM",
        "Nothing is caught up from 9 PM to 7 AM",
    ]
    never = replace(USUAL, morning=None, evening=None, paused_until=date(2026, 11, 30))
    assert lines(reminders_card(never, TODAY))[:3] == [
        "Paused until Monday, November 30. You can still ask for /today.",
        "No list in the morning",
        "No question in the evening",
    ]
    forever = replace(USUAL, paused_until=FOREVER)
    assert lines(reminders_card(forever, TODAY))[0].startswith("Paused until you say so")
    over = replace(USUAL, paused_until=TODAY)
    assert len(lines(reminders_card(over, TODAY))) == 4
    alone = replace(USUAL, automatic=True)
    assert "Weeks are published by themselves" in lines(reminders_card(alone, TODAY))
    assert tapped("rem-ask", alone, TODAY) == USUAL
    assert tapped("rem-go", forever, TODAY) == USUAL
