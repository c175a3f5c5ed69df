"""What a lesson needs at hand, from the free JSON that a family keeps at a subject or an item."""

from collections.abc import Iterator, Mapping
from typing import Any

MOST = 8
"""Lines that a lesson shows."""

LONGEST = 300
"""Characters of a line; what is longer ends with an ellipsis."""


def materials(*kept: Mapping[str, Any]) -> tuple[str, ...]:
    """One line for each material, each once: "Addition Practice: https://…", or a note.

    Read are `resources` and `links` (texts, or objects with `name` and `url`) and `notes` (a
    text). Anybody may have written these, so what has another shape is passed over.
    """
    found = (" ".join(line.split()) for each in kept for line in _lines(each))
    shown = (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in found if line)
    return tuple(dict.fromkeys(shown))[:MOST]


def _lines(kept: Mapping[str, Any]) -> Iterator[str]:
    for key in ("resources", "links", "notes"):
        given = kept.get(key)
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, str):
                yield each
            elif isinstance(each, Mapping):
                parts = [each.get("name"), each.get("url")]
                yield ": ".join(part for part in parts if isinstance(part, str) and part.strip())
