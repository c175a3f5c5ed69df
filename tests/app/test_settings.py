"""Settings from the environment, and the key that is made once."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from commands import Command
from pydantic import ValidationError

from app.settings import KeyUnusable, Settings

KEY = "from app.settings import Settings; print(Settings(_env_file=None).key.decode())"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An empty one, in an empty folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_an_empty_variable_counts_as_unset(environment: pytest.MonkeyPatch) -> None:
    unset = Settings()
    for name in Settings.model_fields:
        environment.setenv(name.upper(), "")
    empty = Settings()
    assert empty == unset
    assert empty.port == 8000
    assert empty.host == "127.0.0.1"
    assert empty.telegram_bot_token is None
    assert empty.database_url is None


def test_a_file_named_env_is_read_and_the_environment_goes_before(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".env").write_text("PORT=8100\nHOST=0.0.0.0\nUNRELATED=1\nPUBLIC_URL=\n")
    environment.setenv("PORT", "8200")
    settings = Settings()
    assert (settings.port, settings.host) == (8200, "0.0.0.0")  # noqa: S104 - compared, not bound
    assert settings.base_url == "http://localhost:8200"


@pytest.mark.parametrize(
    ("host", "public", "base", "webhook"),
    [
        ("", "", "http://127.0.0.1:8000", False),
        ("::1", "", "http://[::1]:8000", False),
        ("::", "", "http://localhost:8000", False),
        ("", "http://192.168.1.2:8000/", "http://192.168.1.2:8000", False),
        ("", "https://brightpath.example/home/", "https://brightpath.example/home", True),
    ],
)
def test_links_begin_with_the_public_address(
    environment: pytest.MonkeyPatch, host: str, public: str, base: str, webhook: bool
) -> None:
    environment.setenv("HOST", host)
    environment.setenv("PUBLIC_URL", public)
    assert Settings().base_url == base
    assert not Settings().wants_webhook
    environment.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    assert Settings().wants_webhook is webhook


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "eighty", "integer"),
        ("PORT", "0", "1"),
        ("PORT", "65536", "65535"),
        ("PUBLIC_URL", "brightpath.example", "https://brightpath.example"),
        ("PUBLIC_URL", "ftp://brightpath.example", "http"),
        ("PUBLIC_URL", "https://", "http"),
        ("PUBLIC_URL", "https://[broken", "http"),
        ("TELEGRAM_API_BASE", "api.telegram.org", "http"),
        ("DATABASE_URL", "canary", "postgresql://"),
        ("DATABASE_URL", "mysql://root:canary@localhost/db", "postgresql://"),
        ("DATABASE_URL", "postgresql://root:canary@localhost:port/db", "postgresql://"),
        ("SECRET_KEY", "canary", "16 bytes"),
    ],
)
def test_a_bad_value_is_one_line_that_says_what_is_allowed(
    command: Command, name: str, value: str, said: str
) -> None:
    answer = command("doctor", **{name: value})
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.startswith(f"{name}: ")
    assert said in answer.err
    assert "canary" not in answer.err


def test_secrets_do_not_show(environment: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "TELEGRAM_BOT_TOKEN", "GOOGLE_CLIENT_SECRET"):
        environment.setenv(name, "canary-canary-canary")
    environment.setenv("DATABASE_URL", "postgresql://user:canary@localhost/name")
    assert "canary" not in f"{Settings()!r} {Settings()}"
    environment.setenv("SECRET_KEY", "canary")
    with pytest.raises(ValidationError) as refused:
        Settings()
    assert refused.value.error_count() == 1


def test_the_key_of_the_environment_is_taken(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY", "é" * 8)
    assert Settings().key == ("é" * 8).encode()


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", KEY],
            cwd=Path(__file__).parents[2],
            env={"BRIGHTPATH_HOME": str(home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    keys = {process.communicate(timeout=60)[0].strip() for process in running}
    (key,) = keys
    assert len(key) >= 32
    (kept,) = home.iterdir()
    assert kept.name == "secret.key"
    assert kept.read_text().strip() == key
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert Settings(_env_file=None, brightpath_home=home).key.decode() == key


def test_a_key_that_is_lost_or_out_of_reach_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("half\n")
    with pytest.raises(KeyUnusable, match=r"secret\.key"):
        _ = Settings(_env_file=None, brightpath_home=tmp_path).key
    (tmp_path / "file").touch()
    with pytest.raises(KeyUnusable, match="cannot be used"):
        _ = Settings(_env_file=None, brightpath_home=tmp_path / "file").key
    (tmp_path / "secret.key").unlink()
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(KeyUnusable, match="directory"):
        _ = Settings(_env_file=None, brightpath_home=tmp_path).key


@pytest.mark.parametrize(
    ("value", "signup"), [(None, True), ("", True), ("on", True), ("off", False), ("OFF", False)]
)
def test_signing_up_is_on_unless_switched_off(
    environment: pytest.MonkeyPatch, value: str | None, signup: bool
) -> None:
    if value is not None:
        environment.setenv("CHAT_SIGNUP", value)
    assert Settings().chat_signup is signup


def test_a_switch_that_is_neither_on_nor_off_is_refused(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("CHAT_SIGNUP", "perhaps")
    with pytest.raises(ValidationError, match="must be on or off"):
        Settings()
