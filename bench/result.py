"""What a row of the benchmark gives back, and the goal it is held against."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A goal of DESIGN §6. With ``against`` the value is a ratio to that peer's."""

    must: float
    aim: float
    unit: str = ""
    against: str | None = None
    more_is_better: bool = False

    def verdict(self, value: float) -> str:
        """``aim``, ``must`` or ``below``."""
        for name, bound in (("aim", self.aim), ("must", self.must)):
            if value >= bound if self.more_is_better else value <= bound:
                return name
        return "below"


@dataclass
class Result:
    """One line of the table. ``value`` is None where it could not be measured; ``note`` says why."""

    row: str
    figure: str
    value: float | None
    goal: Goal | None = None
    unit: str = ""
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """How the value stands to the goal; empty without either."""
        if self.goal is None or self.value is None:
            return ""
        return self.goal.verdict(self.value)

    def as_json(self) -> dict[str, Any]:
        """The line as JSON has it."""
        goal = self.goal
        return {
            "row": self.row,
            "figure": self.figure,
            "value": self.value,
            "unit": goal.unit if goal else self.unit,
            "against": goal.against if goal else None,
            "must": goal.must if goal else None,
            "aim": goal.aim if goal else None,
            "verdict": self.verdict,
            "note": self.note,
            "detail": self.detail,
        }
