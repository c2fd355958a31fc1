"""GM commands, grouped by what they serve."""
