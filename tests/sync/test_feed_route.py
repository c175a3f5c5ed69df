"""The feed's address, over HTTP."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from icalendar import Calendar

from bot.texts import language_of, translator
from core.addresses import webcal_url
from core.phrase import Translate
from db.calendars import FoundFeed, KeptFeed
from sync.feed import feed_router
from sync.ical import FeedContent, FeedEvent, calendar

TOKEN = "q3N0dXZ3eHl6QUJDREVGRw"
URL = f"/feeds/{TOKEN}.ics"
CHANGED = datetime(2026, 11, 22, 8, 30, 0, 700, tzinfo=UTC)


def texts(code: str | None) -> Translate:
    return translator(language_of(code))


def content() -> FeedContent:
    lesson = FeedEvent(
        "noah-1@test", 0, CHANGED, date(2026, 11, 30), 540, 570, "Mathematics", "Noah", "Sarah"
    )
    return FeedContent("Noah", "Europe/London", "en", CHANGED, events=(lesson,))


def kept(content: FeedContent, tag: str) -> KeptFeed:
    body = calendar(content, translator("en"))
    return KeptFeed(tag, gzip.compress(body, mtime=0), content.updated_at)


class Feeds:
    """The open feeds by token, each known to be right or to be made anew at each look-up."""

    def __init__(self, *, fresh: bool) -> None:
        self.open = {TOKEN: kept(content(), "first")}
        self.fresh = fresh
        self.read = 0

    async def find_feed(self, token: str) -> FoundFeed | None:
        if token not in self.open:
            return None
        return FoundFeed(1, 7, self.open[token].etag if self.fresh else None, None)

    async def read_feed(self, found: FoundFeed) -> KeptFeed | None:
        self.read += 1
        return self.open.get(TOKEN)


@pytest.fixture(params=[True, False], ids=["fresh", "stale"])
def feeds(request: pytest.FixtureRequest) -> Feeds:
    return Feeds(fresh=request.param)


@pytest_asyncio.fixture
async def client(feeds: Feeds) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(feed_router(feeds, texts))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://plan.example", headers={"Accept-Encoding": "identity"}
    ) as opened:
        yield opened


async def test_the_calendar_and_its_headers(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL)
    assert answer.status_code == 200
    assert answer.content == calendar(content(), translator("en"))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'inline; filename="brightpath.ics"'
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert answer.headers["last-modified"] == "Sun, 22 Nov 2026 08:30:00 GMT"
    assert answer.headers["etag"].startswith('"')
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Noah: Mathematics"


@pytest.mark.parametrize("form", ["{0}", "W/{0}", '"other", {0}', "*"])
async def test_a_known_tag_is_not_sent_again(
    client: httpx.AsyncClient, feeds: Feeds, form: str
) -> None:
    tag = (await client.get(URL)).headers["etag"]
    again = await client.get(URL, headers={"If-None-Match": form.format(tag)})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    assert again.headers["cache-control"] == "private, no-cache"
    assert again.headers["vary"] == "Accept-Encoding"
    assert feeds.read == (1 if feeds.fresh else 2)


async def test_a_change_is_sent_in_spite_of_an_old_tag(
    client: httpx.AsyncClient, feeds: Feeds
) -> None:
    first = await client.get(URL)
    later = CHANGED + timedelta(minutes=1)
    moved = replace(content().events[0], start=600, end=630, sequence=1, updated_at=later)
    feeds.open[TOKEN] = kept(replace(content(), events=(moved,), updated_at=later), "second")
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        second = await client.get(URL, headers=headers)
        assert second.status_code == 200
        assert second.headers["etag"] != first.headers["etag"]


async def test_a_date_alone_never_hides_a_change(client: httpx.AsyncClient) -> None:
    known = (await client.get(URL)).headers["last-modified"]
    for since in (known, "Mon, 23 Nov 2026 08:30:00 GMT", "yesterday", ""):
        answer = await client.get(URL, headers={"If-Modified-Since": since})
        assert answer.status_code == 200, since


async def test_a_tag_outranks_a_date(client: httpx.AsyncClient) -> None:
    known = (await client.get(URL)).headers["last-modified"]
    answer = await client.get(URL, headers={"If-None-Match": '"old"', "If-Modified-Since": known})
    assert answer.status_code == 200


async def test_gzip_has_a_tag_of_its_own(client: httpx.AsyncClient) -> None:
    plain = await client.get(URL)
    zipped = await client.get(URL, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == plain.content
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert zipped.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    for tag in (plain.headers["etag"], zipped.headers["etag"]):
        assert (await client.get(URL, headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize("accepted", ["gzip;q=0", "identity", "br", "", "*;q=0, identity"])
async def test_no_gzip_for_those_who_did_not_ask(client: httpx.AsyncClient, accepted: str) -> None:
    answer = await client.get(URL, headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers


async def test_zipped_bytes_are_equal_each_time(client: httpx.AsyncClient) -> None:
    sizes = []
    for _ in range(2):
        async with client.stream("GET", URL, headers={"Accept-Encoding": "gzip"}) as answer:
            sizes.append(b"".join([part async for part in answer.aiter_raw()]))
    assert sizes[0] == sizes[1]
    assert gzip.decompress(sizes[0]) == calendar(content(), translator("en"))


async def test_head_tells_the_same_without_the_body(client: httpx.AsyncClient) -> None:
    got, head = await client.get(URL), await client.head(URL)
    assert head.content == b""
    for name in ("etag", "last-modified", "content-length", "content-type"):
        assert head.headers[name] == got.headers[name]


@pytest.mark.parametrize("token", ["unknown", "a" * 5000, "%00", "' OR 1=1", "é", "%ff"])
async def test_what_opens_nothing_is_answered_kindly(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(f"/feeds/{token}.ics")
    assert answer.status_code == 404
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_one_that_is_revoked_while_it_is_read_is_gone(
    client: httpx.AsyncClient, feeds: Feeds
) -> None:
    async def revoked(found: FoundFeed) -> None:
        return None

    feeds.read_feed = revoked
    assert (await client.get(URL)).status_code == 404


async def test_a_revoked_feed_is_gone_even_for_who_knows_its_tag(
    client: httpx.AsyncClient, feeds: Feeds
) -> None:
    tag = (await client.get(URL)).headers["etag"]
    feeds.open.clear()
    headers = {"If-None-Match": tag, "Accept-Language": "es-MX,es;q=0.9"}
    answer = await client.get(URL, headers=headers)
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "calendario" in answer.text
    assert TOKEN not in answer.text


async def test_the_openapi_document_names_the_route_once(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert list(paths["/feeds/{token}.ics"]) == ["get"]


def test_webcal() -> None:
    assert webcal_url("https://plan.example/feeds/a.ics") == "webcal://plan.example/feeds/a.ics"
    assert webcal_url("http://127.0.0.1:8000/f.ics") == "webcal://127.0.0.1:8000/f.ics"
    for other in ("ftp://plan.example/a.ics", "plan.example/a.ics", "javascript://x"):
        with pytest.raises(ValueError, match="http"):
            webcal_url(other)
