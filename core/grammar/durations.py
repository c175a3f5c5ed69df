"""How long: "20 min", "1h30", "an hour and a half", "tres cuartos de hora"."""

import re

from core.grammar.numbers import NUMBER, value
from core.grammar.words import take

_COUNT = rf"(?:\d{{1,4}}|{NUMBER})"
_H = r"\s?-?\s?(?:h|hrs?|hours?|horas?)(?=\d|\b)"
_MIN = r"\s?-?\s?(?:minutes?|minutos?|mins?|min\.|m\b|')"

DURATION = (
    # Three quarters of an hour.
    rf"(?:\b(?P<quarters>{_COUNT}|an?)\s+)?\b(?:quarters?|cuartos?)\s+(?:of\s+)?(?:an\s+|de\s+)?"
    r"(?:hour|hora)\b"
    r"|\b(?P<half>half\s+(?:an?\s+)?hour|media\s+hora)\b"
    r"|\bhora\s+y\s+(?P<beyond>media|cuarto)\b"
    # One and a half hours; 1½ h; 1.5 h.
    rf"|\b(?P<whole>{_COUNT})(?:\s+(?:and\s+a\s+half|1/2)|\s*½|[.,]5){_H}"
    # An hour and a half; 2 h; 1 h 30 min. "4-H" at the beginning is a club.
    rf"|(?!^4-?h\b)\b(?P<hours>\d|an|{NUMBER}){_H}"
    r"(?:\s+(?:and\s+a|y)\s+(?P<part>half|quarter|media|cuarto)\b"
    rf"|\s?(?:and\b|y\b)?\s?(?P<more>\d{{2}}|{NUMBER})(?:{_MIN}(?=\W|$)|\b))?"
    rf"|\b(?P<minutes>{_COUNT}){_MIN}(?=\W|$)"
)
"""A length, in folded letters, for `minutes_in`."""

_PARTS = {None: 0, "half": 30, "media": 30, "quarter": 15, "cuarto": 15}
_EACH = r"(?:\s?(?:each|long|cada una|cada uno))?"


def minutes_in(found: re.Match[str]) -> int:
    """The minutes of a match of `DURATION`."""
    if found["minutes"]:
        return value(found["minutes"])
    if found["whole"]:
        return value(found["whole"]) * 60 + 30
    if found["half"]:
        return 30
    part = _PARTS[found["part"] or found["beyond"]]
    if found["beyond"]:
        return 60 + part
    if found["hours"]:
        hours = 1 if found["hours"] == "an" else value(found["hours"])
        return hours * 60 + part + (value(found["more"]) if found["more"] else 0)
    quarters = found["quarters"]
    return 15 * (1 if quarters in (None, "a", "an") else value(quarters))


def take_minutes(text: str) -> tuple[int | None, str]:
    """The minutes of the first length in a text (None: it holds none), and the rest of it."""
    found, rest = take(rf"(?:{DURATION}){_EACH}", text)
    return (minutes_in(found) if found else None), rest
