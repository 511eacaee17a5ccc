"""Runs beside each other: in what their experiments differ, and whether their results do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tunelab.diagnosis.difference import Difference, Interval, Sample, difference, interval
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.fields import described, value_of
from tunelab.records import Run, find
from tunelab.records.history import ArmCurves
from tunelab.suggestions import did_you_mean

__all__ = ["METRICS", "Comparison", "Side", "compare", "sides", "sides_of"]

METRICS = (
    ("final", "evaluation_accuracy"),
    ("best", "evaluation_accuracy"),
    ("final", "training_accuracy"),
    ("final", "training_cost"),
    ("final", "evaluation_cost"),
)
"""What is compared: at which measurement, and which measure. The first decides."""


@dataclass(frozen=True, eq=False)
class Side:
    """One arm of a run: ``name`` is what the comparison calls it, ``curves`` what it measured."""

    name: str
    run: str
    arm: str
    experiment: Experiment
    curves: ArmCurves

    def at(self, when: str) -> dict[str, Any]:
        """Its 'final' or 'best' measurement; while it runs the latest for both."""
        found: dict[str, Any] = self.curves.done.get(when) or self.curves.latest
        return found

    def sample(self, when: str, measure: str) -> Sample | None:
        """A measure for each seed; None where one isn't finite."""
        event = self.at(when)
        # The curves keep no seed's own numbers, the end of the record does
        values = self.replicates(when).get(measure) or [event.get(measure)]
        if any(value is None for value in values):
            return None
        seeds = self.experiment.seeds[: len(values)]
        total = int(event["evaluation_total"]) if measure == "evaluation_accuracy" else 0
        return Sample(self.name, dict(zip(seeds, map(float, values), strict=True)), total)

    def replicates(self, when: str) -> dict[str, list[Any]]:
        """Every seed's own numbers."""
        found: dict[str, list[Any]] = self.at(when).get("replicates", {})
        return found


@dataclass(frozen=True)
class Comparison:
    """What a comparison of some sides found.

    ``settings``: (dotted key, the value of each side) where they are not all the same. ``intervals``: for each of
    :data:`METRICS` one a side, None where it isn't finite. ``best`` is the side ahead in the first, and
    ``differences`` what separates it from each other side there. ``notes`` are sentences of caution.
    """

    names: tuple[str, ...]
    settings: tuple[tuple[str, tuple[Any, ...]], ...]
    intervals: tuple[tuple[Interval | None, ...], ...]
    best: int | None
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]


def sides(named: Sequence[str]) -> list[Side]:
    """The sides meant by RUN (all its arms) and RUN:ARM; :class:`BadInput` for a slip, or fewer than two."""
    found: list[Side] = []
    for name in named:
        run, arm = _split(name)
        found += [side for side in sides_of(run) if arm is None or side.arm == arm]
    return named_apart(found)


def named_apart(found: Sequence[Side]) -> list[Side]:
    """The sides under the shortest names that tell them apart; each once; at least two."""
    once = list({(side.run, side.arm): side for side in found}.values())
    if len(once) < 2:
        raise BadInput("a comparison needs two runs, or two arms: tunelab runs compare RUN RUN, or RUN:ARM RUN:ARM")
    arms = [side.arm for side in once]
    if len(set(arms)) == len(arms):
        return once
    if set(arms) == {"run"}:
        return [replace(side, name=side.run) for side in once]
    letters = _letters(once)
    return [replace(side, name=f"{letters[side.run]} {side.arm}") for side in once]


def _letters(found: Sequence[Side]) -> dict[str, str]:
    """A short name for each run: A, B, … and numbers beyond Z."""
    runs = dict.fromkeys(side.run for side in found)
    return {run: chr(ord("A") + n) if n < 26 else str(n + 1) for n, run in enumerate(runs)}


def sides_of(run: Run) -> list[Side]:
    """Every arm of a run as a side; :class:`BadInput` where one has measured nothing yet."""
    found = []
    for record, arm in zip(run.arms, run.preset.arms, strict=True):
        curves = ArmCurves(record.name)
        latest: dict[str, Any] = {}
        for event in record.events():
            curves.absorb(event)
            latest = event if event["event"] == "measure" else latest
        if not latest:
            raise BadInput(f"{run.name} has measured nothing yet in '{printable(record.name, 60)}': nothing to compare")
        curves.measures[-1] = latest  # with every seed's own numbers, for a training that is still running
        found.append(Side(record.name, run.name, record.name, arm.experiment, curves))
    return found


