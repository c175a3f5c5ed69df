"""Updates that Telegram brings to us."""

import json
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, status

from bot.incoming import Json
from core.text import clean_json

WEBHOOK_PATH = "/telegram/webhook"
LARGEST_UPDATE_BYTES = 256 * 1024


def webhook_router(secret: str, receive: Callable[[dict[str, Json]], Awaitable[None]]) -> APIRouter:
    """POST /telegram/webhook, answered 200 once `receive` has returned (it commits first).

    403 without the right secret in the header, 413 for a body over 256 KiB, 400 for one that is no
    update. What `receive` raises becomes the application's 5xx, and Telegram brings it again.
    Raises ValueError for an empty `secret`: it would let everybody in.
    """
    if not secret:
        raise ValueError("the webhook needs a secret")
    router = APIRouter()

    @router.post(WEBHOOK_PATH, status_code=status.HTTP_200_OK, include_in_schema=False)
    async def webhook(
        request: Request,
        x_telegram_bot_api_secret_token: Annotated[str, Header()] = "",
    ) -> None:
        # As bytes: compare_digest refuses text beyond ASCII, and a header may carry any.
        if not compare_digest(x_telegram_bot_api_secret_token.encode(), secret.encode()):
            raise HTTPException(status.HTTP_403_FORBIDDEN)
        await receive(_update(await _body(request)))

    return router


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_UPDATE_BYTES:
            raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE)
    return bytes(body)


def _update(body: bytes) -> dict[str, Json]:
    try:
        document = clean_json(json.loads(body))
    except (ValueError, RecursionError) as error:
        raise HTTPException(status.HTTP_400_BAD_REQUEST) from error
    if not isinstance(document, dict) or type(document.get("update_id")) is not int:
        raise HTTPException(status.HTTP_400_BAD_REQUEST)
    return document
