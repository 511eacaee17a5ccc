"""Sweeps: many trials of an experiment, chosen by Optuna, trained in stacks by worker processes or a cluster.

A plan says what is tried; a study on disk holds it and every trial; a driver takes trials from the study, has them
trained, and tells what came of them. Optuna is imported where it is first needed, since it takes a while to load.
"""

from tunelab.sweeps.results import StudyTable, TrialRow, importances
from tunelab.sweeps.studies import StudyRecord, all_studies, find, fresh_name, open_study
from tunelab.sweeps.sweep_plan import PRUNERS, SAMPLERS, SweepPlan

__all__ = [
    "PRUNERS",
    "SAMPLERS",
    "StudyRecord",
    "StudyTable",
    "SweepPlan",
    "TrialRow",
    "all_studies",
    "find",
    "fresh_name",
    "importances",
    "open_study",
]
