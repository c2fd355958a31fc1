"""Lines on their way into the games."""
