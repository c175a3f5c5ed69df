"""Content lines, read back by another reader and by the rule's own words."""

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Event

from sync.lines import text, written

TEXTS = st.text(
    st.one_of(st.characters(exclude_categories=["C", "Zl", "Zp"]), st.sampled_from("\\;,\nñ€👩")),
    max_size=200,
)


@given(value=TEXTS)
def test_a_long_line_is_folded_between_characters(value: str) -> None:
    line = f"SUMMARY:{text(value)}"
    octets = written([line])
    assert octets.endswith(b"\r\n")
    parts = octets[:-2].split(b"\r\n")
    assert all(len(part) <= 75 for part in parts)
    assert all(part.startswith(b" ") for part in parts[1:])
    whole = [part.decode() for part in parts]
    assert whole[0] + "".join(part[1:] for part in whole[1:]) == line


@given(value=TEXTS)
def test_another_reader_finds_the_text(value: str) -> None:
    octets = written(["BEGIN:VEVENT", f"SUMMARY:{text(value)}", "END:VEVENT"])
    assert str(Event.from_ical(octets)["SUMMARY"]) == value


def test_a_line_of_just_the_length_stays_whole() -> None:
    assert written(["x" * 75]) == b"x" * 75 + b"\r\n"
    assert written(["x" * 76]) == b"x" * 75 + b"\r\n x\r\n"
