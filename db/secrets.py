"""Secrets at rest: encrypted so that a row's ciphertext opens only in its own place, and hashed
where they are only looked up."""

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_ID_BYTES = 4
NONCE_BYTES = 12
TOKEN_BYTES = 24
MIN_SECRET_BYTES = 16


class SecretUnreadable(Exception):
    """A ciphertext that no key opens in this place: altered, moved, or its key is gone."""


class SecretBox:
    """AES-256-GCM under one or more secrets. The first one seals; the others, retired ones, still
    open what they sealed."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """`keys`: at least one, each of at least 16 bytes; `ValueError` otherwise."""
        if not keys or any(len(key) < MIN_SECRET_BYTES for key in keys):
            raise ValueError(f"a secret key needs at least {MIN_SECRET_BYTES} bytes")
        derived = [_derive(key) for key in keys]
        self._ciphers = {_key_id(key): AESGCM(key) for key in derived}
        self._current = _key_id(derived[0])

    def seal(self, text: str, *, table: str, column: str, row_id: int) -> bytes:
        """The ciphertext of `text` for one place: key id, nonce, ciphertext with tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(
            nonce, text.encode(), _place(table, column, row_id)
        )
        return self._current + nonce + sealed

    def open(self, ciphertext: bytes, *, table: str, column: str, row_id: int) -> str:
        """What `seal` was given for this place; raises `SecretUnreadable`."""
        cipher = self._ciphers.get(ciphertext[:KEY_ID_BYTES])
        if cipher is None:
            raise SecretUnreadable(f"{table}.{column} of row {row_id}: unknown key")
        nonce = ciphertext[KEY_ID_BYTES : KEY_ID_BYTES + NONCE_BYTES]
        sealed = ciphertext[KEY_ID_BYTES + NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, sealed, _place(table, column, row_id)).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretUnreadable(f"{table}.{column} of row {row_id}") from error


def new_token() -> str:
    """A secret for an address: 192 random bits, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(secret: str) -> str:
    """What is stored of a random secret that is only looked up: SHA-256, in hex."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _derive(key: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"brightpath secrets at rest").derive(key)


def _key_id(derived: bytes) -> bytes:
    return hashlib.sha256(derived).digest()[:KEY_ID_BYTES]


def _place(table: str, column: str, row_id: int) -> bytes:
    return f"{table}:{column}:{row_id}".encode()
