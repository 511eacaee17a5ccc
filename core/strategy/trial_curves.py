"""What a stage has tried, as curves: the same for a screen and a report."""

from __future__ import annotations

from tunelab.records.history import History
from tunelab.strategy.stages import declaration
from tunelab.strategy.state import StageState

__all__ = ["by_cost", "curves_of"]


def by_cost(stage: str) -> bool:
    """Return whether a stage is judged by the training cost; else it is by validation accuracy."""
    declared = declaration(stage)
    return declared is not None and declared.judged_by == "cost"


def curves_of(stage: StageState) -> list[History]:
    """The curves of everything a stage has tried, in the order tried.

    What is tried may be shorter than what is planned, so they plan no number of epochs.
    """
    experiment = dict(stage.experiment)
    if "training" in experiment:
        experiment["training"] = {key: value for key, value in experiment["training"].items() if key != "epochs"}
    histories = []
    for name, events in stage.arms.items():
        seeds = len(events[0].get("replicates", {}).get("eta", [0]))
        start = {"event": "start", "experiment": experiment, "seeds": [0] * seeds}
        histories.append(History(name, [start, *events]))
    return histories
