"""Commands of GMs, and what they stand on."""
