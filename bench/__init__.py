"""Benchmarks of the whole daemon, with other relays beside it in the same run."""
