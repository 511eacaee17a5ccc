"""When nothing learns: a ladder of experiments, cheap ones first, whose conclusion follows from what was tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from tunelab.data import Dataset, Examples
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.strategy.evaluation import Evaluation
from tunelab.strategy.trial_runner import OutOfTime, TrialRunner, with_epochs
from tunelab.wording import quantity

__all__ = ["Ladder", "Rung", "Step"]

_DECADES = (1.0, 0.1, 10.0, 0.01, 100.0, 1e-3, 1e3, 1e-4, 1e4)  # times the present η
_ETAS = (0.01, 0.1, 1.0, 10.0)
_HIGHEST = 1e6
_STEPS = (400, 2500, 12_000)  # of gradient descent, from round to round
_LONGEST = 2000  # epochs
_RUNGS = 10  # that share the level of significance


@dataclass(frozen=True)
class Rung:
    """One suspect: the question, what is tried (label → dotted keys), why it may have been the reason.

    ``view`` changes the data for it.
    """

    question: str
    tries: Mapping[str, Mapping[str, Any]]
    why: str
    view: Callable[[Dataset], Dataset] | None = None


@dataclass(frozen=True)
class Step:
    """What helped: its label, its settings on the small problem, how good it is, why.

    ``by_hand``: it is the data that must be changed, which no setting does.
    """

    label: str
    settings: dict[str, Any]
    evaluation: Evaluation
    why: str
    by_hand: bool = False


class Ladder:
    """Tries suspects in turn on the small problem, all tries of one suspect side by side, until one learns.

    What doesn't learn in few steps is tried again for longer, as far as the time goes. ``tried`` lists the questions.
    """

    def __init__(self, trials: TrialRunner, base: Experiment) -> None:
        self._trials, self._base = trials, base
        self.tried: list[str] = []
        self._out_of_time = False
        self._best: tuple[float, str] = (float("-inf"), "")
        self._best_settings = base
        self.control = ""

    def climb(self) -> Step | None:
        """Return the first that does better than chance; None where nothing does."""
        try:
            for number, steps in enumerate(_STEPS):
                for rung in self._rungs(first=number == 0):
                    step = self._try(rung, steps)
                    if step is not None:
                        return step
            self._shuffle()
        except OutOfTime:
            self._out_of_time = True
        return None

    def _try(self, rung: Rung, steps: int) -> Step | None:
        trials = self._trials
        epochs = trials.context.epochs(self._base, steps, most=_LONGEST)
        again = f", {quantity(epochs, 'epoch')}" if steps > _STEPS[0] else ""
        tried = {f"{label}{again}": dict(values) for label, values in rung.tries.items()}
        if not tried:
            return None
        experiments = {
            label: with_epochs(changed(self._base, values), int(values.get("training.epochs", 1)) * epochs)
            for label, values in tried.items()
        }
        dataset = rung.view(trials.dataset(self._base)) if rung.view else None
        evaluations = trials.judge(experiments, dataset=dataset)
        self.tried.append(f"{rung.question} ({quantity(len(tried), 'try', 'tries')}{again})")
        label = max(evaluations, key=lambda one: evaluations[one].value)
        if evaluations[label].value > self._best[0]:
            self._best, self._best_settings = (evaluations[label].value, label), experiments[label]
        if not evaluations[label].better_than_chance(len(_STEPS) * _RUNGS * len(tried)):
            return None
        settings = {key: value for key, value in tried[label].items() if key != "training.epochs"}
        return Step(label, settings, evaluations[label], rung.why, by_hand=rung.view is not None)

    def _shuffle(self) -> None:
        """The control: the best settings on labels in random order. What is learnt then is learnt by heart."""
        trials, label = self._trials, "labels in random order"
        dataset = trials.dataset(self._base)
        curves = trials.run({"the best of those": self._best_settings})["the best of those"]
        control = trials.run({label: self._best_settings}, shuffled_labels(dataset))[label]
        true, shuffled = (100 * float(c.training_accuracy[-1].mean()) for c in (curves, control))
        trials.row(label, f"{shuffled:.1f} % of the training examples right, with the true labels {true:.1f} %")
        self.control = (
            f" With labels in random order the same settings reach {shuffled:.1f} % on the training examples, with the "
            f"true ones {true:.1f} %."
        )

    def _rungs(self, *, first: bool) -> Iterator[Rung]:
        """The suspects, cheap ones first; what only more steps could mend is left out of the first round."""
        base, context = self._base, self._trials.context
        network, training = base.network, base.training
        classes = bool(context.data.classes)
        eta = training.eta
        etas = {f"{eta * factor:.3g}": float(f"{eta * factor:.3g}") for factor in _DECADES if eta * factor <= _HIGHEST}
        zero: dict[str, Any] = {"training.lambda": 0.0}
        if training.lmbda:
            yield Rung("Is λ too large?", {f"η = {eta:g}, λ = 0": zero}, "λ held all weights near zero.")
        yield Rung(
            "Is η too large or too small?",
            {f"η = {text}, λ = 0": zero | {"training.eta": value} for text, value in etas.items()},
            "The step was of the wrong size.",
        )
        wide = [30] if not context.own.network.hidden else list(context.own.network.hidden)
        weights = "he-normal" if "relu" in network.activation else "scaled"
        initialization = {
            "initialization.weights": weights,
            "initialization.biases": "zeros",
            "initialization.gain": 1.0,
        }
        yield self._with_etas(
            "Are the first weights to blame?",
            {f"{weights} weights": initialization},
            "The neurons began saturated, or all alike.",
        )
        if classes:
            pair = ("softmax", "log-likelihood") if network.output == "sigmoid" else ("sigmoid", "cross-entropy")
            yield self._with_etas(
                "Is it the cost function?",
                {f"{pair[1]}": {"network.output": pair[0], "network.cost": pair[1]}},
                "The quadratic cost learns slowly where an output is saturated at the wrong end.",
            )
        n = context.examples(base)
        sizes = [m for m in (1, 10, 100) if m != training.mini_batch and m <= n]
        yield self._with_etas(
            "Is it the mini-batch?",
            {f"m = {m}": {"training.mini_batch": m} for m in sizes},
            "A few examples give a noisy slope, many give few steps.",
        )
        yield replace(
            self._with_etas(
                "Do the inputs need standardizing?",
                {"standardized inputs": {}},
                "Inputs far from 0, or of very different sizes, saturate neurons and drown each other: bring each to "
                "mean 0 and standard deviation 1 in your file.",
            ),
            view=standardized,
        )
        healthy = {"initialization.weights": "scaled", "initialization.biases": "standard", "initialization.gain": 1.0}
        yield self._with_etas(
            "Does it need hidden neurons?",
            {
                f"{' and '.join(map(str, hidden))} hidden": healthy | {"network.hidden": hidden}
                for hidden in ([wide, [100]] if wide != [100] else [wide])
            },
            "Without a hidden layer only a straight line can be drawn between two classes.",
        )
        yield self._with_etas(
            "Does it need another activation, or more layers?",
            {
                "tanh, 30 and 30 hidden": healthy | {"network.hidden": [30, 30], "network.activation": "tanh"},
                "relu, 100 hidden": {
                    "network.hidden": [100],
                    "network.activation": "relu",
                    "initialization.weights": "he-normal",
                    "initialization.biases": "zeros",
                    "initialization.gain": 1.0,
                },
            },
            "Some things are combinations of combinations.",
        )
        if not first:
            return
        if not context.data.folds:
            few, more = min(100, n), min(10 * n, context.data.pair_training)
            judged = min(1000, context.data.pair_evaluation)
            yield self._with_etas(
                "Are there too few examples?",
                {
                    f"{count:,} examples": {"data.train": count, "data.evaluation": judged}
                    for count in dict.fromkeys((few, more))
                    if count != n and not self._trials.data_must_be_drawn(count)
                },
                "Where classes overlap much, little is learnt from few examples, and less shows on few.",
            )

    def _with_etas(self, question: str, tries: Mapping[str, Mapping[str, Any]], why: str) -> Rung:
        """Each with λ = 0 and several η, since η may have been the reason beside it."""
        together = {
            f"{label}, η = {eta:g}": dict(values) | {"training.eta": eta, "training.lambda": 0.0}
            for label, values in tries.items()
            for eta in _ETAS
        }
        return Rung(question, together, why)

    @property
    def conclusion(self) -> str:
        """What follows from everything that was tried, in sentences."""
        value, label = self._best
        best = f" The best was {100 * value:.1f} % ({label})." if label else ""
        listed = "; ".join(self.tried) or "nothing: there was no time"
        return (
            f"No signal found: nothing that was tried does better than guessing.{best}{self.control} "
            f"Tried: {listed}. What is left to look at are the data: "
            "do the labels belong to their examples, and can the inputs tell them apart?"
        )

    @property
    def certainty(self) -> str:
        """How far the ladder was climbed."""
        if self._out_of_time:
            return "A larger budget tries for longer."
        return f"{quantity(len(self.tried), 'question')}, each with several tries; the rows have the numbers."


def standardized(dataset: Dataset) -> Dataset:
    """Return the data with every input at mean 0 and standard deviation 1, by the training part."""
    inputs = dataset.training.scaled(slice(None), np.float64)
    mean, std = inputs.mean(axis=0), inputs.std(axis=0)
    std[std == 0] = 1.0

    def part(examples: Examples) -> Examples:
        values = (examples.scaled(slice(None), np.float64) - mean) / std
        return Examples(values.astype(np.float32), examples.targets)

    validation = part(dataset.validation)
    return replace(dataset, training=part(dataset.training), validation=validation, test=validation.first(0))


def shuffled_labels(dataset: Dataset) -> Dataset:
    """Return the data with the labels of the training part in random order."""
    training = dataset.training
    targets = np.random.default_rng(11).permutation(training.targets)
    shuffled = Examples(training.inputs, targets, training.scale)
    return replace(dataset, training=shuffled, test=dataset.validation.first(0))
