"""Runs beside each other: in what their experiments differ, and whether their results do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.fields import described, value_of
from tunelab.records import Run
from tunelab.records.history import History
from tunelab.records.run import split_arm_name
from tunelab.statistics import Difference, Mean, accuracy_error, mean, sample_difference
from tunelab.training.metrics import METRICS, Metric
from tunelab.wording import quantity

__all__ = ["Comparison", "Side", "SideDifference", "compare", "find_sides", "sides_of", "with_unique_names"]


@dataclass(frozen=True, eq=False)
class Side:
    """One arm of a run: ``name`` is what the comparison calls it, ``history`` what it measured."""

    name: str
    run: str
    arm: str
    experiment: Experiment
    history: History

    def at(self, when: str) -> dict[str, Any]:
        """Its 'final' or 'best' measurement; while it runs the latest for both."""
        event: dict[str, Any] = self.history.done.get(when) or self.history.latest
        return event

    def by_seed(self, when: str, measure: str) -> Mapping[int, float] | None:
        """A measure for each seed; None where one isn't finite."""
        event = self.at(when)
        values = event.get("replicates", {}).get(measure) or [event.get(measure)]
        if any(value is None for value in values):
            return None
        return dict(zip(self.experiment.seeds[: len(values)], map(float, values), strict=True))

    def total(self, measure: str) -> int:
        """How many evaluation examples the noise of a measure of them is of; 0 for what has no such noise."""
        examples = int(self.at("final")["evaluation_total"])
        metric = self.history.metric
        if measure == metric.field():
            value = self.at("final").get(measure)
            return metric.binomial_total(value or 0.0, int(self.history.data.get("metric_total", examples)))
        return examples if measure == "evaluation_accuracy" else 0

    @property
    def data(self) -> Any:
        """What decides which examples are learnt from and evaluated on."""
        return self.experiment.data, self.history.data


@dataclass(frozen=True)
class SideDifference:
    """``first`` − ``second``: what separates two sides, by their names."""

    first: str
    second: str
    difference: Difference


@dataclass(frozen=True)
class Comparison:
    """What a comparison of some sides found.

    ``metric`` is the one that decides, ``measures`` what is compared: at which measurement, and which field of it.
    ``settings``: (dotted key, the value of each side) where they are not all the same. ``means``: for each of
    the measures one a side, None where it isn't finite. ``best`` is the side ahead in the first, and
    ``differences`` what separates it from each other side there. ``notes`` are sentences of caution.

        >>> comparison = compare([Run("last")])
        >>> [type(row[0]).__name__ for row in comparison.means][:1], len(comparison.differences)
        (['Mean'], 1)
    """

    metric: Metric
    measures: tuple[tuple[str, str], ...]
    names: tuple[str, ...]
    settings: tuple[tuple[str, tuple[Any, ...]], ...]
    means: tuple[tuple[Mean | None, ...], ...]
    best: int | None
    differences: tuple[SideDifference, ...]
    notes: tuple[str, ...]


def find_sides(names: Sequence[str]) -> list[Side]:
    """The sides meant by RUN (all its arms) and RUN:ARM; :class:`BadInput` for a slip, or fewer than two."""
    return with_unique_names([side for name in names for side in _named_sides(name)])


def _named_sides(name: str) -> list[Side]:
    run, arm = split_arm_name(name)
    return [side for side in sides_of(run) if arm is None or side.arm == arm]


def with_unique_names(sides: Sequence[Side]) -> list[Side]:
    """The sides under the shortest names that tell them apart; each once; at least two."""
    once = list({(side.run, side.arm): side for side in sides}.values())
    if len(once) < 2:
        raise BadInput("a comparison needs two runs, or two arms: tunelab runs compare RUN RUN, or RUN:ARM RUN:ARM")
    arms = [side.arm for side in once]
    if len(set(arms)) == len(arms):
        return once
    if set(arms) == {"run"}:
        return [replace(side, name=side.run) for side in once]
    letters = _letters(once)
    return [replace(side, name=f"{letters[side.run]} {side.arm}") for side in once]


def _letters(sides: Sequence[Side]) -> dict[str, str]:
    """A short name for each run: A, B, … and numbers beyond Z."""
    runs = dict.fromkeys(side.run for side in sides)
    return {run: chr(ord("A") + n) if n < 26 else str(n + 1) for n, run in enumerate(runs)}


def sides_of(run: Run) -> list[Side]:
    """Every arm of a run as a side; :class:`BadInput` where one has measured nothing yet."""
    sides = []
    for record, arm in zip(run.arms, run.preset.arms, strict=True):
        history = record.history()
        if not len(history):
            raise BadInput(f"{run.name} has measured nothing yet in '{printable(record.name, 60)}': nothing to compare")
        sides.append(Side(record.name, run.name, record.name, arm.experiment, history))
    return sides


def _as_sides(given: Sequence[Side | Run | str]) -> list[Side]:
    """The sides that are meant, under names that differ."""
    if all(isinstance(one, Side) for one in given):
        return [one for one in given if isinstance(one, Side)]
    sides: list[Side] = []
    for one in given:
        sides += [one] if isinstance(one, Side) else _named_sides(one) if isinstance(one, str) else sides_of(one)
    return with_unique_names(sides)