def _split(name: str) -> tuple[Run, str | None]:
    """RUN or RUN:ARM; either may have a colon in it, so the longest RUN that exists is taken."""
    try:
        return find(name), None
    except BadInput as problem:
        refused = problem
    for position in [i for i, letter in enumerate(name) if letter == ":"][::-1]:
        try:
            run = find(name[:position])
        except BadInput as problem:
            refused = problem
            continue
        arm, arms = name[position + 1 :], [record.name for record in run.arms]
        begun = [known for known in arms if known.startswith(arm)]
        if arm in arms or len(begun) == 1:
            return run, arm if arm in arms else begun[0]
        shown = ", ".join(f"'{printable(known, 60)}'" for known in arms)
        raise BadInput(f"{run.name} has no arm '{printable(arm, 60)}'{did_you_mean(arm, arms)}; it has {shown}")
    raise refused


def compare(found: Sequence[Side]) -> Comparison:
    """Compare at least two sides: all against the one that is ahead at the end."""
    plain = [side.experiment.to_dict() for side in found]
    settings = []
    for key in described():
        values = tuple(value_of(tables, key) for tables in plain)
        if any(value != values[0] for value in values):
            settings.append((key, values))
    table = [[side.sample(*metric) for side in found] for metric in METRICS]
    intervals = tuple(tuple(interval(s) if s else None for s in row) for row in table)
    ahead = [(i.mean, -n) for n, i in enumerate(intervals[0]) if i is not None]
    best = -max(ahead)[1] if ahead else None
    differences = []
    same_data = all(_data(side) == _data(found[0]) for side in found)
    if best is not None:
        first = table[0][best]
        others = [s for n, s in enumerate(table[0]) if n != best and s is not None]
        for other in others:
            assert first is not None
            one = difference(first, other, same_data=same_data, comparisons=len(others))
            if one is not None:
                differences.append(one)
    notes = _notes(found, same_data, intervals[0], differences)
    return Comparison(tuple(s.name for s in found), tuple(settings), intervals, best, tuple(differences), notes)


def _data(side: Side) -> Any:
    """What decides which examples are learnt from and judged on."""
    return side.experiment.data, side.curves.start.get("data")


def _notes(
    found: Sequence[Side], same_data: bool, finals: Sequence[Interval | None], differences: Sequence[Difference]
) -> tuple[str, ...]:
    notes = []
    letters = _letters(found)
    if any(side.name == f"{letters[side.run]} {side.arm}" for side in found):
        notes.append(f"{'; '.join(f'{letter} is {run}' for run, letter in letters.items())}.")
    if not same_data:
        notes.append(
            "They didn't learn from, or weren't judged on, the same examples: part of a difference may be that."
        )
    if diverged := [side.name for side, final in zip(found, finals, strict=True) if final is None]:
        notes.append(f"{', '.join(f'“{name}”' for name in diverged)} diverged, and is left out of the ranking.")
    if going := [side.name for side in found if not side.curves.done]:
        notes.append(f"{', '.join(f'“{name}”' for name in going)} hasn't ended: its latest measurement stands for it.")
    if any(d.how == "examples" for d in differences):
        notes.append(
            "With one seed the ± comes from the number of evaluation examples alone: the luck of first weights isn't "
            "in it. --seeds 3 or more would show it."
        )
    if len(differences) > 1:
        notes.append(
            f"{len(differences)} comparisons at once: each interval is widened (Bonferroni) so that all hold together "
            "with 95 %. Whoever is best of many has had luck too; a fresh seed would bring it down a little."
        )
    totals = [int(side.at("final")["evaluation_total"]) for side in found]
    first = next((final for final in finals if final is not None), None)
    if first is not None and any(d.beyond and d.how != "examples" for d in differences):
        share = min(max(first.mean, 0.5 / min(totals)), 1 - 0.5 / min(totals))
        points = 100 * math.sqrt(share * (1 - share) / min(totals))
        smallest = min(abs(d.mean) for d in differences if d.beyond)
        if 100 * smallest < 2 * points:
            notes.append(
                f"This is so on these {min(totals):,} evaluation examples; others would move each accuracy by about "
                f"{points:.1f} points."
            )
    return tuple(notes)
