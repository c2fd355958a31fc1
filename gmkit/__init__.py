"""gmkit: one help channel for every server of a game."""

__version__ = "0.1.0"
