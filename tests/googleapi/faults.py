"""Trouble on order: what a call meets instead of, or after, doing what it asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from googleapi.refusals import (
    BACKEND_ERROR,
    BACKEND_UNAVAILABLE,
    CONDITION_NOT_MET,
    DUPLICATE,
    FULL_SYNC_REQUIRED,
    NOT_FOUND,
    RATE_LIMIT,
    TOO_MANY_REQUESTS,
    USER_RATE_LIMIT,
    Refusal,
)


class Ending(Enum):
    """How a call ends that gets no proper answer."""

    DROPPED = auto()
    """The connection closes without a word."""
    HUNG = auto()
    """Nothing comes, until the client gives up or the server ends."""
    GARBLED = auto()
    """200, with a body that is no JSON."""


@dataclass(frozen=True)
class Fault:
    """`applied`: what was asked for is done all the same."""

    ending: Refusal | Ending
    applied: bool = False

    def __post_init__(self) -> None:
        if self.ending is Ending.GARBLED and not self.applied:
            raise ValueError("a call that is answered 200 was done")


RATE_LIMITED = Fault(RATE_LIMIT)
USER_RATE_LIMITED = Fault(USER_RATE_LIMIT)
TOO_MANY = Fault(TOO_MANY_REQUESTS)
NOT_THERE = Fault(NOT_FOUND)
EXISTS = Fault(DUPLICATE)
TOKEN_FORGOTTEN = Fault(FULL_SYNC_REQUIRED)
CHANGED = Fault(CONDITION_NOT_MET)
BROKEN = Fault(BACKEND_ERROR)
BROKEN_AFTERWARDS = Fault(BACKEND_ERROR, applied=True)
UNAVAILABLE = Fault(BACKEND_UNAVAILABLE)
DROPPED = Fault(Ending.DROPPED)
DROPPED_AFTERWARDS = Fault(Ending.DROPPED, applied=True)
HUNG = Fault(Ending.HUNG)
HUNG_AFTERWARDS = Fault(Ending.HUNG, applied=True)
GARBLED = Fault(Ending.GARBLED, applied=True)

Plan: TypeAlias = Callable[[int, str], Fault | None]
"""What the n-th call (from 1) meets, which is of this method ("events.insert", "oauth.token")."""


class Faults:
    """`plan` decides, unless `next` has ordered something for calls of the method."""

    def __init__(self) -> None:
        self.plan: Plan = lambda number, method: None
        self._ordered: list[tuple[str | None, Fault]] = []

    def next(self, fault: Fault, method: str | None = None, calls: int = 1) -> None:
        """The next `calls` calls of `method` (None: of any) meet `fault`."""
        self._ordered += [(method, fault)] * calls

    def meet(self, number: int, method: str) -> Fault | None:
        """The fault that the call meets, used up."""
        for order in self._ordered:
            if order[0] in (None, method):
                self._ordered.remove(order)
                return order[1]
        return self.plan(number, method)
