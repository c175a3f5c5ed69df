"""What families say, by the hundreds (tests/data/said.json), and what holds for any text."""

import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoken import CORPUS, Chat, chat, held_out, kind, written

from core.grammar.words import fold
from core.said import Reading, Unclear, example
from core.said.lexicon import SENSES
from core.said.reading import LONGEST
from core.said.readings import (
    MOST_CANDIDATES,
    TOPICS,
    AllDone,
    NewCommitment,
    Outing,
    Topic,
    Why,
)

SAID: list[dict[str, str]] = CORPUS["said"]
CHATS = sorted(CORPUS["chats"])
READ_RIGHT = 0.98


def told(reading: Reading, where: Chat) -> str:
    """A reading as it is written down, whatever the letters of its names."""
    return fold(written(reading, where))


def test_the_corpus_is_wide() -> None:
    spanish = [row for row in SAID if chat(row["chat"]).language == "es"]
    assert len(SAID) >= 420
    assert 0.35 <= len(spanish) / len(SAID) <= 0.45
    assert sum(row["read"] == "unclear" for row in SAID) >= 60
    assert {kind(row["read"]) for row in SAID} >= {
        *("done", "all", "not yet", "skip", "sick", "late", "start", "off", "half", "move"),
        *("swap", "drop", "cancel", "shift", "new", "outing", "undo", "unclear"),
    }


@pytest.mark.parametrize("held", [False, True], ids=["looked at", "held out"])
def test_what_families_say_is_read_right_or_asked_back(
    held: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in SAID if held_out(row["said"]) is held]
    read = [written(chat(row["chat"]).read(row["said"]), chat(row["chat"])) for row in rows]
    right = [found == row["read"] for row, found in zip(rows, read, strict=True)]
    confusion = Counter(
        (kind(row["read"]), kind(found)) for row, found in zip(rows, read, strict=True)
    )
    with capsys.disabled():
        print(f"\n{sum(right)} of {len(rows)} read right, {'held out' if held else 'looked at'}:")
        for (expected, found), count in sorted(confusion.items()):
            print(f"  {expected:8} read as {found:8} {count:4}")
    wrong = [
        (row["chat"], row["said"], row["read"], found)
        for row, found in zip(rows, read, strict=True)
        if found not in (row["read"], "unclear")
    ]
    assert wrong == []
    assert sum(right) >= READ_RIGHT * len(rows)


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


@pytest.mark.parametrize(
    "typed",
    [str.upper, str.lower, str.title, without_accents, lambda text: f"  {text}  "],
    ids=["upper", "lower", "title", "accents", "trimmed"],
)
def test_case_accents_and_blanks_say_nothing(typed: Any) -> None:
    different = [
        (row["said"], told(chat(row["chat"]).read(typed(row["said"])), chat(row["chat"])))
        for row in SAID
        if told(chat(row["chat"]).read(typed(row["said"])), chat(row["chat"]))
        != told(chat(row["chat"]).read(row["said"]), chat(row["chat"]))
    ]
    assert different == []


def test_blanks_between_words_say_nothing() -> None:
    for row in SAID:
        where = chat(row["chat"])
        wide = row["said"].replace(" ", "  \t")
        assert where.read(wide) == where.read(row["said"]), row["said"]


WORDS = sorted({word for row in SAID for word in row["said"].split()})
TEXTS = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.lists(st.sampled_from([" ".join(phrase) for phrase in SENSES]), max_size=5).map(" ".join),
)


@settings(deadline=None)
@given(TEXTS, st.sampled_from(CHATS))
def test_any_text_is_read_and_names_only_what_there_is(text: str, name: str) -> None:
    where = chat(name)
    reading = where.read(text)
    uids = {lesson.uid for lesson in where.day.lessons}
    family = where.family
    children = {child.id for child in family.children}
    subjects = {subject.name for child in family.children for subject in child.subjects}
    candidates = reading.candidates if isinstance(reading, Unclear) else (reading,)
    assert len(candidates) <= MOST_CANDIDATES
    for found in candidates:
        assert set(getattr(found, "lessons", ())) | set(getattr(found, "but", ())) <= uids
        for field in ("lesson", "first", "second"):
            value = getattr(found, field, None)
            assert not isinstance(value, str) or value in uids
        assert set(getattr(found, "children", ())) <= children
        assert not isinstance(found, AllDone) or found.children
        if isinstance(found, NewCommitment):
            assert found.adult_id in {None, *(adult.id for adult in family.adults)}
            assert 0 <= found.start < 24 * 60
            assert found.name
        if isinstance(found, Outing):
            assert found.subject is None or found.subject in subjects
    assert all(
        0 <= minute <= 24 * 60
        for found in candidates
        for field in ("started", "ended", "start")
        if isinstance(minute := getattr(found, field, None), int)
    )


@settings(deadline=None)
@given(TEXTS, st.sampled_from(CHATS))
def test_how_accents_are_coded_says_nothing(text: str, name: str) -> None:
    composed, apart = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert chat(name).read(composed) == chat(name).read(apart)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "shape",
    [
        *(
            "done ",
            "1 ",
            "1/",
            "1:",
            "- ",
            "a la ",
            "de ",
            "to ",
            "el ",
            "half past ",
            "may ",
            "9-",
        ),
        *("una hora y ", "not ", "will ", "'s ", "👍", "a", "(", "the next ", "twenty ", "1 h 30 "),
    ],
)
@pytest.mark.parametrize("letters", [LONGEST, 4096])
def test_no_line_takes_long(shape: str, letters: int) -> None:
    line = (shape * letters)[:letters]
    assert isinstance(chat("four").read(line), Unclear)


def test_a_story_is_asked_back() -> None:
    assert chat("mia").read("done " + "x" * LONGEST) == Unclear(Why.WORDS)


def test_a_phrase_has_one_sense() -> None:
    texts = [" ".join(phrase) for phrase in SENSES]
    assert all(text == fold(text) and "'" not in text for text in texts)


@pytest.mark.parametrize("topic", list(Topic))
def test_every_topic_has_a_reading_and_an_example(topic: Topic) -> None:
    assert topic in TOPICS.values()
    assert example(Unclear(Why.WORDS, topic)).key == f"said.example.{topic}"
