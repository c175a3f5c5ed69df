"""What a child means by a short answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.replies import Reading, ReplyKind, read_reply

LESSONS = ("Mathematics", "Reading/Language Arts", "Science", "Art", "Latin")
MATH, READING, SCIENCE, ART, LATIN = range(5)


@pytest.mark.parametrize(
    "text", ["done", "Done!", "✅", "👍", "👍🏽", "hecho", "listo", "ya terminé", "finished", "yes"]
)
def test_something_was_done(text: str) -> None:
    assert read_reply(text, LESSONS) == Reading(ReplyKind.DONE_ONE)


@pytest.mark.parametrize("text", ["all done", "everything", "todo listo", "Todo", "all finished!"])
def test_all_was_done(text: str) -> None:
    assert read_reply(text, LESSONS) == Reading(ReplyKind.ALL, (0, 1, 2, 3, 4))


@pytest.mark.parametrize(
    ("text", "lessons", "at"),
    [
        ("done math", (MATH,), None),
        ("math done", (MATH,), None),
        ("I did my math", (MATH,), None),
        ("mathmatics", (MATH,), None),
        ("✅ math", (MATH,), None),
        ("terminé mates", (MATH,), None),
        ("finished reading at 10:05", (READING,), 605),
        ("done with science at 2", (SCIENCE,), 840),
        ("acabé ciencias a las 11:30", (SCIENCE,), 690),
        ("art", (ART,), None),
        ("lattin", (LATIN,), None),
        ("done math and latin", (MATH, LATIN), None),
        ("he terminado lectura y ciencias", (READING, SCIENCE), None),
        ("did everything but art", (MATH, READING, SCIENCE, LATIN), None),
        ("todo menos arte", (MATH, READING, SCIENCE, LATIN), None),
        ("all done except math and art", (READING, SCIENCE, LATIN), None),
    ],
)
def test_named_lessons(text: str, lessons: tuple[int, ...], at: int | None) -> None:
    assert read_reply(text, LESSONS) == Reading(ReplyKind.DONE, lessons, at)


@pytest.mark.parametrize(
    ("text", "lessons"),
    [
        ("not yet", ()),
        ("todavía no", ()),
        ("no", ()),
        ("👎", ()),
        ("later", ()),
        ("haven't done science", (SCIENCE,)),
        ("no hice ciencias", (SCIENCE,)),
    ],
)
def test_not_yet(text: str, lessons: tuple[int, ...]) -> None:
    assert read_reply(text, LESSONS) == Reading(ReplyKind.NOT_YET, lessons)


@pytest.mark.parametrize(
    "text",
    ["bananas", "done bananas", "", "   ", "🦄", "everything but bananas", "?", "done " * 99],
)
def test_what_is_not_understood_is_asked_back(text: str) -> None:
    assert read_reply(text, LESSONS).kind is ReplyKind.UNCLEAR


def test_two_lessons_that_fit_equally_are_asked_back() -> None:
    both = ("Piano theory", "Piano practice")
    assert read_reply("done piano", both) == Reading(ReplyKind.UNCLEAR, (0, 1))
    twice = ("Mathematics", "Mathematics")
    assert read_reply("done math", twice) == Reading(ReplyKind.UNCLEAR, (0, 1))


def test_an_unknown_part_makes_the_whole_unclear_but_keeps_what_was_known() -> None:
    assert read_reply("done math and bananas", LESSONS) == Reading(ReplyKind.UNCLEAR, (MATH,))


@given(st.text(max_size=60), st.lists(st.text(max_size=20), max_size=5))
def test_any_text_is_read_without_an_error(text: str, lessons: list[str]) -> None:
    reading = read_reply(text, lessons)
    assert list(reading.lessons) == sorted(set(reading.lessons))
    assert set(reading.lessons) <= set(range(len(lessons)))
    assert reading.at is None or 0 <= reading.at < 24 * 60


@given(st.sampled_from(LESSONS))
def test_a_lesson_in_its_own_words(lesson: str) -> None:
    assert read_reply(f"done {lesson}", LESSONS) == Reading(
        ReplyKind.DONE, (LESSONS.index(lesson),)
    )


@pytest.mark.parametrize(
    "text",
    ["math done, art not done", "I have not done math but did reading", "hice mates, no arte"],
)
def test_done_and_not_done_in_one_breath_is_asked_back(text: str) -> None:
    assert read_reply(text, LESSONS).kind is ReplyKind.UNCLEAR
