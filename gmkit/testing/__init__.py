"""Fakes and the fleet simulator, for the tests of gmkit and of its plugins."""

from .fleet import Fleet
from .link import FakeChannel, FakeLink, Said

__all__ = ["FakeChannel", "FakeLink", "Fleet", "Said"]
