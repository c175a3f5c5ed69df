from davservers import running
from googleapi.fixtures import google

__all__ = ["google", "running"]
