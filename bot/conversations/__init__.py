"""The chat flows: data and pure functions, the same for every channel."""
