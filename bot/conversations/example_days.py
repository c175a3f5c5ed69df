"""Small example days: what a firmness or a style of scheduling makes of nine to four.

Each day has `HALF_HOURS` characters as in `Sketch.cells`, from 9:00 to 16:00, with lunch between
11:30 and 13:30. They show what the planner aims at (see `core.soft`). Firmness: the slack stays
free, at the end, since idle time between lessons costs points. Styles: few subjects a day;
electives that take turns; each lesson at its hour; what is liked in the best hours; a run of short
lessons that opens the day.
"""

from collections.abc import Mapping
from types import MappingProxyType

from core.family import Flexibility

HALF_HOURS = 14

FLEXIBLE_DAYS: Mapping[Flexibility, str] = MappingProxyType(
    {
        Flexibility.VERY_FLEXIBLE: "aab-cc-dde....",
        Flexibility.GENERALLY_FOLLOWED: "aab-cc-ddee...",
        Flexibility.MODERATE: "aab-cc-ddeeh..",
        Flexibility.MOSTLY_STRUCTURED: "aab-cc-ddeehh.",
        Flexibility.STRICT: "aab-cc-ddeehhf",
    }
)
"""Letters: a mathematics, b reading, c science, d history, e art, f music, h outdoors."""

STYLE_DAYS: Mapping[str, str] = MappingProxyType(
    {
        "block": "aaa-ccc-dddd..",
        "loop": "aabb-c-efgh...",
        "time_blocked": "a-b-c---d-e...",
        "interest_led": "eee-aa-bbccd..",
        "grouped_activities": "abcd-ee-hhhh..",
    }
)
"""By the keys of `SCHEDULING_STYLES`; letters as above."""
