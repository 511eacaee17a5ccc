"""Reads settings and curves and says what it sees, why that may be, and what to try."""

from core.diagnosis.before import Plan, on_test_set, out_of_reach, warnings
from core.diagnosis.compare import compared
from core.diagnosis.curves import Curves, verdicts
from core.diagnosis.edge import at_the_edge
from core.diagnosis.guess import blind_accuracy, constant_cost, yardsticks
from core.diagnosis.verdict import Verdict

__all__ = [
    "Curves",
    "Plan",
    "Verdict",
    "at_the_edge",
    "blind_accuracy",
    "compared",
    "constant_cost",
    "on_test_set",
    "out_of_reach",
    "verdicts",
    "warnings",
    "yardsticks",
]
