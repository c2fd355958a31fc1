"""What every row is given: sizes, rounds, a folder on a real disk."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Context:
    """One run of the benchmark. ``small`` shrinks everything so that it only proves to work;
    ``big`` asks the archive of 10,000,000 messages instead of 1,000,000, which takes long to make.
    """

    folder: Path
    rounds: int = 3
    seconds: float = 4.0
    small: bool = False
    big: bool = False

    def size(self, full: int, small: int) -> int:
        """``full``, or ``small`` in a small run."""
        return small if self.small else full

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        print(f"bench: {text}", file=sys.stderr, flush=True)
