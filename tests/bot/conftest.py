from botapi.fixtures import bot_api
from chat_browser import browser, complaints, context, page, served

__all__ = ["bot_api", "browser", "complaints", "context", "page", "served"]
