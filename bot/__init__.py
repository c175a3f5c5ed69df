"""The conversation and the two channels that carry it."""
