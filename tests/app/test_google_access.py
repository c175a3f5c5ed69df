"""The way to Google's consent page and back, and who may open what."""

import logging
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from google_home import QUARTER, GoogleHome, with_google
from googleapi import faults
from googleapi.server import GoogleServer
from parts import found, in_browser, say_to_us
from test_isolation_routes import talkative_logs

from bot.conversations.cards import Typed
from bot.incoming import Command
from db.families import set_role
from db.links import Purpose, create_code
from sync.oauth import SCOPE

SCOPES = frozenset({SCOPE})


async def back(there: GoogleHome, address: str) -> httpx.Response:
    """The browser follows where Google sends it."""
    parts = urlsplit(address)
    return await there.client.get(f"{parts.path}?{parts.query}")


async def test_the_link_works_once_and_for_a_quarter_of_an_hour(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        link = await there.link()
        page = await there.client.get(link)
        assert page.status_code == 302
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        # Looking at Google's page twice is fine; coming back twice is not.
        assert (await there.client.get(link)).status_code == 302
        address = google.oauth.consent(page.headers["location"], there.sarah)
        done = await back(there, address)
        assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
        again = await back(there, address)
        assert again.status_code == 410
        assert "/calendars" in again.text
        assert (await there.client.get(link)).status_code == 410
        assert len(there.home.table("calendar_connections")) == 1

        late = await there.link()
        there.home.clock.now += QUARTER + timedelta(seconds=1)
        assert (await there.client.get(late)).status_code == 410


@pytest.mark.parametrize("state", ["", "0000-0000-0000-0000", "x" * 5000, "\x00", "ñ"])
async def test_what_is_no_link_of_ours_is_answered_kindly(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer, state: str
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        spanish = {"accept-language": "es"}
        for path in ("/google/connect", "/google/callback"):
            answer = await there.client.get(
                path, params={"state": state, "code": "4/0"}, headers=spanish
            )
            assert answer.status_code == 410
            assert "Este enlace ya se usó" in answer.text


async def test_a_no_changes_nothing_and_the_link_can_be_followed_again(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        page = await there.to_google()
        answer = await back(there, google.oauth.refuse(page))
        assert answer.status_code == 200
        assert "Nothing was connected" in answer.text
        assert there.home.table("calendar_connections") == []
        # Agreed, but without the box that matters.
        without = google.oauth.consent(page, there.sarah, scopes=frozenset())
        assert "Nothing was connected" in (await back(there, without)).text
        assert there.home.table("calendar_connections") == []


async def test_google_may_be_out_of_reach(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        address = google.oauth.consent(await there.to_google(), there.sarah)
        google.faults.next(faults.BROKEN, "oauth.token")
        answer = await back(there, address)
        assert answer.status_code == 503
        assert "did not answer" in answer.text
        assert there.home.table("calendar_connections") == []


async def test_only_a_guardian_connects(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        address = google.oauth.consent(await there.to_google(), there.sarah)
        async with there.services.database.transaction(family_id=there.home.id) as session:
            await set_role(session, there.account.adult_id or 0, "helper")
        assert (await back(there, address)).status_code == 410
        assert there.home.table("calendar_connections") == []


async def test_codes_open_only_what_they_are_for(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    async with with_google(database_url, conninfo, tmp_path, google) as there:
        now = there.services.now()
        async with there.services.database.transaction() as session:
            device = await create_code(
                session,
                Purpose.DEVICE,
                QUARTER,
                now=now,
                family_id=there.home.id,
                adult_id=there.account.adult_id,
            )
        for path in ("/google/connect", "/google/callback"):
            answer = await there.client.get(path, params={"state": device, "code": "4/0"})
            assert answer.status_code == 410
        stranger = await in_browser(there.services, "t" * 43)
        link = await there.link()
        await say_to_us(there.services, stranger, Command("link", link.split("=")[1]))
        (row,) = [r for r in there.home.table("chat_accounts") if r["id"] == stranger.id]
        assert row["family_id"] is None
        # Neither was used up by that.
        assert (await there.client.get(link)).status_code == 302
        await say_to_us(there.services, stranger, Command("link", device))
        (row,) = [r for r in there.home.table("chat_accounts") if r["id"] == stranger.id]
        assert row["family_id"] == there.home.id
        await say_to_us(there.services, stranger, Typed("hello"))


async def test_without_a_client_the_routes_say_so(
    database_url: str, conninfo: str, tmp_path: Path, google: GoogleServer
) -> None:
    settings = {"google_client_id": None}
    async with with_google(database_url, conninfo, tmp_path, google, **settings) as there:
        for path in ("/google/connect?state=x", "/google/callback?state=x&code=y"):
            answer = await there.client.get(path)
            assert answer.status_code == 404
            assert "not set up on this server" in answer.text
        assert (await there.client.post("/google/notifications")).status_code == 404


async def test_no_token_code_or_address_is_kept_or_logged_in_the_clear(
    database_url: str,
    conninfo: str,
    tmp_path: Path,
    google: GoogleServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with talkative_logs():
        logging.getLogger("googleapiclient").setLevel(logging.DEBUG)
        async with with_google(database_url, conninfo, tmp_path, google) as there:
            link = await there.link()
            page = (await there.client.get(link)).headers["location"]
            address = google.oauth.consent(page, there.sarah)
            code = address.split("code=")[1].split("&")[0]
            await back(there, address)
            google.faults.next(faults.BROKEN, "events.insert")
            await there.work()
            tokens = [*google.oauth._refresh_tokens, *google.oauth._access_tokens]
            secrets = [link.split("=")[1], code, *tokens]
            assert len(tokens) >= 2
            assert found(conninfo, secrets) == []
            queued = str(there.home.rows("SELECT args FROM procrastinate_jobs"))
    written = capsys.readouterr()
    logged = written.out + written.err
    canaries = [*secrets, "Mathematics", "Emma", "Noah", there.sarah.email]
    assert "published later" in logged
    assert [word for word in canaries if word in logged or word in queued] == []
