from googleapi.fixtures import google

__all__ = ["google"]
