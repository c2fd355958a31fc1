"""The `gmkit` command."""
