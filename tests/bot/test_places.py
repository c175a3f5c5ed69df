"""Typed places and addresses."""

import pytest

from bot.places import MOST, find_places
from bot.questionnaire import check_email


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Chicago", "America/Chicago"),
        ("  cHICAGO ", "America/Chicago"),
        ("Bogotá", "America/Bogota"),
        ("bogota", "America/Bogota"),
        ("Nueva York", "America/New_York"),
        ("München", "Europe/Berlin"),
        ("Munich", "Europe/Berlin"),
        ("São Paulo", "America/Sao_Paulo"),
        ("Portland, Maine", "America/New_York"),
        ("Portland, ME", "America/New_York"),
        ("Springfield IL", "America/Chicago"),
        ("London, UK", "Europe/London"),
        ("Europe/Madrid", "Europe/Madrid"),
        ("america/new_york", "America/New_York"),
    ],
)
def test_one_place(typed: str, zone: str) -> None:
    assert [place.zone for place in find_places(typed)] == [zone]


@pytest.mark.parametrize(
    ("typed", "first", "also"),
    [
        ("Portland", "America/Los_Angeles", "America/New_York"),
        ("Madrid", "Europe/Madrid", "America/Bogota"),
        ("Birmingham", "Europe/London", "America/Chicago"),
        ("Texas", "America/Chicago", "America/Denver"),
        ("España", "Europe/Madrid", "Atlantic/Canary"),
        ("Mexico", "America/Mexico_City", "America/Tijuana"),
    ],
)
def test_several_candidates_the_largest_first(typed: str, first: str, also: str) -> None:
    zones = [place.zone for place in find_places(typed)]
    assert zones[0] == first
    assert also in zones
    assert len(zones) == len(set(zones)) <= MOST


@pytest.mark.parametrize("typed", ["", " ", "xyzzy", "Nowhere/At_All", "😀", "," * 50, "a" * 900])
def test_unknown_places(typed: str) -> None:
    assert find_places(typed) == ()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("sarah@example.com", "sarah@example.com"),
        ("  Sarah@Example.COM ", "Sarah@example.com"),
        ("sarah@", None),
        ("sarah", None),
        ("sarah@example", None),
        ("a" * 300 + "@example.com", None),
        ("", None),
    ],
)
def test_addresses(typed: str, address: str | None) -> None:
    assert check_email(typed) == address
