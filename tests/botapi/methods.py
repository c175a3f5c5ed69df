"""The Bot API's methods over a `World`: what each does, and how Telegram refuses."""

import json
import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import aiogram.methods
import aiogram.types
from pydantic import ValidationError

from botapi.markup import MarkupError, parse_html, utf16_units
from botapi.world import Chat, World

BUTTONS_AT_MOST = 100
MODELS = {
    model.__api_method__: model
    for model in vars(aiogram.methods).values()
    if isinstance(getattr(model, "__api_method__", None), str)
}


class ApiError(Exception):
    """An answer that is not ok."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class ContractError(Exception):
    """A call that no Bot API client should make: unknown parameters or wrong types."""


def bad_request(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")


def validated(method: str, params: dict[str, Any]) -> None:
    """Checks a call against aiogram's model of it; raises ContractError."""
    model = MODELS.get(method)
    if model is None:
        raise ContractError(f"{method}: no such method")
    files = {
        name: aiogram.types.BufferedInputFile(value, name)
        for name, value in params.items()
        if isinstance(value, bytes)
    }
    try:
        call = model.model_validate(params | files)
    except ValidationError as error:
        raise ContractError(f"{method}: {error}") from error
    if call.model_extra:
        raise ContractError(f"{method}: unknown parameters {sorted(call.model_extra)}")
    _no_extras(method, params.get("reply_markup"))


def _no_extras(method: str, markup: Any) -> None:
    if not isinstance(markup, dict) or "inline_keyboard" not in markup:
        return
    known = set(aiogram.types.InlineKeyboardButton.model_fields)
    for row in markup["inline_keyboard"]:
        for button in row:
            if not set(button) <= known:
                raise ContractError(f"{method}: unknown button fields {sorted(button)}")


def decoded(params: dict[str, Any]) -> dict[str, Any]:
    """Form values as JSON would carry them: lists, objects, numbers and booleans read."""
    texts = {"text", "caption", "callback_query_id", "secret_token", "url", "language_code"}

    def value(name: str, raw: Any) -> Any:
        if not isinstance(raw, str) or name in texts:
            return raw
        try:
            return json.loads(raw)
        except ValueError:
            return raw

    return {name: value(name, raw) for name, raw in params.items()}


def get_me(world: World, params: dict[str, Any]) -> dict[str, Any]:
    return {
        **world.bot,
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
    }


def send_message(world: World, params: dict[str, Any]) -> dict[str, Any]:
    chat = _open_chat(world, params)
    body = _text(params, "text", 4096)
    return world.post(chat, {**body, **_keyboard(params)})


