"""What every text goes through before it is compared or stored."""

import unicodedata
from typing import Any


def clean_text(text: str) -> str:
    """`text` in NFC, without what PostgreSQL refuses: U+0000 and lone surrogates."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return unicodedata.normalize("NFC", whole.replace("\x00", ""))


def clean_json(value: Any) -> Any:
    """A JSON value with every text and key in it cleaned by `clean_text`."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {
            clean_text(key) if isinstance(key, str) else key: clean_json(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [clean_json(inner) for inner in value]
    return value


def name_key(name: str) -> str:
    """What two spellings of one name have in common: case, spaces and the coding of accents do
    not make another child, subject or adult."""
    return " ".join(clean_text(name).split()).casefold()
