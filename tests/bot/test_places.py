"""Typed places and addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversations.parent import is_zone
from bot.places import MOST, find_places, zone_at
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
    ("latitude", "longitude", "zone"),
    [
        (40.71, -74.01, "America/New_York"),
        (33.45, -112.07, "America/Phoenix"),
        (31.76, -106.49, "America/Denver"),
        (31.73, -106.48, "America/Ciudad_Juarez"),
        (43.34, -1.79, "Europe/Madrid"),
        (43.36, -1.77, "Europe/Paris"),
        (47.56, 7.59, "Europe/Zurich"),
        (41.59, -87.35, "America/Chicago"),
        (0, -30, None),
        (90, 0, None),
        (-90, 180, "Antarctica/McMurdo"),
    ],
)
def test_places_by_their_degrees(latitude: float, longitude: float, zone: str | None) -> None:
    assert zone_at(latitude, longitude) == zone


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_has_a_zone_that_we_know_or_none(latitude: float, longitude: float) -> None:
    zone = zone_at(latitude, longitude)
    assert zone is None or is_zone(zone)


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
