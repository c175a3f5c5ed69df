from botapi.fixtures import bot_api
from commands import command
from davservers import running
from googleapi.fixtures import google

__all__ = ["bot_api", "command", "google", "running"]
