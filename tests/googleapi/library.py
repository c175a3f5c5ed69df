"""Google's own client library in the hands of a test."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httplib2
import pytest
from googleapiclient.errors import HttpError

START = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


class Bearer(httplib2.Http):
    """The library's transport with a token in each request."""

    def __init__(self, token: str) -> None:
        super().__init__(timeout=10)
        self.token = token

    def request(self, uri: str, method: str = "GET", **rest: Any) -> Any:
        rest["headers"] = {**rest.get("headers", {}), "authorization": f"Bearer {self.token}"}
        return super().request(uri, method, **rest)


def lesson(event_id: str = "lesson01", start: datetime = START, **more: Any) -> dict[str, Any]:
    return {
        "id": event_id,
        "summary": "Mathematics",
        "start": {"dateTime": start.isoformat()},
        "end": {"dateTime": (start + HALF_HOUR).isoformat()},
        **more,
    }


def refusal(request: Any) -> tuple[int, str]:
    """The status and the reason with which a request is refused."""
    with pytest.raises(HttpError) as caught:
        request.execute()
    (detail,) = caught.value.error_details
    return caught.value.resp.status, detail["reason"]


def matching(request: Any, etag: str) -> Any:
    request.headers["If-Match"] = etag
    return request
