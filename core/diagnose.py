"""Why does my network learn nothing? Looks at settings and first weights, trains briefly, and says what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tunelab.data import Dataset, Examples
from tunelab.diagnosis import Plan, Verdict, out_of_reach, warnings
from tunelab.experiment import Experiment, StackedTraining, load_data
from tunelab.experiment.assembly import initialization_of
from tunelab.experiment.dotted_keys import changed
from tunelab.initialization import effects
from tunelab.records import Run
from tunelab.records.history import History
from tunelab.records.measure_events import measure_fields

__all__ = ["Checkup", "checkup", "of_run"]

_EPOCHS = 8
_EXAMPLES, _JUDGED = 2_000, 500
_LOOKED_AT = 300  # examples on which first weights are judged


@dataclass(frozen=True, eq=False)
class Checkup:
    """What was found of one arm: ``before`` from settings and first weights, ``after`` from its curves.

    ``tried`` says in a sentence what was trained or read for it; ``history`` is what was judged.
    """

    arm: str
    tried: str
    before: list[Verdict]
    after: list[Verdict]
    history: History


def checkup(
    experiment: Experiment,
    *,
    arm: str = "",
    dataset: Dataset | None = None,
    pulse: Callable[[], None] | None = None,
) -> Checkup:
    """Diagnose an experiment: its settings and first weights as they are, then a training of a few epochs.

    At most 2,000 training examples are used for 8 epochs, 500 validation examples judge them, λ/n stays put, η is
    constant. ``pulse`` is called every few mini-batches and may raise to stop it. Raises
    :class:`tunelab.errors.BadInput` where the experiment can't be trained.
    """
    dataset = dataset or load_data(experiment)
    n = len(dataset.training)
    brief, small = _brief(experiment, dataset)
    training = StackedTraining([brief], small)
    known = before(experiment, dataset)
    history = History(arm, [{"event": "start"} | training.description(training.members[0])])
    history.add({"event": "initial"} | measure_fields(training.measure()))
    for measurement in training.run(pulse):
        history.add({"event": "measure"} | measure_fields(measurement))
    epochs = brief.training.epochs
    tried = f"Trained for {epochs} epoch{'s' if epochs > 1 else ''} on {len(small.training):,}"
    tried += f" of {n:,} examples" if len(small.training) < n else " examples"
    if brief.training.lmbda != experiment.training.lmbda:
        tried += f", with λ = {brief.training.lmbda:g} so that λ/n is as you have it"
    return Checkup(arm, f"{tried}; judged on {len(small.validation):,}.", known, history.verdicts(), history)


def of_run(run: Run) -> list[Checkup]:
    """Diagnose what a run's record holds, an arm each, without training."""
    found = []
    for arm, record in zip(run.preset.arms, run.arms, strict=True):
        history = record.history()
        training = arm.experiment.training
        n = int(history.data.get("training", 0))
        known = warnings(Plan(training.eta, training.lmbda, training.mini_batch, n)) if n else []
        epochs = float(history.latest.get("epoch", 0.0))
        tried = f"Read from its record: {epochs:.4g} of {training.epochs:,} epochs."
        found.append(Checkup(record.name, tried, known, history.verdicts(), history))
    return found


def before(experiment: Experiment, dataset: Dataset) -> list[Verdict]:
    """What settings and first weights say, before a single step."""
    network, training = experiment.network, experiment.training
    looked_at = dataset.training.scaled(slice(0, _LOOKED_AT))
    first = []
    if experiment.initialization.weights not in {"constant", "zeros"}:
        start = initialization_of(experiment, dataset)
        first = effects(start, looked_at, activation=network.activation, output=network.output, quick=True)
    found = warnings(Plan(training.eta, training.lmbda, training.mini_batch, len(dataset.training)), first)
    if dataset.classes is None:
        targets = dataset.training.targets
        unreachable = out_of_reach(network.output, float(targets.min()), float(targets.max()))
        found = [unreachable, *found] if unreachable else found
    return found


def _brief(experiment: Experiment, dataset: Dataset) -> tuple[Experiment, Dataset]:
    """The same on fewer examples and for fewer epochs."""
    few = min(len(dataset.training), max(_EXAMPLES, experiment.training.mini_batch))
    judged = min(len(dataset.validation), _JUDGED)
    small = Dataset(
        dataset.name,
        dataset.title,
        _first(dataset.training, few),
        _first(dataset.validation, judged),
        dataset.test,
        dataset.classes,
        dataset.image_shape,
        dataset.tolerance,
    )
    scaled = float(f"{experiment.training.lmbda * few / len(dataset.training):.6g}")
    values = {
        "training.epochs": min(_EPOCHS, experiment.training.epochs),
        "training.monitor_every": "epoch",
        "training.lambda": scaled,
        "training.schedule": None,
        "training.early_stopping": None,
        "initialization.seeds": 1,
    }
    return changed(experiment, values), small


def _first(examples: Examples, count: int) -> Examples:
    return examples if len(examples) <= count else examples.first(count)