def send_photo(world: World, params: dict[str, Any]) -> dict[str, Any]:
    chat = _open_chat(world, params)
    photo = params["photo"]
    if not (isinstance(photo, bytes) and photo[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")):
        raise bad_request("IMAGE_PROCESS_FAILED")
    world.photos.append((chat.id, photo))
    body = _text(params, "caption", 1024) if params.get("caption") else {}
    name = f"photo{len(world.photos)}"
    size = {"file_id": name, "file_unique_id": name, "width": 320, "height": 320}
    if body:
        body = {"caption": body["text"], "caption_entities": body.get("entities", [])}
    return world.post(chat, {"photo": [size], **body, **_keyboard(params)})


def edit_message_text(world: World, params: dict[str, Any]) -> dict[str, Any]:
    message = _editable(world, params)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    return _edited(world, message, {**_text(params, "text", 4096), **_keyboard(params)})


def edit_message_reply_markup(world: World, params: dict[str, Any]) -> dict[str, Any]:
    message = _editable(world, params)
    kept = {name: message[name] for name in ("text", "entities") if name in message}
    return _edited(world, message, {**kept, **_keyboard(params)})


def delete_message(world: World, params: dict[str, Any]) -> bool:
    chat = _open_chat(world, params)
    if chat.messages.pop(params["message_id"], None) is None:
        raise bad_request("message to delete not found")
    return True


def answer_callback_query(world: World, params: dict[str, Any]) -> bool:
    if str(params["callback_query_id"]) not in world.callbacks:
        raise bad_request(
            "query is too old and response timeout expired or query ID is invalid",
        )
    if utf16_units(params.get("text") or "") > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    world.callbacks[str(params["callback_query_id"])] = True
    return True


def send_chat_action(world: World, params: dict[str, Any]) -> bool:
    chat = _open_chat(world, params)
    if params["action"] not in {"typing", "upload_photo", "upload_document"}:
        raise bad_request("wrong parameter action in request")
    chat.actions.append(params["action"])
    return True


def set_my_commands(world: World, params: dict[str, Any]) -> bool:
    for command in params["commands"]:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[params.get("language_code") or ""] = params["commands"]
    return True


def set_webhook(world: World, params: dict[str, Any]) -> bool:
    parts = urlsplit(params["url"])
    loopback = parts.hostname in {"127.0.0.1", "localhost"}
    # As the self-hosted Bot API server: plain http where it cannot leave the machine.
    if params["url"] and not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    secret = params.get("secret_token") or ""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    world.allow(params.get("allowed_updates"))
    if params.get("drop_pending_updates"):
        world.updates.clear()
    world.webhook = (params["url"], secret) if params["url"] else None
    return True


def delete_webhook(world: World, params: dict[str, Any]) -> bool:
    if params.get("drop_pending_updates"):
        world.updates.clear()
    world.webhook = None
    return True


def get_webhook_info(world: World, params: dict[str, Any]) -> dict[str, Any]:
    info: dict[str, Any] = {
        "url": world.webhook[0] if world.webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates),
    }
    if world.webhook_error:
        info |= {
            "last_error_date": int(time.time()),
            "last_error_message": world.webhook_error,
        }
    return info


METHODS: dict[str, Callable[[World, dict[str, Any]], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "answerCallbackQuery": answer_callback_query,
    "sendChatAction": send_chat_action,
    "setMyCommands": set_my_commands,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}


def _open_chat(world: World, params: dict[str, Any]) -> Chat:
    chat = world.chats.get(params["chat_id"])
    if chat is None:
        raise bad_request("chat not found")
    if chat.moved_to is not None:
        raise ApiError(
            400,
            "Bad Request: group chat was upgraded to a supergroup chat",
            migrate_to_chat_id=chat.moved_to,
        )
    if chat.blocked:
        raise ApiError(403, "Forbidden: bot was blocked by the user")
    return chat


def _text(params: dict[str, Any], name: str, longest: int) -> dict[str, Any]:
    mode = params.get("parse_mode")
    if mode not in (None, "HTML"):
        raise ContractError(f"this server reads HTML only, not {mode}")
    source = params[name]
    try:
        text, entities = parse_html(source) if mode else (source, [])
    except MarkupError as error:
        raise bad_request(str(error)) from error
    if not text.strip():
        raise bad_request("message text is empty")
    if utf16_units(text) > longest:
        raise bad_request(
            "message is too long" if longest == 4096 else "message caption is too long"
        )
    return {"text": text, "entities": entities} if entities else {"text": text}


def _keyboard(params: dict[str, Any]) -> dict[str, Any]:
    markup = params.get("reply_markup") or {}
    rows = [row for row in markup.get("inline_keyboard", []) if row]
    if sum(map(len, rows)) > BUTTONS_AT_MOST:
        raise bad_request("reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _check_button(button: dict[str, Any]) -> None:
    if not button.get("text", "").strip():
        raise bad_request("can't parse inline keyboard button: Text must be non-empty")
    data, url = button.get("callback_data"), button.get("url")
    if data is None and url is None:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed")
    if data is not None and not 1 <= len(data.encode()) <= 64:
        raise bad_request("BUTTON_DATA_INVALID")
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https", "tg"} or "." not in (parts.hostname or ""):
            raise bad_request(
                f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL",
            )


def _editable(world: World, params: dict[str, Any]) -> dict[str, Any]:
    chat = _open_chat(world, params)
    message = chat.messages.get(params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != world.bot["id"]:
        raise bad_request("message can't be edited")
    return message


def _edited(world: World, message: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    shown = ("text", "entities", "reply_markup")
    if {name: message[name] for name in shown if name in message} == new:
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    for name in shown:
        message.pop(name, None)
    message |= {**new, "edit_date": int(time.time())}
    return message
