"""Trials: short trainings that answer a question, on all processors; nothing else is touched by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunelab.data import Dataset, counts
from tunelab.engine.pool import usable_cores
from tunelab.experiment import Experiment, load_data, stacks
from tunelab.experiment.assembly import data_key
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.fitting import fitted
from tunelab.search.curve import Curve
from tunelab.search.stacked_trials import Pulse, TrialStack, train_stacks

__all__ = ["PreparedTrials", "Report", "Task", "Trials", "by_validation", "reduced", "search_settings"]

_MOST_TRAINING, _MOST_VALIDATION = 2000, 1000  # examples, so that a search takes seconds

Report = Callable[[str, dict[str, Any]], None]
"""(label, the fields of a measure event): hears of every measurement as it is made."""

Task = tuple[Mapping[str, Experiment], Dataset | None]
"""Experiments by their labels, and what all of them learn from: their own data where None."""


@dataclass(frozen=True, eq=False)
class PreparedTrials:
    """Stacks that wait to be trained, with the group that each belongs to, and every group's labels."""

    stacks: tuple[TrialStack, ...]
    groups: tuple[int, ...]
    labels: tuple[tuple[str, ...], ...]

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled kernel trains some of them: then threads do, since starting processes takes seconds."""
        return any(stack.is_compiled for stack in self.stacks)


class Trials:
    """Runs trials. Each has a network and random streams of its own, from its experiment's seeds.

    ``report`` hears of every measurement. ``pulse`` is called every few mini-batches; it may wait, or raise to stop
    (:class:`tunelab.search.trainer.OutOfTime` keeps what has been trained). ``workers`` trainings run side by side at
    most, all processors if not given. Data sets are loaded once and kept.
    """

    def __init__(self, report: Report | None = None, pulse: Pulse | None = None, workers: int | None = None) -> None:
        self._report, self._pulse = report, pulse
        self._workers = workers or usable_cores()
        self._loaded: dict[str, Dataset] = {}

    def dataset(self, experiment: Experiment) -> Dataset:
        """The data an experiment asks for."""
        key = data_key(experiment)
        if key not in self._loaded:
            self._loaded[key] = load_data(experiment)
        return self._loaded[key]

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train every experiment, by its label, to its end; the curves in the same order.

        See :class:`tunelab.search.trainer.Trainer`. Compiled trainings run on all ``workers``, one experiment each.
        """
        (curves,) = self.train(self.prepare([(tried, dataset)]), [self._report])
        return list(curves.values())

    def prepare(self, tasks: Sequence[Task]) -> PreparedTrials:
        """Return the stacks of several groups of experiments, each with the data that it learns from."""
        alone = sum(len(tried) for tried, _ in tasks) == 1  # its networks, of several seeds, share the processors
        places: list[tuple[int, int]] = []  # of a stack: its group and its first experiment there
        trial_stacks: list[TrialStack] = []
        for group, (tried, dataset) in enumerate(tasks):
            labels, experiments = list(tried), list(tried.values())
            for stack in stacks(experiments):
                data = dataset or self.dataset(experiments[stack[0]])
                threads = self._workers if alone else 1
                own = [TrialStack({labels[stack[0]]: experiments[stack[0]]}, data, threads)]
                if own[0].is_compiled and self._workers > 1:
                    # The kernel trains a stack's networks one after another, so taking it apart costs nothing
                    own += [TrialStack({labels[i]: experiments[i]}, data) for i in stack[1:]]
                    places += [(group, i) for i in stack]
                else:
                    if len(stack) > 1:
                        own = [TrialStack({labels[i]: experiments[i] for i in stack}, data)]
                    places.append((group, stack[0]))
                trial_stacks += own
        # The first experiments of all groups come first: they have been trained if time is up
        order = sorted(range(len(places)), key=lambda i: places[i][::-1])
        return PreparedTrials(
            tuple(trial_stacks[i] for i in order),
            tuple(places[i][0] for i in order),
            tuple(tuple(tried) for tried, _ in tasks),
        )

    def train(self, prepared: PreparedTrials, reports: Sequence[Report | None]) -> list[dict[str, Curve]]:
        """Train them; for each group its curves by label, and a report of its measurements.

        Raises :class:`OutOfTime` where nothing was trained in time; some of it is less than what was asked for.
        """

        def report(i: int, label: str, fields: dict[str, Any]) -> None:
            listener = reports[prepared.groups[i]]
            if listener is not None:
                listener(label, fields)

        results = train_stacks(prepared.stacks, report, self._pulse, self._workers)
        curves: list[dict[str, Curve]] = [{} for _ in prepared.labels]
        for group, trained in zip(prepared.groups, results, strict=True):
            curves[group] |= {curve.label: curve for curve in trained or []}
        return [
            {label: own[label] for label in labels if label in own}
            for labels, own in zip(prepared.labels, curves, strict=True)
        ]


def search_settings(
    experiment: Experiment, *, seeds: int, epochs: int, monitor_every: int | str = "epoch"
) -> Experiment:
    """Return the experiment as a search tries it: η constant, no early stopping, so many seeds and epochs."""
    values = {"epochs": epochs, "monitor_every": monitor_every, "schedule": None, "early_stopping": None}
    settings: dict[str, Any] = {f"training.{key}": value for key, value in values.items()}
    return changed(experiment, settings | {"initialization.seeds": seeds})


def by_validation(experiment: Experiment) -> Experiment:
    """The experiment judged on validation examples, also where it asks for the test set: that isn't for choosing."""
    data = experiment.data
    if data.evaluate_on != "test":
        return experiment
    there = counts(data.name, data.classes, data.file_options)[1]
    return changed(experiment, {"data.evaluate_on": None, "data.evaluation": min(data.evaluation or there, there)})


def reduced(experiment: Experiment, trials: Trials) -> Experiment:
    """The experiment on the part of its data that answers in seconds; λ/n and l1/n stay put, and there is one seed.

    It is judged on validation examples, whatever it asks for.
    """
    plain = changed(by_validation(experiment), {"initialization.seeds": 1})
    dataset = trials.dataset(plain)
    plain = fitted(plain, dataset)
    n, validation = min(len(dataset.training), _MOST_TRAINING), min(len(dataset.validation), _MOST_VALIDATION)
    lmbda = float(f"{plain.training.lmbda * n / len(dataset.training):.3g}")
    l1 = float(f"{plain.training.l1 * n / len(dataset.training):.3g}")
    values = {"data.train": n, "data.evaluation": validation, "training.lambda": lmbda, "training.l1": l1}
    return changed(plain, values | {"training.mini_batch": min(plain.training.mini_batch, n)})
