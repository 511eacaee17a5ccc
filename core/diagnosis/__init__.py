"""Reads settings, data and curves, and says what it sees, which cause that has, and what to try."""

from tunelab.diagnosis.baselines import baseline_facts, constant_cost
from tunelab.diagnosis.causes import CAUSES, Cause
from tunelab.diagnosis.curves import Curves, FirstLayers
from tunelab.diagnosis.data_facts import DataFacts, data_facts
from tunelab.diagnosis.preflight import first_layers, on_test_set, preflight
from tunelab.diagnosis.ranking import verdicts
from tunelab.diagnosis.search_boundary import at_the_edge
from tunelab.diagnosis.setting import Setting
from tunelab.diagnosis.verdict import Verdict

__all__ = [
    "CAUSES",
    "Cause",
    "Curves",
    "DataFacts",
    "FirstLayers",
    "Setting",
    "Verdict",
    "at_the_edge",
    "baseline_facts",
    "constant_cost",
    "data_facts",
    "first_layers",
    "on_test_set",
    "preflight",
    "verdicts",
]
