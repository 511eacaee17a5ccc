"""What a run answers to a step's question: read off its curves, with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.curves import ArmCurves
from core.diagnosis import compared
from core.diagnosis.compare import Standing
from tui.lecture.steps import Choice, Look, Step

if TYPE_CHECKING:
    from core.initialization import LayerEffect
    from core.inspection import Way

__all__ = ["Answer", "Seen", "judged"]

_ALIKE = "alike"
_STEEP = 0.9  # a step in λ that leaves more of the steepness than this has changed nothing to speak of
_QUICKER = 1.3  # times that differ by less are the machine's mood


@dataclass(frozen=True)
class Seen:
    """What an experiment has left to look at: curves; or what first weights do to z; or the way between pictures."""

    arms: Sequence[ArmCurves] = ()
    effects: Sequence[tuple[str, LayerEffect]] = ()
    ways: Sequence[tuple[str, Way]] = ()


@dataclass(frozen=True)
class Answer:
    """What was seen, in a sentence a look, and which choices (by position) it makes right."""

    sentences: tuple[str, ...]
    right: frozenset[int]


@dataclass(frozen=True)
class _Found:
    """What one look found: a sentence, and the words or the number that it comes to."""

    sentence: str
    words: frozenset[str] = field(default_factory=frozenset)
    number: float | None = None


def judged(step: Step, seen: Seen) -> Answer:
    """What the experiment answers. A training that was stopped on its way answers with what there is."""
    found = [_LOOKS[look.kind](look, seen) for look in step.look]
    right = frozenset(place for place, choice in enumerate(step.choice) if _holds(choice, found))
    return Answer(tuple(each.sentence for each in found), right)


def _holds(choice: Choice, found: Sequence[_Found]) -> bool:
    if choice.within is not None:
        number = found[0].number
        return number is not None and choice.within[0] <= number <= choice.within[1]
    return all(each.words & set(word.split(" | ")) for word, each in zip(choice.when, found, strict=True))


# -- the looks --------------------------------------------------------------------------------------------


def _chosen(look: Look, seen: Seen) -> list[ArmCurves]:
    return [arm for arm in seen.arms if arm.measures and (not look.arms or arm.name in look.arms)]


def _place(look: Look, arm: ArmCurves) -> int:
    """Which of the arm's measurements is looked at."""
    return len(arm.measures) - 1 if look.epoch is None else int(np.argmin(np.abs(arm.epochs - look.epoch)))


def _when(look: Look, arms: Sequence[ArmCurves]) -> str:
    epoch = max(float(arm.epochs[_place(look, arm)]) for arm in arms)
    return f"After {epoch:g} epoch{'' if epoch == 1 else 's'}"


def _shown(name: str, value: float, std: float, measure: str) -> str:
    if not np.isfinite(value):
        return f"{name} not finite"
    times, digits, unit = (100.0, 1, " %") if measure == "evaluation_accuracy" else (1.0, 3, "")
    spread = f" ± {times * std:.{digits}f}" if std > 0 else ""
    return f"{name} {times * value:.{digits}f}{spread}{unit}"


def _value(look: Look, seen: Seen) -> _Found:
    """``value``: one number of the first arm, such as its accuracy at the end."""
    arms = _chosen(look, seen)
    if not arms:
        return _Found("Nothing was measured.")
    place = _place(look, arms[0])
    value, std = (float(arms[0].values(f"{look.measure}{end}")[place]) for end in ("", "_std"))
    said = _shown(
        "the evaluation accuracy is" if look.measure == "evaluation_accuracy" else "the training cost is",
        value,
        std,
        look.measure,
    )
    judged_by_class = look.measure == "evaluation_accuracy" and arms[0].chance > 0
    guessing = f"; guessing gives {100 * arms[0].chance:g} %" if judged_by_class else ""
    reason = ", and then the numbers leave what a float can hold" if arms[0].done.get("reason") == "diverged" else ""
    return _Found(f"{_when(look, arms)} {said}{guessing}{reason}.", number=value)


def _best(look: Look, seen: Seen) -> _Found:
    """``best``: the arms no worse than the best by more than luck; 'alike' where that is all of them."""
    arms = _chosen(look, seen)
    if len(arms) < 2:
        return _Found("There are no two arms to compare.")
    standings = {arm.name: _standing(look, arm) for arm in arms}
    if look.groups:
        standings = {
            group: max(
                (s for name, s in standings.items() if name.startswith(group)),
                key=lambda s: (np.isfinite(s.accuracy), s.accuracy),
            )
            for group in look.groups
        }
    ranked = sorted(standings.items(), key=lambda item: -item[1].accuracy if np.isfinite(item[1].accuracy) else np.inf)
    if look.measure == "training_cost":
        costs = {name: _cost(look, next(arm for arm in arms if arm.name == name)) for name in standings}
        low = min(costs, key=lambda name: costs[name] if np.isfinite(costs[name]) else np.inf)
        said = ", ".join(_shown(name, cost, 0.0, look.measure) for name, cost in costs.items())
        return _Found(f"{_when(look, arms)} the training cost is: {said}.", frozenset({low}))
    top = ranked[0][1]
    words = {name for name, s in ranked if s is top or not _behind(s, top)}
    if len(words) == len(standings):
        words = {_ALIKE}
    shown = [_shown(s.name if look.groups else name, s.accuracy, s.std, look.measure) for name, s in standings.items()]
    luck = ": no more than luck apart" if words == {_ALIKE} else ""
    return _Found(f"{_when(look, arms)}: {', '.join(shown)}{luck}.", frozenset(words))


