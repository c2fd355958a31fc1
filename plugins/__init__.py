"""Optional behaviours."""
