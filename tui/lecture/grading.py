"""What a run answers to a step's question: read off its curves, with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from tunelab.records.history import History
from tunelab.statistics import Accuracy, accuracy_difference
from tunelab.tui.lecture.steps import Choice, Look, Step

if TYPE_CHECKING:
    from tunelab.initialization import LayerEffect
    from tunelab.network_inspection import OutputPath

__all__ = ["Answer", "Observations", "grade"]

_ALIKE = "alike"
_STEEP = 0.9  # a step in λ that leaves more of the steepness than this has changed nothing to speak of
_QUICKER = 1.3  # times that differ by less are the machine's mood


@dataclass(frozen=True)
class Observations:
    """What an experiment has left to look at: curves; or what first weights do to z; or the way between pictures."""

    arms: Sequence[History] = ()
    effects: Sequence[tuple[str, LayerEffect]] = ()
    ways: Sequence[tuple[str, OutputPath]] = ()


@dataclass(frozen=True)
class Answer:
    """What was seen, in a sentence a look, and which choices (by position) it makes right."""

    sentences: tuple[str, ...]
    right: frozenset[int]


@dataclass(frozen=True)
class _Finding:
    """What one look found: a sentence, and the words or the number that it comes to."""

    sentence: str
    words: frozenset[str] = field(default_factory=frozenset)
    number: float | None = None


def grade(step: Step, observations: Observations) -> Answer:
    """What the experiment answers. A training that was stopped on its way answers with what there is."""
    findings = [_LOOKS[look.kind](look, observations) for look in step.look]
    right = frozenset(place for place, choice in enumerate(step.choice) if _holds(choice, findings))
    return Answer(tuple(each.sentence for each in findings), right)


def _holds(choice: Choice, findings: Sequence[_Finding]) -> bool:
    if choice.within is not None:
        number = findings[0].number
        return number is not None and choice.within[0] <= number <= choice.within[1]
    return all(each.words & set(word.split(" | ")) for word, each in zip(choice.when, findings, strict=True))


# -- the looks --------------------------------------------------------------------------------------------


def _chosen(look: Look, observations: Observations) -> list[History]:
    return [arm for arm in observations.arms if len(arm) and (not look.arms or arm.name in look.arms)]


def _place(look: Look, arm: History) -> int:
    """Which of the arm's measurements is looked at."""
    return len(arm) - 1 if look.epoch is None else int(np.argmin(np.abs(arm.epochs - look.epoch)))


def _when(look: Look, arms: Sequence[History]) -> str:
    epoch = max(float(arm.epochs[_place(look, arm)]) for arm in arms)
    return f"After {epoch:g} epoch{'' if epoch == 1 else 's'}"


def _shown(value: float, std: float, measure: str) -> str:
    if not np.isfinite(value):
        return "not finite"
    times, digits, unit = (100.0, 1, " %") if measure == "evaluation_accuracy" else (1.0, 3, "")
    spread = f" ± {times * std:.{digits}f}" if std > 0 else ""
    return f"{times * value:.{digits}f}{spread}{unit}"


def _table(head: str, rows: Sequence[tuple[str, str]]) -> str:
    """What was seen of several arms, a line each."""
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join([head, *(f"  {name:<{width}}  {text}" for name, text in rows)])


def _value(look: Look, observations: Observations) -> _Finding:
    """``value``: one number of the first arm, such as its accuracy at the end."""
    arms = _chosen(look, observations)
    if not arms:
        return _Finding("Nothing was measured.")
    arm, place = arms[0], _place(look, arms[0])
    value, std = (float(arm.values(f"{look.measure}{end}")[place]) for end in ("", "_std"))
    right = (
        "share of evaluation examples near enough" if arm.data.get("task") == "regression" else "evaluation accuracy"
    )
    what = right if look.measure == "evaluation_accuracy" else "training cost"
    sentence = f"{_when(look, arms)} the {what} is {_shown(value, std, look.measure)}"
    if look.measure == "evaluation_accuracy" and arm.chance > 0:
        sentence += f"; guessing gives {100 * arm.chance:.3g} %"
    if arm.done.get("reason") == "diverged":
        sentence += ", and then the numbers leave what a float can hold"
    return _Finding(f"{sentence}.", number=value)


