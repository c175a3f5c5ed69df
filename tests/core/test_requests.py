"""What a family asks for during the day: the rules that decide, and what is asked back."""

from dataclasses import replace
from datetime import date

import pytest
from spoken import Chat, chat, written

from bot.texts import LANGUAGES, translator
from core.family import Scope
from core.said import Unclear, example
from core.said.readings import (
    TOPICS,
    DayOff,
    Late,
    MoveLesson,
    NewCommitment,
    Sick,
    Topic,
    Why,
)

SARAH, BEN, MIA, CARMEN = chat("sarah"), chat("ben"), chat("mia"), chat("carmen")
"""Sarah's day is Tuesday, 8 April 2025, 10:10; Carmen's the Thursday after, 11:30."""


def said(where: Chat, text: str) -> str:
    return written(where.read(text), where)


def asked(where: Chat, text: str) -> tuple[Why, Topic | None, list[str]]:
    reading = where.read(text)
    assert isinstance(reading, Unclear)
    candidates = [written(candidate, where) for candidate in reading.candidates]
    return reading.why, reading.topic, candidates


# --- Dates


def test_the_language_says_which_number_is_the_day() -> None:
    assert SARAH.read("day off 5/6") == DayOff((1, 2), date(2025, 5, 6), date(2025, 5, 6))
    assert CARMEN.read("día libre el 5/6") == DayOff((1, 2), date(2025, 6, 5), date(2025, 6, 5))
    assert CARMEN.read("día libre el 5/16") == DayOff((1, 2), date(2025, 5, 16), date(2025, 5, 16))


def test_a_rating_and_a_date_look_alike() -> None:
    assert said(SARAH, "math done 4/5") == "done | Emma Mathematics | 4/5"
    assert SARAH.read("day off 4/5") == DayOff((1, 2), date(2026, 4, 5), date(2026, 4, 5))


def test_a_weekday_is_the_next_one_today_included() -> None:
    assert said(SARAH, "half day tuesday") == "half | everybody | today"
    assert said(SARAH, "half day monday") == "half | everybody | Mon"


def test_next_friday_may_be_either_while_this_one_is_to_come() -> None:
    assert asked(SARAH, "day off next friday") == (
        Why.WHICH,
        Topic.DAY_OFF,
        ["off | everybody | Fri", "off | everybody | 2025-04-18"],
    )
    assert said(SARAH, "day off next monday") == "off | everybody | Mon"


def test_what_is_over_is_asked_back() -> None:
    assert asked(SARAH, "day off yesterday") == (Why.PAST, Topic.DAY_OFF, [])
    assert asked(SARAH, "start at 9") == (Why.PAST, Topic.START, [])
    assert asked(SARAH, "move math to 8am")[0] is Why.PAST
    assert asked(SARAH, "dentist 9-10") == (Why.PAST, Topic.NEW, [])


def test_two_dates_are_one_period_only_in_a_row() -> None:
    assert said(SARAH, "off thursday and friday") == "off | everybody | Thu..Fri"
    assert asked(SARAH, "off wednesday and friday")[0] is Why.WHEN


# --- Whom


def test_who_is_sick_must_be_said_where_there_are_several() -> None:
    assert asked(SARAH, "sick today") == (
        Why.WHO,
        Topic.SICK,
        ["sick | Emma | today", "sick | Noah | today"],
    )
    assert MIA.read("sick today") == Sick((1,), MIA.today, MIA.today)
    assert BEN.read("im sick") == Sick((1,), BEN.today, BEN.today)
    assert asked(SARAH, "tom is sick") == (Why.WHO, Topic.SICK, [])


def test_in_a_childs_own_chat_nobody_named_means_that_child() -> None:
    assert BEN.read("20 min late") == Late((1,), 20)
    assert said(BEN, "day off tomorrow") == "off | Ben | Thu"


def test_both_are_two() -> None:
    assert said(SARAH, "both kids are sick") == "sick | everybody | today"
    assert asked(chat("four"), "both are sick")[1] is Topic.SICK
    assert said(chat("four"), "all 4 kids are sick") == "sick | everybody | today"
    assert asked(chat("four"), "all 3 kids are sick")[0] is Why.WORDS


# --- How long, until when


def test_how_late_is_offered() -> None:
    assert asked(SARAH, "running late") == (
        Why.HOW_LONG,
        Topic.LATE,
        ["late | everybody | 15", "late | everybody | 30", "late | everybody | 60"],
    )


def test_until_when_is_offered() -> None:
    why, topic, candidates = asked(SARAH, "dentist thursday at 10")
    assert (why, topic) == (Why.ENDS, Topic.NEW)
    assert candidates[0] == "new | dentist | Thu | 10:00-10:30 | everybody"
    assert len(candidates) == 4


# --- Lessons


def test_an_hour_without_a_half_is_within_the_day() -> None:
    assert said(SARAH, "move science to 2") == "move | Emma Science | today | 14:00"
    assert said(SARAH, "move science to 11") == "move | Emma Science | today | 11:00"


