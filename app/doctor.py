"""`brightpath doctor`: looks at everything the program leans on and says what to mend."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import psycopg

from app.settings import Settings
from db.migrate import head, too_old, unreachable
from db.roles import APP_ROLE

TIMEOUT = 5.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `text` says how it stands or what to do."""

    ok: bool
    text: str


async def examine(settings: Settings, conninfo: str) -> list[Finding]:
    """All findings, the configuration's first. Reaches out to Telegram and Google only where they
    are configured."""
    findings = [_links(settings), _engine()]
    findings += await _database(conninfo)
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        findings.append(await _telegram(settings, client))
        findings.append(await _google(settings, client))
    return findings


def _links(settings: Settings) -> Finding:
    host = urlsplit(settings.base_url).hostname or ""
    if host in LOOPBACK:
        return Finding(
            True,
            f"Links begin with {settings.base_url} and open on this machine only; set PUBLIC_URL "
            "to an address that a phone reaches.",
        )
    return Finding(True, f"Links begin with {settings.base_url}.")


def _engine() -> Finding:
    # Imported here: numpy takes half a second to load, which other commands should not pay.
    from core.kernel.arrays import COMPILED

    if COMPILED:
        return Finding(True, "The engine is compiled.")
    return Finding(
        True, "numba is missing, so the engine is not compiled: planning works, and takes longer."
    )


async def _database(conninfo: str) -> list[Finding]:
    try:
        connection = await psycopg.AsyncConnection.connect(conninfo, connect_timeout=int(TIMEOUT))
    except psycopg.OperationalError as error:
        return [Finding(False, unreachable(error))]
    async with connection:
        version = connection.info.server_version
        if complaint := too_old(version):
            return [Finding(False, complaint)]
        findings = [Finding(True, f"PostgreSQL {version // 10000} answers.")]
        revision = None
        if await _one(connection, "SELECT to_regclass('alembic_version')") is not None:
            revision = await _one(connection, "SELECT version_num FROM alembic_version")
        if revision != head():
            advice = f"The schema is at {revision or 'nothing yet'}; run `brightpath migrate`."
            return [*findings, Finding(False, advice)]
        findings.append(Finding(True, f"The schema is at its newest revision ({revision})."))
        await connection.execute(f"SET ROLE {APP_ROLE}".encode())
        seen = await _one(connection, "SELECT count(*) FROM children")
        findings.append(
            Finding(True, "Row-level security holds: without a family nothing is seen.")
            if seen == 0
            else Finding(False, "Row-level security does not hold: children are seen by anybody.")
        )
        await connection.execute("RESET ROLE")
        failed = await _one(
            connection, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'"
        )
        findings.append(
            Finding(True, "No job has given up.")
            if failed == 0
            else Finding(False, f"{failed} jobs gave up after their last attempt; see the log.")
        )
    return findings


async def _one(connection: psycopg.AsyncConnection, query: str) -> object:
    cursor = await connection.execute(query)
    row = await cursor.fetchone()
    return row[0] if row else None


async def _telegram(settings: Settings, client: httpx.AsyncClient) -> Finding:
    if settings.telegram_bot_token is None:
        return Finding(True, "No TELEGRAM_BOT_TOKEN: the web chat at /chat is the product.")
    token = settings.telegram_bot_token.get_secret_value()
    try:
        answer = await client.post(f"{settings.telegram_api_base}/bot{token}/getMe")
        body = answer.json()
    except (httpx.HTTPError, ValueError):
        return Finding(False, f"Telegram does not answer at {settings.telegram_api_base}.")
    if not body.get("ok"):
        return Finding(False, "Telegram refuses TELEGRAM_BOT_TOKEN; ask @BotFather for a new one.")
    return Finding(True, f"Telegram knows the bot as @{body['result'].get('username', '?')}.")


async def _google(settings: Settings, client: httpx.AsyncClient) -> Finding:
    if settings.google_client_id is None:
        return Finding(True, "No GOOGLE_CLIENT_ID: calendars follow by their feeds.")
    if settings.google_client_secret is None:
        return Finding(False, "GOOGLE_CLIENT_ID is set but GOOGLE_CLIENT_SECRET is not.")
    try:
        await client.get(settings.google_api_base)
    except httpx.HTTPError:
        return Finding(False, f"Google does not answer at {settings.google_api_base}.")
    return Finding(True, "Google answers.")
