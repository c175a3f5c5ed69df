"""The small example days agree with the planner and with what is said of them."""

from itertools import groupby, pairwise

import pytest
from transcript import DEFAULT_RUN, Chat

from bot.conversations.example_days import FLEXIBLE_DAYS, HALF_HOURS, STYLE_DAYS
from core.family import SCHEDULING_STYLES, Flexibility

DAYS = (*FLEXIBLE_DAYS.values(), *STYLE_DAYS.values())
LUNCH = slice(5, 8)
"""The half hours that begin at 11:30, 12:00 and 12:30."""


def lessons(day: str) -> list[str]:
    """A day's lessons, each as its half hours ("aa")."""
    runs = ["".join(run) for _, run in groupby(day)]
    return [run for run in runs if run[0].isalpha()]


@pytest.mark.parametrize("day", DAYS)
def test_a_day_runs_from_nine_to_four_with_lunch(day: str) -> None:
    assert len(day) == HALF_HOURS
    assert set(day) <= set("abcdefgh-.")
    assert "-" in day[LUNCH]
    assert len({run[0] for run in lessons(day)}) == len(lessons(day)), "no subject twice a day"


def test_the_free_time_is_the_slack_to_half_an_hour() -> None:
    assert tuple(FLEXIBLE_DAYS) == tuple(Flexibility)
    free = [day.count(".") for day in FLEXIBLE_DAYS.values()]
    for level, half_hours in zip(Flexibility, free, strict=True):
        assert abs(half_hours - level.slack * HALF_HOURS) < 1
        assert FLEXIBLE_DAYS[level].endswith("." * half_hours)
    assert all(more > less for more, less in pairwise(free))


def test_each_style_shows_what_it_is_about() -> None:
    assert tuple(STYLE_DAYS) == SCHEDULING_STYLES
    many = {style: len(lessons(day)) for style, day in STYLE_DAYS.items()}
    assert min(many, key=lambda style: many[style]) == "block"
    assert max(many, key=lambda style: many[style]) == "loop"
    hours = [at for at, cell in enumerate(STYLE_DAYS["time_blocked"]) if cell.isalpha()]
    assert all(at % 2 == 0 for at in hours), "on the hour"
    assert lessons(STYLE_DAYS["interest_led"])[0][0] not in "ab"
    first, *_ = STYLE_DAYS["grouped_activities"].split("-")
    assert lessons(first) == list("abcd")


def test_the_card_of_flexibility_draws_all_five(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:14])
    assert chat.title == "flexibility.ask"
    drawn = [(sketch.label.key, sketch.cells) for sketch in chat.card.sketches]
    assert drawn == [(f"flexibility.{level}", FLEXIBLE_DAYS[level]) for level in Flexibility]
    chat.say("mostly structured", "back")
    assert [o.id for row in chat.card.rows for o in row if o.chosen] == ["flex-4"]


def test_the_card_of_styles_draws_each_statement(chat: Chat) -> None:
    chat.say(*DEFAULT_RUN[:18])
    assert chat.title == "teaching.style.ask"
    assert [sketch.cells for sketch in chat.card.sketches] == list(STYLE_DAYS.values())
    chat.say("@open-2")
    assert [sketch.cells for sketch in chat.card.sketches] == [STYLE_DAYS["loop"]]
