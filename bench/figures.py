"""Small statistics."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

__all__ = ["median", "medians", "percentile"]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of the values lie; nan for none."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {key: median(r[key] for r in rounds) for key in rounds[0]}
