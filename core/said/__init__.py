"""What a family says during the day, in English and Spanish, as values: `read`."""

from core.said.reading import read
from core.said.readings import DayFacts, Reading, Unclear, example

__all__ = ["DayFacts", "Reading", "Unclear", "example", "read"]