def _standing(look: Look, arm: ArmCurves) -> Standing:
    place = _place(look, arm)
    std = float(np.nan_to_num(arm.values("evaluation_accuracy_std")[place]))
    total = int(arm.measures[place]["evaluation_total"])
    return Standing(arm.name, float(arm.values("evaluation_accuracy")[place]), std, arm.seeds, total)


def _cost(look: Look, arm: ArmCurves) -> float:
    return float(arm.values("training_cost")[_place(look, arm)])


def _behind(one: Standing, top: Standing) -> bool:
    verdict = compared([top, one], 1.0)
    return verdict is None or verdict.code == "ahead"


def _falls(look: Look, seen: Seen) -> _Found:
    """``falls``: the last arm in the order of the preset whose training cost falls at every measurement."""
    told, last = [], ""
    for arm in _chosen(look, seen):
        costs = np.concatenate([[float(arm.initial.get("training_cost") or np.nan)], arm.values("training_cost")])
        falls = bool(np.isfinite(costs).all() and (np.diff(costs) < 0).all())
        told.append(f"{arm.name} {costs[0]:.3g} → {costs[-1]:.3g}, {'falls' if falls else 'does not fall all the way'}")
        last = arm.name if falls else last
    return _Found(f"Training cost from before the first step to the end: {'; '.join(told)}.", frozenset({last}))


def _soonest(look: Look, seen: Seen) -> _Found:
    """``soonest``: which arm first has ``reach`` of the evaluation examples right, in seconds of training."""
    told, took = [], {}
    for arm in _chosen(look, seen):
        there = np.flatnonzero(arm.values("evaluation_accuracy") >= look.reach)
        share = float(there[0] + 1) / len(arm.measures) if len(there) else np.inf
        seconds = share * float(arm.done.get("seconds") or np.nan)
        took[arm.name] = seconds
        epoch = f"{seconds:.2f} s (epoch {arm.epochs[there[0]]:g})" if len(there) else "never"
        told.append(f"{arm.name} {epoch}")
    least = min(took.values(), default=np.inf)
    words = frozenset(name for name, seconds in took.items() if np.isfinite(seconds) and seconds < _QUICKER * least)
    return _Found(f"{100 * look.reach:g} % right is reached after: {', '.join(told)}.", words)


def _smoothness(_look: Look, seen: Seen) -> _Found:
    """``smoothness``: 'late' where the first tens of λ leave the output's steepness as it is and later ones lower it,
    'each' where every ten lowers it, 'steeper' where it rises.
    """
    steep = [way.steepness for _, way in seen.ways]
    if len(steep) < 3:
        return _Found("There are too few arms to compare.")
    told = ", ".join(f"{name} {way.steepness:.3g}" for name, way in seen.ways)
    ratios = [after / before for before, after in pairwise(steep)]
    if steep[-1] > steep[0]:
        word = "steeper"
    elif all(ratio < _STEEP for ratio in ratios):
        word = "each"
    else:
        word = "late" if min(ratios[:2]) >= _STEEP and steep[-1] < 0.7 * steep[0] else "otherwise"
    return _Found(
        f"Steepest slope of an output on the way from one picture to another, on average: {told}.", frozenset({word})
    )


def _z(look: Look, seen: Seen) -> _Found:
    """``z``: a number of the last scheme sampled, σ_z or the share of saturated neurons."""
    name, effect = seen.effects[-1]
    told = ", ".join(
        f"{scheme}: σ_z predicted {e.predicted_std:.3g}, sampled {e.sampled_std:.3g}, saturated "
        f"{100 * e.saturated_share:.1f} %, mean σ′ {e.mean_sigma_prime:.3f}"
        for scheme, e in seen.effects
    )
    number = effect.saturated_share if look.measure == "saturated_share" else effect.sampled_std
    return _Found(f"{told}.", frozenset({name}), float(number))


_LOOKS: dict[str, Callable[[Look, Seen], _Found]] = {
    "best": _best,
    "value": _value,
    "falls": _falls,
    "soonest": _soonest,
    "smoothness": _smoothness,
    "z": _z,
}
