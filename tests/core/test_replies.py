"""What is said of lessons that were held, or were not: the rules, and what is asked back."""

from dataclasses import replace

import pytest
from spoken import Chat, chat, written

from core.family import Family
from core.said import DayFacts, Unclear, read
from core.said.readings import AllDone, Done, NotYet, Skip, Topic, Why

SARAH, MIA, FOUR = chat("sarah"), chat("mia"), chat("four")


def at(where: Chat, minute: int, *done: str) -> Chat:
    """A chat at another minute of its day, with these lessons (by uid) alone done."""
    lessons = tuple(replace(item, completed=item.uid in done) for item in where.day.lessons)
    return replace(where, minute=minute, day=replace(where.day, lessons=lessons))


def said(where: Chat, text: str) -> str:
    return written(where.read(text), where)


def candidates(where: Chat, text: str) -> list[str]:
    reading = where.read(text)
    assert isinstance(reading, Unclear)
    return [written(candidate, where) for candidate in reading.candidates]


def why(where: Chat, text: str) -> tuple[Why, Topic | None]:
    reading = where.read(text)
    assert isinstance(reading, Unclear)
    return reading.why, reading.topic


def test_done_alone_means_the_one_lesson_that_has_begun() -> None:
    assert said(at(SARAH, 9 * 60 - 1), "done") == "unclear"
    only_noah = at(SARAH, 9 * 60 + 5, "Emma/Mathematics/Tue")
    assert said(only_noah, "done") == "done | Noah Mathematics"
    assert said(at(SARAH, 9 * 60 + 5), "done") == "unclear"


def test_done_alone_offers_what_it_may_mean_the_last_begun_first() -> None:
    assert candidates(SARAH, "done") == [
        "done | Emma Reading/Language Arts",
        "done | Noah Reading/Language Arts",
        "done | Emma Mathematics",
    ]
    assert candidates(SARAH, "emma finished") == [
        "done | Emma Reading/Language Arts",
        "done | Emma Mathematics",
    ]


def test_a_lesson_that_siblings_share_is_one() -> None:
    begun = at(SARAH, 10 * 60 + 45, *(i.uid for i in SARAH.day.lessons if i.start < 640 and i.uid))
    assert said(begun, "done") == "done | Emma Science, Noah Science"
    assert said(begun, "emma finished science") == "done | Emma Science"


def test_of_one_name_the_open_lesson_is_meant_then_the_begun_one() -> None:
    assert (
        said(at(SARAH, 10 * 60, "Noah/Mathematics/Tue"), "done math") == "done | Emma Mathematics"
    )
    assert candidates(at(SARAH, 10 * 60), "done math") == [
        "done | Emma Mathematics",
        "done | Noah Mathematics",
    ]
    assert said(at(SARAH, 9 * 60 + 35), "reading done") == "done | Noah Reading/Language Arts"


def test_two_names_that_fit_equally_are_asked_back() -> None:
    assert why(FOUR, "done piano") == (Why.WHICH, Topic.DONE)
    assert candidates(FOUR, "done piano") == [
        "done | Ava Piano Theory",
        "done | Ava Piano Practice",
    ]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("finished math at 9:50", "done | Emma Mathematics | -09:50"),
        ("did math at 9:05", "done | Emma Mathematics | 09:05-"),
        ("math done since 9:05", "done | Emma Mathematics | 09:05-"),
        ("math 9:05-9:50", "done | Emma Mathematics | 09:05-09:50"),
        ("math took an hour", "done | Emma Mathematics | 60 min"),
        ("finished math 20 min ago", "done | Emma Mathematics | -09:50"),
        ("math done at 10:15", "done | Emma Mathematics | -10:15"),
    ],
)
def test_when_it_was(text: str, read_as: str) -> None:
    assert said(SARAH, text) == read_as


@pytest.mark.parametrize("text", ["math done at 10:16", "finished math at 2", "math 10-11"])
def test_an_end_that_is_to_come_is_asked_back(text: str) -> None:
    assert why(SARAH, text) == (Why.FUTURE, Topic.DONE)


def test_an_hour_is_the_latest_that_has_passed() -> None:
    assert said(FOUR, "may finished drawing at 6") == "done | May Drawing | -18:00"
    assert said(FOUR, "may finished drawing at 7") == "done | May Drawing | -07:00"


def test_one_time_of_several_lessons_is_asked_back() -> None:
    assert why(SARAH, "emma finished math and reading at 10") == (Why.WHICH, Topic.DONE)