def compare(sides: Sequence[Side | Run | str]) -> Comparison:
    """Compare arms of runs: each against the one that is ahead at the end, by more than noise or not.

        >>> comparison = compare(["last"])
        >>> comparison.names
        ('η = 0.1', 'η = 0.5')
        >>> comparison.settings
        (('training.eta', (0.1, 0.5)),)

    Args:
        sides: runs, whose arms all take part, or their names: 'RUN' or 'RUN:ARM', as ``tunelab runs compare`` takes
            them. At least two arms in all.

    Returns:
        A :class:`Comparison`: in what the experiments differ, each side's measures with 95 % intervals over its seeds,
        and the differences from the best.

    Raises :class:`tunelab.BadInput` where there is no such run or arm, one has measured nothing yet, or there are
    fewer than two.
    """
    sides = _as_sides(sides)
    tables = [side.experiment.to_dict() for side in sides]
    values = ((key, tuple(value_of(table, key) for table in tables)) for key in described())
    settings = tuple((key, row) for key, row in values if any(value != row[0] for value in row))
    metric = _common_metric(sides)
    measures = _measures(metric, sides)
    samples = [[side.by_seed(*measure) for side in sides] for measure in measures]
    totals = [[side.total(measure) for side in sides] for _, measure in measures]
    means = tuple(
        tuple(mean(list(s.values()), total) if s else None for s, total in zip(*row, strict=True))
        for row in zip(samples, totals, strict=True)
    )
    ranking = sorted((-m.mean, n) for n, m in enumerate(means[0]) if m is not None)
    same_data = all(side.data == sides[0].data for side in sides)
    best = ranking[0][1] if ranking else None
    others = sorted(n for _, n in ranking[1:])
    differences = tuple(
        SideDifference(sides[best].name, sides[n].name, difference.among(len(others)))
        for n in others
        if best is not None and (difference := _difference(sides[best], sides[n], metric.field(), same_data))
    )
    notes = _notes(sides, metric, same_data, means[0], [d.difference for d in differences])
    return Comparison(metric, measures, tuple(s.name for s in sides), settings, means, best, differences, notes)


def _common_metric(sides: Sequence[Side]) -> Metric:
    """The metric that all sides are judged by; where they differ, the accuracy, or R² where one has none."""
    metrics = {side.history.metric.name for side in sides}
    if len(metrics) == 1:
        return sides[0].history.metric
    return METRICS["r2" if "r2" in metrics else "accuracy"]


def _measures(metric: Metric, sides: Sequence[Side]) -> tuple[tuple[str, str], ...]:
    """What is compared, the first decides: the metric, what people know it by beside it, and the costs."""
    beside = {"balanced_accuracy": ("evaluation_accuracy",), "r2": ("evaluation_rmse",)}.get(metric.name, ())
    measures = [("final", metric.field()), ("best", metric.field()), ("final", metric.field("training"))]
    measures += [("final", field) for field in (*beside, "training_cost", "evaluation_cost")]
    return tuple(m for m in measures if any(m[1] in side.at(m[0]) for side in sides) or m == measures[0])


def _difference(first: Side, second: Side, field: str, same_data: bool) -> Difference | None:
    """What separates two sides in the metric that decides: paired where they share seeds and data."""
    one, other = first.by_seed("final", field) or {}, second.by_seed("final", field) or {}
    paired = same_data and one.keys() == other.keys()
    total = min(first.total(field), second.total(field))
    return sample_difference(list(one.values()), list(other.values()), paired=paired, total=total)


def _notes(
    sides: Sequence[Side],
    metric: Metric,
    same_data: bool,
    finals: Sequence[Mean | None],
    differences: Sequence[Difference],
) -> tuple[str, ...]:
    notes = []
    letters = _letters(sides)
    if any(side.name == f"{letters[side.run]} {side.arm}" for side in sides):
        notes.append(f"{'; '.join(f'{letter} is {run}' for run, letter in letters.items())}.")
    if not same_data:
        notes.append("They weren't trained or evaluated on the same examples: part of a difference may come from that.")
    if diverged := [side.name for side, final in zip(sides, finals, strict=True) if final is None]:
        notes.append(f"{_quoted(diverged)} diverged, and is left out of the ranking.")
    if running := [side.name for side in sides if not side.history.done]:
        notes.append(f"{_quoted(running)} hasn't ended: its latest measurement stands for it.")
    if any(d.method == "examples" for d in differences):
        notes.append(
            "With one seed the ± comes from the number of evaluation examples alone: the luck of first weights isn't "
            "in it. --seeds 3 or more would show it."
        )
    if len(differences) > 1:
        notes.append(
            f"{len(differences)} comparisons at once: each interval is widened (Bonferroni) so that all hold together "
            "with 95 %. The best of many has had luck too; a fresh seed would bring it down a little."
        )
    clear = [abs(d.difference) for d in differences if d.beyond_noise]
    final = next((final for final in finals if final is not None), None)
    if final is not None and clear and any(d.beyond_noise and d.method != "examples" for d in differences):
        error = accuracy_error(final.mean, min(side.total(metric.field()) for side in sides))
        if min(clear) < 2 * error:
            examples = min(int(side.at("final")["evaluation_total"]) for side in sides)
            notes.append(
                f"This is so on these {quantity(examples, 'evaluation example')}; others would move each "
                f"{metric.title} by about "
                f"{metric.difference_text(error)}."
            )
    return tuple(notes)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)