def _best(look: Look, observations: Observations) -> _Finding:
    """``best``: the arms no worse than the best by more than luck; 'alike' where that is all of them.

    By training cost it is the one with the lowest, since nothing is guessed about unseen examples.
    """
    arms = _chosen(look, observations)
    if len(arms) < 2:
        return _Finding("There are no two arms to compare.")
    if look.measure == "training_cost":
        costs = {arm.name: float(arm.values("training_cost")[_place(look, arm)]) for arm in arms}
        low = min(costs, key=lambda name: costs[name] if np.isfinite(costs[name]) else np.inf)
        rows = [(name, _shown(cost, 0.0, look.measure)) for name, cost in costs.items()]
        return _Finding(_table(f"{_when(look, arms)} the training cost is", rows), frozenset({low}))
    accuracies = {arm.name: _accuracy(look, arm) for arm in arms}
    names = {name: name for name in accuracies}
    if look.groups:
        names = {group: _top({n: a for n, a in accuracies.items() if n.startswith(group)}) for group in look.groups}
        accuracies = {group: accuracies[name] for group, name in names.items()}
    top = _top(accuracies)
    words = {name for name, a in accuracies.items() if name == top or not _behind(a, accuracies[top])}
    if len(words) == len(accuracies):
        words = {_ALIKE}
    rows = [(names[name], _shown(a.accuracy, a.std, look.measure)) for name, a in accuracies.items()]
    luck = ", no more than luck apart" if words == {_ALIKE} else ""
    return _Finding(_table(f"{_when(look, arms)}{luck}", rows), frozenset(words))


def _top(accuracies: Mapping[str, Accuracy]) -> str:
    return max(accuracies, key=lambda name: np.nan_to_num(accuracies[name].accuracy, nan=-np.inf))


def _accuracy(look: Look, arm: History) -> Accuracy:
    place = _place(look, arm)
    std = float(np.nan_to_num(arm.values("evaluation_accuracy_std")[place]))
    total = int(arm.values("evaluation_total")[place])
    return Accuracy(float(arm.values("evaluation_accuracy")[place]), std, arm.seeds, total)


def _behind(one: Accuracy, top: Accuracy) -> bool:
    return not np.isfinite(one.accuracy) or accuracy_difference(top, one).beyond_noise


def _falls(look: Look, observations: Observations) -> _Finding:
    """``falls``: the last arm in the order of the preset whose training cost falls at every measurement."""
    rows, last = [], ""
    for arm in _chosen(look, observations):
        costs = np.concatenate([[float(arm.initial.get("training_cost") or np.nan)], arm.values("training_cost")])
        falls = bool(np.isfinite(costs).all() and (np.diff(costs) < 0).all())
        rows.append(
            (arm.name, f"{costs[0]:.3g} → {costs[-1]:.3g}  {'falls' if falls else 'does not fall all the way'}")
        )
        last = arm.name if falls else last
    return _Finding(_table("Training cost, from before the first step to the end", rows), frozenset({last}))


def _soonest(look: Look, observations: Observations) -> _Finding:
    """``soonest``: which arm first has ``reach`` of the evaluation examples right, in seconds of training."""
    rows, took = [], {}
    for arm in _chosen(look, observations):
        there = np.flatnonzero(arm.values("evaluation_accuracy") >= look.reach)
        share = float(there[0] + 1) / len(arm) if len(there) else np.inf
        seconds = share * float(arm.done.get("seconds") or np.nan)
        took[arm.name] = seconds
        epoch = f"{seconds:.2f} s (epoch {arm.epochs[there[0]]:g})" if len(there) else "never"
        rows.append((arm.name, epoch))
    least = min(took.values(), default=np.inf)
    words = frozenset(name for name, seconds in took.items() if np.isfinite(seconds) and seconds < _QUICKER * least)
    return _Finding(_table(f"{100 * look.reach:g} % right is reached after", rows), words)


def _smoothness(_look: Look, observations: Observations) -> _Finding:
    """``smoothness``: 'late' where the first tens of λ leave the output's steepness as it is and later ones lower it,
    'each' where every ten lowers it, 'steeper' where it rises.
    """
    steep = [way.steepness for _, way in observations.ways]
    if len(steep) < 3:
        return _Finding("There are too few arms to compare.")
    rows = [(name, f"{way.steepness:.3g}") for name, way in observations.ways]
    ratios = [after / before for before, after in pairwise(steep)]
    if steep[-1] > steep[0]:
        word = "steeper"
    elif all(ratio < _STEEP for ratio in ratios):
        word = "each"
    else:
        word = "late" if min(ratios[:2]) >= _STEEP and steep[-1] < 0.7 * steep[0] else "otherwise"
    head = "Steepest slope of an output from one picture to another, on average"
    return _Finding(_table(head, rows), frozenset({word}))


def _z(look: Look, observations: Observations) -> _Finding:
    """``z``: a number of the last scheme sampled, σ_z or the share of saturated neurons."""
    name, effect = observations.effects[-1]
    rows = []
    for scheme, e in observations.effects:
        rows.append((scheme, f"σ_z predicted {e.predicted_std:.3g}, sampled {e.sampled_std:.3g}"))
        rows.append(("", f"saturated {100 * e.saturated_share:.1f} %, mean σ′ {e.mean_sigma_prime:.3f}"))
    number = effect.saturated_share if look.measure == "saturated_share" else effect.sampled_std
    return _Finding(_table("Before any training", rows), frozenset({name}), float(number))


_LOOKS: dict[str, Callable[[Look, Observations], _Finding]] = {
    "best": _best,
    "value": _value,
    "falls": _falls,
    "soonest": _soonest,
    "smoothness": _smoothness,
    "z": _z,
}
