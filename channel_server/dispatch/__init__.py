"""GM commands: read, checked, run."""
