"""What the daemon's gate and a terminal agree on: version, limits and times.

The protocol itself is described in docs/gate-protocol.md.
"""

from __future__ import annotations

VERSION = 1
"""The protocol's version; a terminal of another version is turned away with a sentence."""

HEARTBEAT = 20.0
"""Seconds after which a terminal that has nothing to say sends ``ping``."""

SILENCE = 60.0
"""Seconds without a byte after which either side gives the other up."""

MAX_FROM_TERMINAL = 1 << 18
"""The longest frame that the daemon accepts from a terminal that has logged in, in bytes."""

MAX_HELLO = 1 << 13
"""The longest frame that the daemon accepts before login, in bytes."""

MAX_FROM_DAEMON = 1 << 24
"""The longest frame that a terminal accepts, in bytes."""

MAX_LINE = 1 << 16
"""The longest command line, in characters."""
