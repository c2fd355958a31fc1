"""Fixtures for tests of commands."""

from __future__ import annotations

import pytest

from .world import World


@pytest.fixture
def world() -> World:
    """See tests.commands.world.World."""
    return World()
