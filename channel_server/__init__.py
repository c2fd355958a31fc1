"""The daemon: links to the games, the outbox, the gate for GMs, and their wiring."""
