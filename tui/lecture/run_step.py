"""A step's experiment, done: what it leaves to look at, whoever trained it. None of it for the screen's own thread."""

from __future__ import annotations

from tunelab.errors import BadInput
from tunelab.records import Run
from tunelab.tui.lecture.grading import Seen
from tunelab.tui.lecture.steps import Sampled, Step

__all__ = ["sampled", "seen_in"]


def sampled(what: Sampled) -> Seen:
    """z before any training, of one neuron, under each scheme."""
    from tunelab.initialization import Initialization, effects

    sizes = (what.inputs, 1)
    found = []
    for scheme in what.weights:
        first = effects(Initialization(sizes, scheme, "standard"), active=what.active)[0]
        found.append((scheme, first))
    return Seen(effects=found)


def seen_in(step: Step, run: Run) -> Seen:
    """What a run of the step's experiment has left, ended or stopped."""
    from tunelab.network_inspection import way_between
    from tunelab.tui.charts.from_history import read

    arms = read(run)
    ways = []
    if step.chart == "way":
        for number, arm in enumerate(arms):
            try:
                ways.append((arm.name, way_between(run, number)))
            except BadInput:
                break  # it was stopped on its way: what there is is compared
    return Seen(arms=arms, ways=ways)
