"""Why does my network learn nothing? Looks at settings, data and first weights, trains briefly, names causes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tunelab.data import Dataset, Examples
from tunelab.diagnosis import DataFacts, FirstLayers, Setting, Verdict, baseline_facts, first_layers, preflight
from tunelab.experiment import Experiment, StackedTraining, load_data
from tunelab.experiment.assembly import initialization_of
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.network_shape import parameters
from tunelab.initialization import effects
from tunelab.records import Run
from tunelab.records.follow import count_measurements
from tunelab.records.history import History
from tunelab.records.measure_events import measure_fields
from tunelab.wording import quantity

__all__ = ["Diagnosis", "brief", "diagnose_experiment", "diagnose_run", "known_before_training"]

_EPOCHS = 8  # at least, and more where they cost little
_EXAMPLES, _EVALUATION = 2_000, 1_000
_STEPS_AN_EPOCH = 20  # at least, where there were as many: fewer examples shall not make few steps of many
_WORK = 2e10  # multiplications: a second or two
_MEASUREMENTS = 4_000  # of a record, evenly over it: none of the causes needs more
_SAMPLE = 300  # examples on which first weights are looked at


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """The verdicts on one arm, the first to be acted on first; ``remarks`` name no cause.

    ``basis`` says in a sentence what was trained or read; ``history`` is what was judged, ``experiment`` what it is
    about.
    """

    arm: str
    basis: str
    verdicts: list[Verdict]
    remarks: list[Verdict]
    history: History
    experiment: Experiment


def diagnose_experiment(
    experiment: Experiment,
    *,
    arm: str = "",
    dataset: Dataset | None = None,
    pulse: Callable[[], None] | None = None,
) -> Diagnosis:
    """Diagnose an experiment: its settings, data and first weights, then a training of some epochs.

    At most some 2,000 training examples are used, 1,000 validation examples evaluate them, λ/n stays put, and η where
    epochs are left out. ``pulse`` is called every few mini-batches and may raise to stop it. Raises
    :class:`tunelab.errors.BadInput` where the experiment can't be trained.
    """
    dataset = dataset or load_data(experiment)
    n = len(dataset.training)
    short, small = brief(experiment, dataset)
    training = StackedTraining([short], small)
    (member,) = training.members
    start = training.description(member)
    available = max(int(start["data"].get("available", 0)), n)
    start["data"]["available"] = available if len(small.training) == n else len(small.training)
    history = History(arm, [{"event": "start"} | start])
    history.add({"event": "initial"} | measure_fields(training.measure()))
    for measurement in training.run(pulse):
        history.add({"event": "measure"} | measure_fields(measurement))
    epochs = short.training.epochs
    if epochs == experiment.training.epochs:  # cut short it can't be blamed for having been
        history.add({"event": "done", "reason": training.reasons(member)[0]})
    basis = f"Trained for {quantity(epochs, 'epoch')} on {len(small.training):,}"
    basis += f" of {quantity(n, 'example')}" if len(small.training) < n else " examples"
    if short.training.lmbda != experiment.training.lmbda:
        basis += f", with λ = {short.training.lmbda:g} so that λ/n is as you have it"
    basis += f"; evaluated on {len(small.validation):,}."
    verdicts = [_with_all(verdict, n / len(small.training)) for verdict in history.verdicts()]
    remarks = [verdict for verdict in known_before_training(experiment, dataset) if not verdict.cause]
    return Diagnosis(arm, basis, verdicts, remarks, history, experiment)


def _with_all(verdict: Verdict, times: float) -> Verdict:
    """A verdict on a part of the data for so many times as many: λ/n stays put."""
    lmbda = (verdict.cure or {}).get("training.lambda")
    if not lmbda:
        return verdict
    return replace(verdict, cure={**(verdict.cure or {}), "training.lambda": float(f"{lmbda * times:.3g}")})


def diagnose_run(run: Run) -> list[Diagnosis]:
    """Diagnose what a run's record holds, an arm each, without training."""
    diagnoses = []
    for arm, record in zip(run.preset.arms, run.arms, strict=True):
        history = record.history(_MEASUREMENTS)
        epochs = float(history.latest.get("epoch", 0.0))
        basis = f"Read from its record: {epochs:.4g} of {quantity(arm.experiment.training.epochs, 'epoch')}."
        facts = DataFacts.from_event(history.start)
        recorded = count_measurements(record.events_path)
        if recorded > len(history) > _MEASUREMENTS // 2:
            basis += f" Of its {recorded:,} measurements {len(history):,} are read, evenly over it."
        if len(history) and facts.classes and not facts.training_counts:
            basis += " It was written by an older tunelab: what its data say isn't in it."
        remarks = _remarks(history, facts)
        diagnoses.append(Diagnosis(record.name, basis, history.verdicts(), remarks, history, arm.experiment))
    return diagnoses


def _remarks(history: History, facts: DataFacts) -> list[Verdict]:
    setting = Setting.from_tables(history.start.get("experiment") or {}, facts.training)
    return [verdict for verdict in preflight(setting, facts) if not verdict.cause] if facts.training else []


def known_before_training(experiment: Experiment, dataset: Dataset) -> list[Verdict]:
    """What settings, data and first weights say before a single step, in the order of causes."""
    network = experiment.network
    first = FirstLayers()
    start = initialization_of(experiment, dataset)
    if experiment.initialization.weights not in {"constant", "zeros"}:
        sample = dataset.training.scaled(slice(0, _SAMPLE))
        first = first_layers(effects(start, sample, activation=network.activation, output=network.output, quick=True))
    n = len(dataset.training)
    classes = list(dataset.classes) if dataset.classes is not None else None
    data = {"classes": classes, "training": n, "evaluation": len(dataset.validation)}
    data |= baseline_facts(dataset, network.output, network.cost)
    facts = DataFacts.from_event({"data": data, "parameters": parameters(start.sizes)})
    return preflight(Setting.from_tables(experiment.to_dict(), n), facts, first)


def brief(experiment: Experiment, dataset: Dataset) -> tuple[Experiment, Dataset]:
    """The same on fewer examples, and for fewer epochs where they would take long."""
    n, m = len(dataset.training), experiment.training.mini_batch
    few = min(n, max(_EXAMPLES, _STEPS_AN_EPOCH * m))
    small = replace(
        dataset,
        training=_first(dataset.training, few),
        validation=_first(dataset.validation, min(len(dataset.validation), _EVALUATION)),
    )
    work = 3 * few * parameters(initialization_of(experiment, dataset).sizes)
    affordable = max(_EPOCHS, int(_WORK / work))
    values = {
        "training.epochs": min(affordable, experiment.training.epochs),
        "training.monitor_every": "epoch",
        "training.lambda": float(f"{experiment.training.lmbda * few / n:.6g}"),
        "initialization.seeds": 1,
        "data.train": few,
    }
    if affordable < experiment.training.epochs:
        values["training.schedule"] = None  # it was made for all the epochs
    return changed(experiment, values), small


def _first(examples: Examples, count: int) -> Examples:
    return examples if len(examples) <= count else examples.first(count)
