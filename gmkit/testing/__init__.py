"""Fakes and fleets for tests, shipped to plugin and adapter authors."""
