"""What typed ratings mean, and what they never mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.answers import Misread
from bot.conversations.ratings import RATINGS, Rated, meant, read_rating, read_ratings
from core.phrase import say

THINGS = ("traditional", "charlotte_mason", "montessori", "classical", "unschooling")
NAMES = {
    "traditional": "traditional",
    "tradicional": "traditional",
    "charlotte mason": "charlotte_mason",
    "montessori": "montessori",
    "classical": "classical",
    "clasica": "classical",
    "unschooling": "unschooling",
}
EXAMPLE = say("rating.example", name="Classical", all="2 5 3 1 4")


def read(text: str) -> Rated | Misread | None:
    return read_ratings(text, THINGS, NAMES, EXAMPLE)


def rated(text: str) -> dict[str, int]:
    result = read(text)
    assert isinstance(result, Rated), (text, result)
    return dict(result.values)


def slip(text: str) -> str | None:
    result = read(text)
    if isinstance(result, Misread):
        return result.phrase.key
    assert isinstance(result, Rated)
    return result.slip.key if result.slip else None


@pytest.mark.parametrize(
    "text",
    ["2 5 3 1 4", "2,5,3,1,4", "2, 5, 3, 1 and 4", "2; 5; 3; 1 y 4.", "25314", "2/5 5/5 3/5 1 4"],
)
def test_a_list_rates_everything_in_order(text: str) -> None:
    assert rated(text) == dict(zip(THINGS, (2, 5, 3, 1, 4), strict=True))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("classical 4", {"classical": 4}),
        ("Clásica 4, Montessori 2", {"classical": 4, "montessori": 2}),
        ("clasical 4", {"classical": 4}),
        ("classical: 4; montessori = 2", {"classical": 4, "montessori": 2}),
        ("classical 4 montessori 2", {"classical": 4, "montessori": 2}),
        ("classical to 4 and mason 5", {"classical": 4, "charlotte_mason": 5}),
        ("4 classical, 1 unschooling", {"classical": 4, "unschooling": 1}),
        ("classical 4/5", {"classical": 4}),
        ("classical 2, classical 4", {"classical": 4}),
    ],
)
def test_names_rate_one_thing_each(text: str, values: dict[str, int]) -> None:
    assert rated(text) == values
    assert slip(text) is None


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("3", "rating.which"),
        ("2 5 3 1", "rating.amount"),
        ("2 5 3 1 4 4", "rating.amount"),
        ("2 5 3 1 6", "rating.range"),
        ("0 5 3 1 4", "rating.range"),
        ("9", "rating.range"),
        ("classical 6", "rating.range"),
        ("classical 4.5", "rating.range"),
        ("latin 4", "rating.unknown"),
        ("2 5 three 1 4", "rating.which"),
    ],
)
def test_what_cannot_be_a_rating_is_told(text: str, key: str) -> None:
    assert isinstance(read(text), Misread)
    assert slip(text) == key


@pytest.mark.parametrize(
    ("text", "values", "key"),
    [
        ("classical 4, latin 2", {"classical": 4}, "rating.unknown"),
        ("classical 4, montessori 9", {"classical": 4}, "rating.range"),
        ("classical 4, montessori", {"classical": 4}, "rating.unrated"),
        ("classical 4 5", {"classical": 4}, "rating.which"),
    ],
)
def test_a_slip_is_told_and_the_rest_counts(text: str, values: dict[str, int], key: str) -> None:
    assert rated(text) == values
    assert slip(text) == key


def test_without_a_number_nothing_is_rated() -> None:
    assert read("classical, mostly") is None


@pytest.mark.parametrize(
    ("text", "rating"), [("4", 4), (" 4. ", 4), ("4/5", 4), ("four", None), ("4 5", None)]
)
def test_one_rating(text: str, rating: int | None) -> None:
    assert read_rating(text) == rating


@pytest.mark.parametrize("text", ["0", "6", "44", "9999"])
def test_one_rating_out_of_range(text: str) -> None:
    assert isinstance(read_rating(text), Misread)


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        ("Mason", "charlotte_mason"),
        ("montes", "montessori"),
        ("trad", "traditional"),
        ("tra", None),
    ],
)
def test_a_word_or_a_beginning_stands_for_the_name(text: str, thing: str | None) -> None:
    assert meant(text, NAMES) == thing


RATING = st.sampled_from(list(RATINGS))


@given(st.lists(RATING, min_size=5, max_size=5), st.sampled_from([" ", ",", ", ", "; ", "\n"]))
def test_any_full_list_reads_back_as_it_was_meant(values: list[int], apart: str) -> None:
    assert rated(apart.join(map(str, values))) == dict(zip(THINGS, values, strict=True))


@given(st.dictionaries(st.sampled_from(sorted(NAMES)), RATING, min_size=1))
def test_any_named_ratings_read_back(wanted: dict[str, int]) -> None:
    text = ", ".join(f"{name} {value}" for name, value in wanted.items())
    assert rated(text) == {NAMES[name]: value for name, value in wanted.items()}


@given(st.text(max_size=80))
def test_whatever_is_typed_gives_good_ratings_or_none(text: str) -> None:
    result = read(text)
    if isinstance(result, Rated):
        assert result.values
        assert set(result.values) <= set(THINGS)
        assert set(result.values.values()) <= set(RATINGS)
