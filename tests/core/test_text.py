from hypothesis import given
from hypothesis import strategies as st

from core.text import clean_json, clean_text, name_key


@given(st.text(st.characters(codec=None)) | st.text(st.sampled_from("\x00\ud83d\ude00e\u0301a")))
def test_clean_text_is_what_postgresql_takes(text: str) -> None:
    clean = clean_text(text)
    clean.encode()
    assert "\x00" not in clean
    assert clean_text(clean) == clean


def test_clean_text_keeps_what_is_sound() -> None:
    assert clean_text("Zoe\u0308 \U0001f600 Ñ") == "Zo\u00eb \U0001f600 Ñ"
    assert clean_text("\ud83d\ude00") == "\U0001f600"
    assert clean_text("a\ud83d\x00b\ude00") == "ab"


def test_a_document_is_cleaned_throughout() -> None:
    dirty = {"a\0": ["\ud800x", 1, None, {"b": "e\u0301"}]}
    assert clean_json(dirty) == {"a": ["x", 1, None, {"b": "é"}]}


def test_spellings_of_one_name_are_one() -> None:
    assert name_key(" zoe\u0308  MAE ") == name_key("Zo\u00eb Mae")
    assert name_key("Zoe") != name_key("Zo\u00eb")
