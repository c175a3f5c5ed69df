"""What a lesson needs, whoever wrote it down."""

from hypothesis import given
from hypothesis import strategies as st

from core.materials import LONGEST, MOST, materials

SHEET = {"type": "worksheet", "name": "Addition Practice", "url": "https://example.com/addition"}
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=400),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def test_names_addresses_and_notes() -> None:
    subject = {"resources": [SHEET, "the green book"], "links": "https://example.com/videos"}
    item = {"resources": [SHEET], "links": [{"url": "https://example.com/a"}], "notes": "page\n 12"}
    assert materials(subject, item) == (
        "Addition Practice: https://example.com/addition",
        "the green book",
        "https://example.com/videos",
        "https://example.com/a",
        "page 12",
    )


@given(resources=JSON, links=JSON, notes=JSON)
def test_whatever_stands_there_is_a_few_short_lines(
    resources: object, links: object, notes: object
) -> None:
    found = materials({"resources": resources, "links": links, "notes": notes, "other": resources})
    assert len(found) == len(set(found)) <= MOST
    assert all(line and len(line) <= LONGEST and "\n" not in line for line in found)


def test_a_long_note_is_shortened() -> None:
    (line,) = materials({"notes": "x" * 1000})
    assert (len(line), line[-2:]) == (LONGEST, "x…")
