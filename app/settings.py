"""Every setting, read from the environment and `.env` once at the start."""

import contextlib
import os
import secrets
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from db.secrets import MIN_SECRET_BYTES


class KeyUnusable(Exception):
    """The secret key can be neither read nor made; the text says what to mend."""


def default_home() -> Path:
    """Where our own files live: root gets a system folder, because the embedded PostgreSQL runs
    under a user of its own there and must be able to reach them."""
    return Path("/var/lib/brightpath") if os.geteuid() == 0 else Path.home() / ".brightpath"


class Settings(BaseSettings):
    """The environment of PRODUCT's outside. An empty variable counts as unset."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: SecretStr | None = None
    brightpath_home: Path = Field(default_factory=default_home)
    telegram_bot_token: SecretStr | None = None
    telegram_api_base: str = "https://api.telegram.org"
    public_url: str | None = None
    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_api_base: str = "https://www.googleapis.com"
    google_oauth_base: str = "https://oauth2.googleapis.com"
    secret_key: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    chat_signup: bool = True
    """Whether anybody may begin a conversation at /chat, or only who brings a code."""

    @field_validator("public_url", "telegram_api_base", "google_api_base", "google_oauth_base")
    @classmethod
    def _http_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            parts = urlsplit(value)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            sound = False
        if not sound:
            raise ValueError("must be an http or https address such as https://brightpath.example")
        return value.rstrip("/")

    @field_validator("chat_signup", mode="before")
    @classmethod
    def _on_or_off(cls, value: object) -> object:
        if isinstance(value, str) and value.lower() not in ("on", "off"):
            raise ValueError("must be on or off")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgresql_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        try:
            dialect = make_url(value.get_secret_value()).get_backend_name()
        except (ArgumentError, ValueError):
            dialect = None
        if dialect not in ("postgresql", "postgres"):
            # The address holds a password: what is wrong with it is not quoted.
            raise ValueError("must be an address such as postgresql://user:password@host:5432/name")
        return value

    @field_validator("secret_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_SECRET_BYTES:
            raise ValueError(f"must be at least {MIN_SECRET_BYTES} bytes long")
        return value

    @cached_property
    def base_url(self) -> str:
        """The base of every link that we hand out, without a slash at its end."""
        return self.public_url or f"http://{_linkable(self.host)}:{self.port}"

    @property
    def wants_webhook(self) -> bool:
        """Telegram calls us only over https; without it we poll."""
        return self.telegram_bot_token is not None and self.base_url.startswith("https://")

    @cached_property
    def key(self) -> bytes:
        """The secret that everything else is derived from; made and kept at the first need.

        Raises `KeyUnusable`.
        """
        if self.secret_key is not None:
            return self.secret_key.get_secret_value().encode()
        path = self.brightpath_home / "secret.key"
        try:
            key = self._kept_key(path)
        except OSError as error:
            raise KeyUnusable(f"{path} cannot be used: {error.strerror}.") from error
        if len(key) < MIN_SECRET_BYTES:
            raise KeyUnusable(f"{path} holds no key any more; put it back from your backup.")
        return key

    def _kept_key(self, path: Path) -> bytes:
        self.brightpath_home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            # Written aside and linked, so that two processes starting at once agree on one whole
            # key and neither reads a half-written one.
            draft = path.with_name(f"secret.{os.getpid()}.tmp")
            with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as f:
                f.write(secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_bytes().strip()


def _linkable(host: str) -> str:
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{host}]" if ":" in host else host
