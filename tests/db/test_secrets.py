"""A ciphertext opens with its key, in its place, unaltered, and not otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.secrets import SecretBox, SecretUnreadable, digest, new_token

PLACE = {"table": "feeds", "column": "token_ciphertext", "row_id": 7}
BOX = SecretBox([b"first secret, long enough"])


@given(st.text(st.characters(codec="utf-8")))
def test_what_was_sealed_opens(text: str) -> None:
    sealed = BOX.seal(text, **PLACE)
    assert BOX.open(sealed, **PLACE) == text
    assert sealed != BOX.seal(text, **PLACE)


@pytest.mark.parametrize(
    "elsewhere", [{"table": "users"}, {"column": "address_ciphertext"}, {"row_id": 8}]
)
def test_not_in_another_place(elsewhere: dict[str, str | int]) -> None:
    sealed = BOX.seal("secret", **PLACE)
    with pytest.raises(SecretUnreadable):
        BOX.open(sealed, **{**PLACE, **elsewhere})


@given(st.integers(0, 200), st.integers(1, 255))
def test_not_after_any_change(position: int, change: int) -> None:
    sealed = bytearray(BOX.seal("secret", **PLACE))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(SecretUnreadable):
        BOX.open(bytes(sealed), **PLACE)


@given(st.binary(max_size=40))
def test_not_from_rubbish(rubbish: bytes) -> None:
    with pytest.raises(SecretUnreadable):
        BOX.open(rubbish, **PLACE)


def test_a_retired_key_opens_and_a_new_one_seals() -> None:
    old, new = b"first secret, long enough", b"second secret, long enough"
    sealed = BOX.seal("secret", **PLACE)
    assert SecretBox([new, old]).open(sealed, **PLACE) == "secret"
    with pytest.raises(SecretUnreadable):
        SecretBox([new]).open(sealed, **PLACE)
    resealed = SecretBox([new, old]).seal("secret", **PLACE)
    assert SecretBox([new]).open(resealed, **PLACE) == "secret"


@pytest.mark.parametrize("keys", [[], [b"short"], [b"long enough for a key", b"short"]])
def test_weak_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        SecretBox(keys)


def test_tokens_differ_and_are_stored_as_digests() -> None:
    assert new_token() != new_token()
    assert digest("a") == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
