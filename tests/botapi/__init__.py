"""A Bot API server for tests: Telegram's side of the wire, on loopback, with people in it."""
