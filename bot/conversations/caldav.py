"""What the chat says about a calendar that we keep on a family's CalDAV server."""

from enum import StrEnum

from bot.conversations.cards import Card
from core.phrase import say


class Trouble(StrEnum):
    """What stands between us and a calendar, as a family can mend it."""

    PASSWORD = "password"  # noqa: S105 - the name of a trouble
    NO_CALENDAR = "no_calendar"
    """Nothing at the address is a calendar server."""
    READ_ONLY = "read_only"
    ADDRESS = "address"
    """Not https, or not on the internet."""
    CERTIFICATE = "certificate"
    NO_ANSWER = "no_answer"
    GONE = "gone"
    """The calendar was deleted there."""
    FULL = "full"
    """The account has no room left."""


def connected_card(calendar: str) -> Card:
    """The week goes to the calendar of this name from now on."""
    return Card(
        say("caldav.connected", calendar=calendar),
        lines=(say("caldav.one_way"),),
    )


def refused_card(trouble: Trouble) -> Card:
    """Why no calendar could be joined, and what to try."""
    return Card(say(f"caldav.refused.{trouble}"), lines=(say(f"caldav.try.{trouble}"),))


def stopped_card(trouble: Trouble) -> Card:
    """Changes no longer reach the calendar, until a guardian mends it or time does."""
    return Card(say(f"caldav.stopped.{trouble}"), lines=(say(f"caldav.mend.{trouble}"),))


def left_card() -> Card:
    """We have stopped, but the server has not let us take our lessons along."""
    return Card(say("caldav.left"), lines=(say("caldav.left_how"),))
