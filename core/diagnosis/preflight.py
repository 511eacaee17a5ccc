"""What can be known before a single step: from settings, from the data, and from the first weights' effect on z."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from tunelab.diagnosis.curves import FirstLayers
from tunelab.diagnosis.data_facts import DataFacts
from tunelab.diagnosis.optimizer_causes import selu_weights, warm_up_too_long
from tunelab.diagnosis.setting import Setting
from tunelab.diagnosis.verdict import CERTAIN, LIKELY, POSSIBLE, Verdict
from tunelab.initialization import LayerEffect
from tunelab.wording import quantity

__all__ = ["FORGETS", "first_layers", "on_test_set", "preflight", "random_weights", "small_mini_batch", "too_large_eta"]

_SATURATED = 0.3  # share of a hidden layer's z
_EXPLODED = 8.0  # root mean square of the output layer's z, where healthy weights give about 1
_DEEP = 4  # hidden layers of sigmoids from which on hardly any gradient arrives
_VANISHED = 0.02  # gradient of the first layer beside that of the last
FORGETS = 0.3  # e-foldings an epoch by which λ alone lets the weights fade, that show
_HEAVY_DECAY = 5.0  # … that are too much whatever the curves look like
_FULL_MNIST = 50_000
_LARGE_INPUT = 10.0  # root mean square, where standardized inputs have 1
_UNEVEN_COLUMNS = 300.0  # largest standard deviation beside the middle one
_LARGE_TARGET = 30.0  # standard deviation, or distance from 0
_EXPECTED = 10  # evaluation examples of a class that a shuffled split would have given, at least, to miss it
_MANY_PARAMETERS = 10  # an example
_FEW_STEPS = 2  # an epoch


def first_layers(effects: Sequence[LayerEffect]) -> FirstLayers:
    """What :func:`tunelab.initialization.effects` predicts and samples, as a training would measure it."""
    return FirstLayers(
        np.array([effect.saturated_share for effect in effects]), np.array([effect.predicted_std for effect in effects])
    )


def preflight(setting: Setting, facts: DataFacts, first: FirstLayers | None = None) -> list[Verdict]:
    """What is known before training, in no order; what is only a remark is 'possible' and has no cure."""
    first = first or FirstLayers()
    rules = [
        _one_class(facts),
        _classes_missing(facts),
        _inputs_unscaled(setting, facts),
        _targets_unscaled(setting, facts),
        _output_cost(setting, facts),
        _identical_neurons(setting),
        _first_weights(setting, first),
        _vanishing(setting, first),
        _shrink(setting),
        _decay(setting),
        _full_batch(setting),
        selu_weights(setting),
        warm_up_too_long(setting),
        _parameters(setting, facts),
    ]
    return [verdict for verdict in rules if verdict is not None]


def on_test_set() -> Verdict:
    """What is to be said wherever a training is judged on the test set."""
    return Verdict(
        "on-test-set",
        "These evaluation numbers are of the test set.",
        "Whoever chooses by them has no unseen examples left to judge the choice by.",
        "To choose η, λ or anything else, leave data.evaluate_on out.",
    )


def _one_class(facts: DataFacts) -> Verdict | None:
    if not facts.training_counts or sum(count > 0 for count in facts.training_counts) > 1:
        return None
    return Verdict(
        "one-class",
        f"All {quantity(facts.training, 'training example')} are of one class.",
        "There is nothing to tell apart.",
        "Look at the label column, and at how the file was cut.",
        {"training_counts": list(facts.training_counts)},
        "one-class",
        None,
        CERTAIN,
    )


def _classes_missing(facts: DataFacts) -> Verdict | None:
    counts = facts.training_counts, facts.evaluation_counts
    if len(counts[0]) != len(counts[1]) or not sum(counts[0]) or not sum(counts[1]):
        return None
    shares = [np.array(part) / sum(part) for part in counts]
    totals = [sum(part) for part in counts]
    missing = {
        part: [
            position
            for position, count in enumerate(counts[part])
            if count == 0 and shares[1 - part][position] * totals[part] >= _EXPECTED
        ]
        for part in (0, 1)
    }
    if not missing[0] and not missing[1]:
        return None
    untaught = sum(float(shares[1][position]) for position in missing[0])
    if missing[0]:
        text = f"{100 * untaught:.0f} % of the evaluation examples are of classes that training never shows"
    else:
        text = (
            f"{len(missing[1])} of {quantity(len(counts[1]), 'class', 'classes')} are in training and not in evaluation"
        )
    return Verdict(
        "classes-missing",
        f"{text}.",
        "A shuffled split would have some of each: the file may be sorted by class.",
        "Shuffle the rows before they are split.",
        {"not_in_training": missing[0], "not_in_evaluation": missing[1], "untaught_share": untaught},
        "classes-missing",
        None,
        CERTAIN,
    )


def _inputs_unscaled(setting: Setting, facts: DataFacts) -> Verdict | None:
    large, uneven = facts.input_rms > _LARGE_INPUT, facts.column_ratio > _UNEVEN_COLUMNS
    if not large and not uneven:
        return None
    what = (
        f"an input is about {facts.input_rms:.3g} in size"
        if large
        else (f"one column varies {facts.column_ratio:.3g} times as much as the middle one")
    )
    return Verdict(
        "inputs-unscaled",
        f"Inputs aren't scaled: {what}.",
        "z is then large whatever the first weights are, and one column drowns the others.",
        "Standardize them: mean 0, standard deviation 1 in each column.",
        {"input_rms": facts.input_rms, "column_ratio": facts.column_ratio},
        "inputs-unscaled",
        None if setting.standardize else {"data.standardize": True},
        CERTAIN,
    )


def _targets_unscaled(setting: Setting, facts: DataFacts) -> Verdict | None:
    reach = max(abs(facts.target_low), abs(facts.target_high))
    if not facts.target_std > _LARGE_TARGET and not reach > _LARGE_TARGET * max(facts.target_std, 1.0):
        return None
    return Verdict(
        "targets-unscaled",
        f"The numbers to predict go from {facts.target_low:.3g} to {facts.target_high:.3g}.",
        "The first errors are as large, and so are the first steps.",
        "Standardize them: mean 0, standard deviation 1.",
        {"lowest": facts.target_low, "largest": facts.target_high, "std": facts.target_std},
        "targets-unscaled",
        None if setting.standardize else {"data.standardize": True},
        CERTAIN,
    )


def _output_cost(setting: Setting, facts: DataFacts) -> Verdict | None:
    if setting.output == "sigmoid" and setting.cost == "log-likelihood" and (facts.classes or not facts.training):
        return Verdict(
            "output-cost-mismatch",
            "Sigmoid outputs are judged by the log-likelihood.",
            "It counts only the wanted output, so it is smallest where every output says 1, whatever the input.",
            "Use softmax outputs with it, or cross-entropy with sigmoid outputs.",
            {},
            "output-cost-mismatch",
            {"network.output": "softmax"},
            CERTAIN,
        )
    low, high = (-1, 1) if setting.output == "tanh" else (0, 1)
    if setting.output != "linear" and (facts.target_low < low or facts.target_high > high):
        return Verdict(
            "out-of-reach",
            f"Outputs from {facts.target_low:.3g} to {facts.target_high:.3g} are wanted, and {setting.output} outputs "
            f"stay between {low} and {high}.",
            "However long it trains, most of them can't be given.",
            "Use linear outputs.",
            {"lowest": facts.target_low, "largest": facts.target_high},
            "output-cost-mismatch",
            {"network.output": "linear"},
            CERTAIN,
        )
    return None


def random_weights(setting: Setting) -> dict[str, object]:
    """First weights that suit the activation."""
    weights = "he-normal" if setting.activation in {"relu", "leaky-relu"} else "scaled"
    return {"initialization.weights": weights} | ({} if setting.gain == 1 else {"initialization.gain": 1.0})


def _identical_neurons(setting: Setting) -> Verdict | None:
    if not setting.hidden or (setting.weights not in {"zeros", "constant"} and setting.gain != 0):
        return None
    cure = random_weights(setting)
    return Verdict(
        "identical-neurons",
        f"First weights are all {'equal' if setting.weights == 'constant' and setting.gain else 'zero'}.",
        "The neurons of a layer then get the same gradient and stay alike: the layer is hardly more than one neuron.",
        f"Draw them at random: {cure['initialization.weights']} weights.",
        {"weights": setting.weights, "gain": setting.gain},
        "identical-neurons",
        cure,
        CERTAIN,
    )


def _first_weights(setting: Setting, first: FirstLayers) -> Verdict | None:
    hidden, z_rms = first.saturated[:-1], first.z_rms
    if setting.activation in {"sigmoid", "tanh"} and len(hidden) and np.nanmax(hidden) > _SATURATED:
        layer = int(np.nanargmax(hidden))
        cure = random_weights(setting)
        if all(getattr(setting, key.split(".")[1]) == value for key, value in cure.items()):
            return None  # first weights are as they should be: it is the inputs
        return Verdict(
            "saturated-start",
            f"{100 * hidden[layer]:.0f} % of the neurons of hidden layer {layer + 1} start saturated "
            f"(σ_z = {z_rms[layer]:.3g}).",
            "First weights make z large, its slope small, and learning slow.",
            "Use scaled weights, N(0, 1/fan-in)."
            if cure["initialization.weights"] != setting.weights
            else "Draw them with gain 1.",
            {"saturated_share": float(hidden[layer]), "std": float(z_rms[layer])},
            "saturated-start",
            cure,
            LIKELY,
        )
    if setting.activation in {"relu", "leaky-relu", "linear"} and len(z_rms) > 1 and z_rms[-1] > _EXPLODED:
        return Verdict(
            "weights-too-large",
            f"First weights make the outputs' z as large as {z_rms[-1]:.3g} before any training; about 1 is healthy.",
            "The first answers are extreme, and the first steps destroy more than they teach.",
            "Use He's weights, N(0, 2/fan-in).",
            {"output_std": float(z_rms[-1])},
            "weights-too-large",
            random_weights(setting) | {"initialization.biases": "zeros"},
            LIKELY,
        )
    return None


def _vanishing(setting: Setting, first: FirstLayers) -> Verdict | None:
    depth = len(setting.hidden or ())
    gradient = first.gradient
    known = len(gradient) > 1 and math.isfinite(gradient[0]) and gradient[-1] > 0
    ratio = float(gradient[0] / gradient[-1]) if known else math.nan
    if setting.activation not in {"sigmoid", "tanh"} or depth < _DEEP or ratio > _VANISHED:
        return None
    if setting.activation == "tanh" and not known:
        return None
    width = (setting.hidden or (30,))[0]
    measured = f": the first layer's is {100 * ratio:.2g} % of the last one's" if known else ""
    return Verdict(
        "vanishing-gradient",
        f"{depth} layers of {setting.activation} neurons let hardly any gradient through{measured}.",
        "Each layer passes on less than a quarter of it, so the first layers don't learn.",
        "Use one hidden layer, or ReLUs with He's weights.",
        {"gradient_ratio": ratio if known else None, "hidden_layers": depth},
        "vanishing-gradient",
        {"network.hidden": [width]},
        LIKELY,
    )


def _shrink(setting: Setting) -> Verdict | None:
    factor = setting.shrink
    if factor >= 0 or setting.lmbda <= 0:
        return None
    if abs(factor) > 1 - 1e-9:
        what = "grows" if factor < -1 else "only flips its sign"
        observation = f"Each step multiplies every weight by 1 − ηλ/n = {factor:.3g}, so it {what}: this can't learn."
        why = "It is known before a single step, whatever the data are."
    else:
        observation = f"Each step multiplies every weight by 1 − ηλ/n = {factor:.3g}: its sign flips every time."
        why = "What a weight has learnt is thrown to the other side at once."
    return Verdict(
        "shrink-factor",
        observation,
        why,
        f"Begin without regularization, λ = 0. Then λ smaller than {setting.n / setting.eta:.3g}, or η smaller than "
        f"{setting.n / setting.lmbda:.3g}.",
        {"factor": factor},
        "shrink-factor",
        {"training.lambda": 0.0} | ({"training.eta": setting.smaller_eta()} if too_large_eta(setting) else {}),
        CERTAIN,
    )


def too_large_eta(setting: Setting) -> bool:
    """Whether η is far above what is usual for such a network."""
    return setting.eta > 8 * setting.usual_eta


def _decay(setting: Setting) -> Verdict | None:
    if setting.decay < _HEAVY_DECAY or setting.own_decay < FORGETS or setting.shrink < 0 or not setting.n:
        return None
    scaled = f" λ = {setting.lmbda:g} may suit {_FULL_MNIST:,} examples; for {setting.n:,} the same λ/n is "
    scaled += f"{setting.lmbda * setting.n / _FULL_MNIST:.3g}."
    return Verdict(
        "lambda-heavy",
        f"λ lets weights fade by e^−{setting.decay:.3g} within an epoch: regularization outweighs what is learnt.",
        "What counts is λ/n, so fewer examples want a smaller λ." + (scaled if setting.n < _FULL_MNIST // 5 else ""),
        "Begin without regularization, λ = 0, until η is found.",
        {"folds_an_epoch": setting.decay},
        "lambda-too-large",
        {"training.lambda": 0.0},
        LIKELY,
    )


def _full_batch(setting: Setting) -> Verdict | None:
    if not setting.n or setting.steps > _FEW_STEPS or setting.n < 50 or setting.steps * setting.epochs > 300:
        return None
    steps = "one step" if setting.steps == 1 else f"{setting.steps:.0f} steps"
    return Verdict(
        "few-steps",
        f"Mini-batches of {setting.mini_batch:,} make {steps} an epoch, {setting.steps * setting.epochs:,.0f} in all.",
        "Learning takes some hundred steps at least.",
        "Use m = 10.",
        {"steps": setting.steps * setting.epochs},
        "mini-batch-too-large",
        small_mini_batch(setting),
        LIKELY,
    )


def small_mini_batch(setting: Setting) -> dict[str, object]:
    """m = 10, and the usual η with it where η was raised for the large one."""
    small = setting.with_mini_batch(10)
    return {"training.mini_batch": 10} | ({"training.eta": small.usual_eta} if too_large_eta(small) else {})


def _parameters(setting: Setting, facts: DataFacts) -> Verdict | None:
    """A remark: it may overfit, and often doesn't."""
    if not facts.parameters or not setting.n or facts.parameters < _MANY_PARAMETERS * setting.n:
        return None
    return Verdict(
        "many-parameters",
        f"{quantity(facts.parameters, 'parameter')} learn from {quantity(setting.n, 'example')}.",
        "It can learn them by heart; watch the evaluation cost.",
        "",
        {"parameters": facts.parameters, "examples": setting.n},
        certainty=POSSIBLE,
    )
