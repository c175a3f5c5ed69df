"""Weekdays, told as they are read."""

from collections.abc import Sequence

from core.phrase import Phrase, say
from core.week import Weekday


def tell_days(labels: Sequence[str]) -> Phrase:
    """Weekdays ("Monday", …, in order) as `take_days` reads them: "Mon and Wed", "Mon–Fri"."""
    days = [Weekday.parse(label) for label in labels]
    first, last = days[0], days[-1]
    if len(days) > 2 and last - first == len(days) - 1:
        return say("weekday.range", first=_name(first), last=_name(last))
    return say("weekday.list", days=tuple(_name(day) for day in days))


def _name(day: Weekday) -> Phrase:
    return say(f"weekday.{day.value}")
