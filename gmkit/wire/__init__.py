"""Frames and messages on the wire; no I/O here."""
