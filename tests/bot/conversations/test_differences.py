"""What has become of a week, as a family reads it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversations.cards import Card
from bot.conversations.differences import (
    MOST_LINES,
    changed_card,
    difference_lines,
    not_undone_card,
    refusal,
    token_to_undo,
    undo_option,
)
from bot.texts import LANGUAGES, translator
from bot.views import render
from core.changes import Impossible, Why
from core.check import CLAIMS, RULES, Violation
from core.decisions import Broken
from core.diff import Changed, Difference, LeftOut
from core.family import Adult, Child, Family, Frequency, Hours, Involvement, Subject
from core.plan import Item, ItemType

TUESDAY = date(2026, 12, 1)
WEDNESDAY = TUESDAY + timedelta(days=1)
FAR = TUESDAY + timedelta(days=7)
SCIENCE = Subject(1, "Science", True, 30, Frequency.DAILY, Involvement.SOME, 3)
EMMA = Child(1, "Emma", 9, Hours(540, 840), 60, subjects=(SCIENCE,))
NOAH = Child(2, "Noah", 6, Hours(540, 840), 45, subjects=(replace(SCIENCE, id=2),))
FAMILY = Family("America/New_York", (Adult(1, "Sarah"), Adult(2, "Tom")), (EMMA, NOAH))
TOKEN = "0123456789abcdef0123"


def lesson(
    child: int = 1,
    on: date = TUESDAY,
    start: int = 540,
    name: str = "Science",
    adult: int | None = None,
    minutes: int = 30,
) -> Item:
    end = start + minutes
    return Item(child, on, ItemType.SUBJECT, name, start, end, subject_id=child, adult_id=adult)


def told(found: Difference, language: str = "en", today: date = TUESDAY) -> list[str]:
    return [translator(language)(line) for line in difference_lines(found, FAMILY, today=today)]


def moved(old: Item, **now: object) -> Changed:
    new = replace(old, **now)  # type: ignore[arg-type]
    length = old.end - old.start
    return Changed(old, replace(new, end=new.start + length) if "end" not in now else new)


def test_a_lesson_that_moves_says_from_which_day_and_when_it_is() -> None:
    found = Difference(moved=(moved(lesson(), date=WEDNESDAY, start=840),))
    assert told(found) == ["Emma's Science moves from today to Wed 2 PM"]
    assert told(found, "es") == ["Science de Emma pasa de hoy a mié a las 14:00"]


def test_within_its_day_only_the_time_is_told() -> None:
    assert told(Difference(moved=(moved(lesson(), start=630),))) == [
        "Emma's Science moves to 10:30 AM today"
    ]
    later = lesson(on=WEDNESDAY)
    assert told(Difference(moved=(moved(later, start=630),))) == [
        "Emma's Science moves to Wed 10:30 AM"
    ]


def test_a_day_that_a_weekday_does_not_tell_is_told_by_its_date() -> None:
    far = Difference(moved=(moved(lesson(on=FAR), start=600),))
    assert told(far) == ["Emma's Science moves to Tuesday, December 8 10 AM"]
    past = Difference(done=(lesson(),))
    assert told(past, today=WEDNESDAY) == ["Done Tuesday, December 1: Emma's Science"]


def test_siblings_who_share_a_lesson_are_told_once() -> None:
    both = tuple(
        moved(lesson(child, adult=1), date=WEDNESDAY, start=840, adult_id=2) for child in (2, 1)
    )
    assert told(Difference(moved=both)) == [
        "Emma and Noah's Science moves from today to Wed 2 PM, with Tom"
    ]


def test_a_lesson_that_only_changes_hands_or_length() -> None:
    assert told(Difference(handed_over=(moved(lesson(adult=1), adult_id=2),))) == [
        "Tom takes Emma's Science, 9 AM today"
    ]
    assert told(Difference(handed_over=(moved(lesson(adult=1), adult_id=None),))) == [
        "Emma's Science, 9 AM today, needs no grown-up now"
    ]
    assert told(Difference(moved=(moved(lesson(), end=590),))) == [
        "Emma's Science, 9 AM today, takes 50 minutes"
    ]


def test_a_day_that_is_off_is_one_line() -> None:
    gone = (
        lesson(name="Mathematics"),
        lesson(name="Reading", start=600),
        *(lesson(child, start=660) for child in (1, 2)),
        lesson(on=WEDNESDAY, name="Mathematics"),
    )
    assert told(Difference(gone=gone)) == [
        "Off today: Emma's Mathematics and Reading and Emma and Noah's Science",
        "Off Wed: Emma's Mathematics",
    ]


def test_what_finds_no_room_says_why() -> None:
    found = Difference(
        left_out=(LeftOut(1, 1, 1, "plan.reason.no_time"), LeftOut(1, 99, 1, "plan.reason.no_day")),
        added=(lesson(on=WEDNESDAY),),
        not_done=(lesson(2),),
    )
    assert told(found) == [
        "No room for Emma's Science. Emma's days are too full for all of Science.",
        "New: Emma's Science, Wed 9 AM",
        "Open again today: Noah's Science",
    ]


def test_where_nothing_differs_that_is_said() -> None:
    assert told(Difference()) == ["Every lesson stays where it is."]
    # Of a child who has left the family nothing is said.
    assert told(Difference(gone=(lesson(9),), moved=(moved(lesson(9), start=0),))) == told(
        Difference()
    )


def test_of_many_lines_the_last_are_counted() -> None:
    many = tuple(moved(lesson(start=540 + 5 * n), start=700) for n in range(MOST_LINES + 3))
    lines = told(Difference(moved=many))
    assert len(lines) == MOST_LINES
    assert lines[-1] == "and 4 more"
    assert "more" not in told(Difference(moved=many[:MOST_LINES]))[-1]


items = st.builds(
    lesson,
    st.sampled_from([1, 2, 3]),
    st.dates(date(2026, 11, 20), date(2026, 12, 20)),
    st.integers(0, 1400),
    st.sampled_from(["Art", "Science", "{name} %s"]),
    st.sampled_from([None, 1, 2, 3]),
)
pairs = st.lists(st.builds(Changed, items, items), max_size=6).map(tuple)
many_items = st.lists(items, max_size=6).map(tuple)


@settings(max_examples=100, deadline=None)
@given(
    st.builds(
        Difference,
        moved=pairs,
        handed_over=pairs,
        added=many_items,
        gone=many_items,
        done=many_items,
        not_done=many_items,
    )
)
def test_every_difference_can_be_told_in_every_language(found: Difference) -> None:
    for language in LANGUAGES:
        lines = told(found, language)
        assert 1 <= len(lines) <= MOST_LINES
        assert all(line.strip() for line in lines)


def english(card: Card) -> list[str]:
    view = render(card, translator("en"))
    return [view.title, *view.lines]


def test_a_change_offers_to_take_it_back() -> None:
    card = changed_card(Difference(), FAMILY, today=TUESDAY, undo=TOKEN)
    assert english(card) == ["Your week has changed", "Every lesson stays where it is."]
    ((option,),) = card.rows
    assert option == undo_option(TOKEN)
    # As long as a button's data may be.
    assert len(option.id) == 24
    assert token_to_undo(option.id) == TOKEN
    assert changed_card(Difference(), FAMILY, today=TUESDAY).rows == ()


@pytest.mark.parametrize("option", ["u12", "undo", "undo-no", f"undo{TOKEN}0", "forget-yes"])
def test_no_other_button_takes_anything_back(option: str) -> None:
    assert token_to_undo(option) is None


def test_every_refusal_has_words() -> None:
    for language in LANGUAGES:
        words = translator(language)
        for why in Why:
            (line,) = refusal(Impossible(why, "uid"), FAMILY, lesson())
            assert words(line)
        rules = tuple(Violation(rule, "") for rule in RULES if rule != CLAIMS)
        assert len({words(line) for line in refusal(Broken(rules), FAMILY)}) == len(rules)


def test_a_refusal_names_the_lesson_where_it_is_known() -> None:
    begun = Impossible(Why.BEGUN, "uid")
    assert english(not_undone_card(begun, FAMILY, lesson(2))) == [
        "This stays as it is now",
        "Noah's Science has begun already, so it stays.",
    ]
    assert english(not_undone_card(begun, FAMILY)) == [
        "This stays as it is now",
        "That lesson has begun already, so it stays.",
    ]
    gone = english(not_undone_card(begun, FAMILY, lesson(9)))
    assert gone[1] == "That lesson has begun already, so it stays."


def test_a_rule_that_is_broken_twice_is_told_once() -> None:
    twice = Broken((Violation(2, "a"), Violation(2, "b"), Violation(7, "c")))
    assert len(refusal(twice, FAMILY)) == 2
