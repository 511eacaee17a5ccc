"""Reads settings and curves and says what it sees, why that may be, and what to try."""

from tunelab.diagnosis.baselines import blind_accuracy, constant_cost, yardsticks
from tunelab.diagnosis.preflight import Plan, on_test_set, out_of_reach, warnings
from tunelab.diagnosis.search_boundary import at_the_edge
from tunelab.diagnosis.training_rules import Curves, verdicts
from tunelab.diagnosis.verdict import Verdict

__all__ = [
    "Curves",
    "Plan",
    "Verdict",
    "at_the_edge",
    "blind_accuracy",
    "constant_cost",
    "on_test_set",
    "out_of_reach",
    "verdicts",
    "warnings",
    "yardsticks",
]
