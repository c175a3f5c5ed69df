"""Lines as parents type them, with what is read: tests/data/typed_answers.json."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transcript import TODAY

from bot.conversations.answers import (
    clean,
    next_with,
)
from bot.conversations.children import read_children
from bot.conversations.commitment_lines import Parts, Reader, Whose, read_lines, split_lines
from bot.conversations.guided import describe_item
from bot.texts import LANGUAGES, translator
from core.week import Weekday, clock

ADULTS = ("Sarah", "Tom")
READERS = {
    Whose.CHILD: Reader(Whose.CHILD, TODAY, ADULTS, "Emma", ("Noah",)),
    Whose.FAMILY: Reader(Whose.FAMILY, TODAY, ADULTS),
    Whose.AWAY: Reader(Whose.AWAY, TODAY, ADULTS),
}

TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "data" / "typed_answers.json").read_text()
)


def lines(section: str) -> pytest.MarkDecorator:
    rows = TABLE[section]
    return pytest.mark.parametrize(
        ("typed", "read"), [(r["typed"], r["read"]) for r in rows], ids=[r["typed"] for r in rows]
    )


@lines("children")
def test_children(typed: str, read: list[list[Any]]) -> None:
    assert [list(child) for child in read_children(clean(typed))] == read


def told(parts: Parts) -> str:
    """What was read of a commitment, in the words of the table."""
    if parts.problem is not None:
        return parts.problem.phrase.key
    when = [parts.frequency.value] if parts.frequency else ["?"]
    when += [day.label[:3] for day in parts.days] + [day.isoformat() for day in parts.dates]
    times = "?" if parts.start is None else f"{clock(parts.start)}-"
    times += "" if parts.start is None else "?" if parts.end is None else clock(parts.end)
    extras = {True: "along", False: "alone"}.get(parts.along) if parts.along is not None else None
    people = " ".join(ADULTS[index] for index in parts.adults) or extras
    people = "everybody" if parts.everybody else people
    return " / ".join([parts.name, " ".join(when), times, *([people] if people else [])])


@pytest.mark.parametrize("row", TABLE["commitments"], ids=lambda row: row["typed"])
def test_commitments(row: dict[str, Any]) -> None:
    whose = Whose(row["list"])
    assert [told(parts) for parts in read_lines(row["typed"], READERS[whose])] == row["read"]


@pytest.mark.parametrize("row", TABLE["commitments"], ids=lambda row: row["typed"])
def test_splitting_loses_nothing(row: dict[str, Any]) -> None:
    typed = row["typed"]
    end = 0
    for line in split_lines(typed, READERS[Whose(row["list"])]):
        begin = typed.index(line, end)
        assert re.fullmatch(r"[\s,;]*(?:(?:and|y)\s+)?", typed[end:begin])
        end = begin + len(line)
    assert end == len(typed)


NAMES = st.sampled_from(
    ["Soccer", "Fútbol", "Art and Craft club", "Five in a Row", "Чайка", "美咲", "4H club"]
)
DAYS_OF_WEEK = st.sets(st.sampled_from(list(Weekday)), min_size=1).map(
    lambda days: [day.label for day in sorted(days)]
)
LATER = st.integers(0, 300).map(lambda days: TODAY + timedelta(days=days))
# "1:00" without am or pm is after lunch to a family.
TIMES = st.tuples(st.integers(84, 286), st.integers(85, 287)).filter(lambda pair: pair[0] < pair[1])


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    start, end = draw(TIMES)
    when: dict[str, Any] = draw(
        st.one_of(
            DAYS_OF_WEEK.map(lambda days: {"frequency": "weekly", "daysOfWeek": days}),
            st.just({"frequency": "daily"}),
            LATER.map(lambda day: {"frequency": "one-time", "date": day.isoformat()}),
            st.integers(1, 31).map(
                lambda n: {"frequency": "monthly", "date": next_with(n, TODAY).isoformat()}
            ),
        )
    )
    times = {"startTime": clock(start * 5), "endTime": clock(end * 5)}
    return {"name": draw(NAMES), **when, **times}


def as_read(parts: Parts) -> dict[str, Any]:
    assert parts.frequency is not None
    assert parts.start is not None
    assert parts.end is not None
    entry: dict[str, Any] = {"name": parts.name, "frequency": parts.frequency.value}
    if parts.days:
        entry["daysOfWeek"] = [day.label for day in parts.days]
    if parts.dates:
        entry["date"] = parts.dates[0].isoformat()
    return {**entry, "startTime": clock(parts.start), "endTime": clock(parts.end)}


@settings(deadline=None)
@given(entries(), st.sampled_from(LANGUAGES))
def test_what_we_say_of_an_entry_is_read_as_that_entry(
    entry: dict[str, Any], language: str
) -> None:
    said = translator(language)(describe_item(entry))
    (parts,) = read_lines(said, READERS[Whose.CHILD])
    assert parts.problem is None
    assert as_read(parts) == entry


@settings(deadline=None)
@given(
    st.lists(entries(), min_size=2, max_size=4),
    st.sampled_from(LANGUAGES),
    st.sampled_from([", ", "; ", "\n", " and ", " y "]),
)
def test_several_in_one_line_are_read_as_each_alone(
    several: list[dict[str, Any]], language: str, link: str
) -> None:
    said = link.join(translator(language)(describe_item(entry)) for entry in several)
    assert [as_read(parts) for parts in read_lines(said, READERS[Whose.CHILD])] == several
