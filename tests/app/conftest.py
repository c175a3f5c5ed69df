from botapi.fixtures import bot_api
from commands import command

__all__ = ["bot_api", "command"]