def test_a_date_beside_a_lesson_says_which_another_where_to() -> None:
    assert said(SARAH, "move thursday's science to friday") == (
        "move | Emma Science Thu | Fri | any"
    )
    assert said(SARAH, "move science to friday") == "move | Emma Science | Fri | any"
    assert asked(SARAH, "move emmas math tomorrow to 11") == (
        Why.WHICH,
        Topic.MOVE,
        ["move | Emma Mathematics | Wed | 11:00", "move | Emma Mathematics Wed | Wed | 11:00"],
    )


def test_whose_lesson_is_asked_back() -> None:
    assert asked(SARAH, "move reading to 2") == (
        Why.WHICH,
        Topic.MOVE,
        [
            "move | Emma Reading/Language Arts | today | 14:00",
            "move | Noah Reading/Language Arts | today | 14:00",
        ],
    )


def test_a_shared_lesson_moves_as_one() -> None:
    assert SARAH.read("move science to 2pm") == MoveLesson("Emma/Science/Tue", SARAH.today, 840)


@pytest.mark.parametrize(
    "text", ["dont move science", "should we move science to 2", "what if we move science to 2"]
)
def test_what_is_not_wanted_is_not_done(text: str) -> None:
    assert isinstance(SARAH.read(text), Unclear)


def test_a_question_is_answered_with_what_it_may_ask_for() -> None:
    assert asked(SARAH, "move science to 2pm?") == (
        Why.QUESTION,
        Topic.MOVE,
        ["move | Emma Science | today | 14:00"],
    )
    assert said(SARAH, "can you move science to 2pm?") == "move | Emma Science | today | 14:00"


# --- Commitments


def test_without_a_date_it_is_the_next_occurrence() -> None:
    assert said(SARAH, "piano is cancelled") == "cancel | Piano | today"
    evening = replace(SARAH, minute=20 * 60)
    assert said(evening, "piano is cancelled") == "cancel | Piano | 2025-04-15"


def test_a_week_without_it_is_asked_back() -> None:
    assert asked(SARAH, "no piano tomorrow") == (Why.NO_SUCH, Topic.CANCEL, [])


def test_it_keeps_its_length() -> None:
    assert said(SARAH, "soccer is at 5 tomorrow") == "shift | Soccer | Wed > Wed | 17:00-18:00"


def test_to_another_date_only_with_a_word_of_moving_and_in_its_week() -> None:
    assert said(SARAH, "piano moved to friday at 4") == "shift | Piano | today > Fri | 16:00-16:30"
    assert asked(SARAH, "piano friday at 4")[:2] == (Why.WHICH, Topic.SHIFT)
    assert asked(SARAH, "piano moved to april 17 at 4")[:2] == (Why.WHICH, Topic.SHIFT)


def test_what_it_takes() -> None:
    on = date(2025, 4, 10)
    assert SARAH.read("dentist thu 10-11") == NewCommitment(
        "dentist", on, 600, 660, Scope.FAMILY, (1, 2)
    )
    assert SARAH.read("noah dentist thu 10-11 with tom") == NewCommitment(
        "dentist", on, 600, 660, Scope.CHILD, (2,), 12
    )
    assert SARAH.read("noah dentist thu 10-11 with me") == NewCommitment(
        "dentist", on, 600, 660, Scope.CHILD, (2,), 11
    )
    assert SARAH.read("tom dentist thu 10-11") == NewCommitment(
        "dentist", on, 600, 660, Scope.PARENT, (), 12
    )
    assert SARAH.read("i have the dentist thu 10-11") == NewCommitment(
        "dentist", on, 600, 660, Scope.PARENT, (), 11
    )
    assert asked(SARAH, "noah dentist thu 10-11 with mum")[0] is Why.WHO
    assert asked(SARAH, "noah and tom dentist thu 10-11")[0] is Why.WHO


def test_a_name_that_is_a_word_is_none_behind_another_name() -> None:
    four = chat("four")
    assert said(four, "will is sick") == "sick | Will | today"
    assert said(four, "eva will be sick tomorrow") == "sick | Eva | Fri"
    assert said(four, "eva and will are sick") == "sick | Eva, Will | today"
    assert said(four, "may 2 is a day off") == "off | everybody | 2026-05-02"


# --- Learned elsewhere


def test_a_subject_stands_apart_from_the_name() -> None:
    assert said(SARAH, "2 h museum, science") == (
        "outing | museum | 120 | Science | everybody | today"
    )
    assert said(SARAH, "we visited the science museum for 2 h") == (
        "outing | science museum | 120 | - | everybody | today"
    )
    assert asked(SARAH, "went to the zoo") == (Why.HOW_LONG, Topic.OUTING, [])
    assert asked(SARAH, "went to the zoo for 2 hours tomorrow")[0] is Why.FUTURE


# --- What we say ourselves


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize("language", LANGUAGES)
def test_our_examples_are_read_as_what_they_show(language: str, topic: Topic) -> None:
    where = {"en": SARAH, "es": CARMEN}[language]
    reading = where.read(translator(language)(example(Unclear(Why.WORDS, topic))))
    found = reading.topic if isinstance(reading, Unclear) else TOPICS[type(reading)]
    assert found is topic