@pytest.mark.parametrize(
    ("text", "engagement"),
    [
        *(("math done 2/5", 2), ("math done 🙁", 2), ("math done ⭐", 1)),
        *(("math done, loved it", 5), ("math done", None), ("mates hecha 3 de 5", 3)),
        ("math done 😀 3/5", 3),
    ],
)
def test_how_it_was_liked(text: str, engagement: int | None) -> None:
    assert SARAH.read(text) == Done(("Emma/Mathematics/Tue",), engagement=engagement)


def test_who_did_what() -> None:
    pairs = "done | Emma Mathematics, Noah Reading/Language Arts"
    assert said(SARAH, "emma math, noah reading") == pairs
    assert said(SARAH, "math done for emma, reading done for noah") == pairs
    assert why(SARAH, "reading emma and noah math") == (Why.WHO, Topic.DONE)
    assert why(SARAH, "emma did latin") == (Why.WORDS, Topic.DONE)
    assert why(SARAH, "both did art") == (Why.NO_SUCH, Topic.DONE)
    assert why(SARAH, "tom did math") == (Why.WHO, Topic.DONE)


def test_all_and_all_but() -> None:
    assert SARAH.read("all done") == AllDone((1, 2))
    assert SARAH.read("todo menos arte") == AllDone((1, 2), ("Emma/Art/Tue",))
    assert SARAH.read("everyone but noah is done") == AllDone((1,))
    assert SARAH.read("all done except noah's music") == AllDone((1, 2), ("Noah/Music/Tue",))
    assert why(SARAH, "everything but bananas") == (Why.WORDS, Topic.ALL_DONE)
    assert why(SARAH, "everything but latin") == (Why.WORDS, Topic.ALL_DONE)
    assert why(SARAH, "all done yesterday") == (Why.TWO_THINGS, Topic.ALL_DONE)


def test_not_yet_may_name_several() -> None:
    assert SARAH.read("not yet") == NotYet()
    assert SARAH.read("reading not yet") == NotYet(
        ("Emma/Reading/Language Arts/Tue", "Noah/Reading/Language Arts/Tue")
    )
    assert why(SARAH, "math not done, reading done") == (Why.TWO_THINGS, Topic.NOT_YET)


def test_skip_is_asked_back_where_it_may_be_anybodys() -> None:
    assert SARAH.read("skip art") == Skip(("Emma/Art/Tue",))
    assert candidates(SARAH, "skip reading") == [
        "skip | Emma Reading/Language Arts",
        "skip | Noah Reading/Language Arts",
    ]
    assert MIA.read("not today") == Skip(("Mia/Maths/Mon",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("is math done?", Why.QUESTION),
        ("did emma do math", Why.QUESTION),
        ("we should do math", Why.UNSURE),
        ("math done bananas", Why.WORDS),
        ("math done and emma is sick", Why.TWO_THINGS),
        ("ok thanks", Why.NOTHING),
        ("math done yesterday", Why.PAST),
    ],
)
def test_why_it_is_asked_back(text: str, reason: Why) -> None:
    reading = SARAH.read(text)
    assert isinstance(reading, Unclear)
    assert reading.why is reason


def test_a_parents_sigh_is_no_report_but_a_childs_is() -> None:
    assert why(MIA, "im done") == (Why.WHICH, Topic.DONE)
    child = replace(MIA, day=replace(MIA.day, child_id=1, adult_id=None))
    assert said(child, "im done") == "done | Mia Maths"


def test_a_child_speaks_of_its_own_lessons_only() -> None:
    noah = replace(SARAH, day=replace(SARAH.day, child_id=2, adult_id=None))
    assert said(noah, "all done") == "all | Noah"
    assert said(noah, "finished reading") == "done | Noah Reading/Language Arts"


@pytest.mark.parametrize("name", ["sarah", "ben", "mia", "four", "carmen", "sofia", "hugo"])
def test_every_lesson_in_its_own_words(name: str) -> None:
    where = chat(name)
    for item in where.day.lessons:
        if item.date == where.today:
            child = where.family.child(item.child_id).name
            assert where.read(f"{child} finished {item.name}") == Done((item.uid or "",))


def test_a_day_and_a_family_of_nothing() -> None:
    nobody = Family("UTC", (), ())
    for text in ("done", "all done", "done math", "everyone is sick", "skip art", "not today"):
        reading = read(text, "en", DayFacts(()), nobody, today=SARAH.today, minute=600)
        assert isinstance(reading, Unclear), text
