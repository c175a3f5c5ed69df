"""What the server answers whatever the page."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from parts import opened
from whole_program import Clock

from app.web import create_app
from db.session import Database


@pytest.mark.parametrize(
    ("language", "words"), [("es-MX,es;q=0.9", "familias"), ("fr", "families")]
)
async def test_a_full_house_says_so_in_the_readers_language(
    database_url: str, tmp_path: Path, language: str, words: str
) -> None:
    clock = Clock(datetime(2026, 11, 23, 14, 45, tzinfo=UTC))
    async with opened(database_url, tmp_path, clock) as services:
        small = Database(database_url, pool_size=1)
        app = create_app(replace(services, database=small))
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://brightpath.test"
        ) as client:
            async with small.transaction():
                answer = await client.get(
                    f"/week/{'a' * 43}", headers={"Accept-Language": language}
                )
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert words in answer.json()["error"]
            assert (await client.get("/readyz")).text == "ready\n"
        await small.close()
