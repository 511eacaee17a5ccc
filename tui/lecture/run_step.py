"""A step's experiment, done: what it leaves to look at, whoever trained it. None of it for the screen's own thread."""

from __future__ import annotations

from tunelab.errors import BadInput
from tunelab.records import Run
from tunelab.tui.lecture.grading import Observations
from tunelab.tui.lecture.steps import Sampled, Step

__all__ = ["observe", "sample_z"]


def sample_z(what: Sampled) -> Observations:
    """z before any training, of one neuron, under each scheme."""
    from tunelab.initialization import Initialization, effects

    sizes = (what.inputs, 1)
    effects_by_scheme = []
    for scheme in what.weights:
        first = effects(Initialization(sizes, scheme, "standard"), active=what.active)[0]
        effects_by_scheme.append((scheme, first))
    return Observations(effects=effects_by_scheme)


def observe(step: Step, run: Run) -> Observations:
    """What a run of the step's experiment has left, ended or stopped."""
    from tunelab.network_inspection import output_path_between

    arms = run.histories()
    ways = []
    if step.chart == "way":
        for number, arm in enumerate(arms):
            try:
                ways.append((arm.name, output_path_between(run, number)))
            except BadInput:
                break  # it was stopped on its way: what there is is compared
    return Observations(arms=arms, ways=ways)
