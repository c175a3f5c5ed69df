"""Public holidays of a country, by the `holidays` package; the country by the family's clock."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

import holidays
from babel import Locale

from bot.texts import LANGUAGES
from core.grammar.words import fold


@cache
def _zones() -> Mapping[str, str]:
    """The country of each zone that lies in one alone, after the IANA's `zone.tab`."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    lines = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return {fields[2]: fields[0] for fields in lines if len(fields) > 2}


@cache
def _known() -> frozenset[str]:
    return frozenset(holidays.list_supported_countries(include_aliases=False))


def country_of(timezone: str) -> str | None:
    """The two-letter code of the country that a zone lies in, if we know its holidays."""
    code = _zones().get(timezone)
    return code if code in _known() else None


def country_named(text: str) -> str | None:
    """The code that a text names: "ES", "Spain", "españa"."""
    wanted = fold(text).strip()
    if wanted.upper() in _known():
        return wanted.upper()
    for language in LANGUAGES:
        for code, name in Locale(language).territories.items():
            if code in _known() and fold(name) == wanted:
                return str(code)
    return None


def country_name(code: str, language: str) -> str:
    """What a country is called."""
    return str(Locale(language).territories.get(code, code))


def public_holidays(
    code: str, first: date, last: date, language: str
) -> tuple[tuple[date, str], ...]:
    """The national holidays from `first` to `last` (both included), each with its name, in the
    reader's language where the package knows it. Those of single regions are not among them."""
    kind = holidays.country_holidays(code)
    spoken = next((each for each in kind.supported_languages if each[:2] == language), None)
    found = holidays.country_holidays(code, years=range(first.year, last.year + 1), language=spoken)
    return tuple((day, name) for day, name in sorted(found.items()) if first <= day <= last)
