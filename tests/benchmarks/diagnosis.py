"""``python -m tests.benchmarks.diagnosis``: how often a diagnosis is right, on the collection of known troubles.

Every case of :mod:`troubles` is trained as it is set, its verdicts are compared with its known cause, and its first
cure is trained: before → after. Prints a table on stdout.
"""

from __future__ import annotations

import argparse
import pickle
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from troubles import Case, cases, dataset_of

__all__ = ["Outcome", "events_of", "judge", "outcome"]


@dataclass
class Outcome:
    """What is measured of a training: evaluation accuracy (or R² for numbers), its standard error, and the events."""

    value: float
    error: float
    events: list[dict[str, Any]]


def events_of(case: Case, keys: dict[str, Any] | None = None) -> Outcome:
    """Train a case, with some keys changed, and return its events as a record has them."""
    import numpy as np
    from tunelab.diagnosis.baselines import constant_cost
    from tunelab.experiment import StackedTraining
    from tunelab.records.measure_events import measure_fields
    from tunelab.statistics import accuracy_error

    keys = dict(keys or {})
    dataset, experiment = dataset_of(case), case.experiment()
    if count := keys.pop("data.train", None):
        dataset = dataset_of(case.with_examples(count))
    if keys.get("data.standardize") and case.data[0] == "table":
        dataset = dataset_of(case.standardized())
    if keys:
        from tunelab.experiment.dotted_keys import changed

        experiment = changed(experiment, keys)
    training = StackedTraining([experiment], dataset)
    (member,) = training.members
    start = training.description(member)
    start["data"]["available"] = case.available
    events: list[dict[str, Any]] = [
        {"event": "start"} | start,
        {"event": "initial"} | measure_fields(training.measure()),
    ]
    with np.errstate(all="ignore"):
        events += [{"event": "measure"} | measure_fields(m) for m in training.run()]
    last = events[-1]
    diverged = bool(last.get("diverged"))
    events.append({"event": "done", "reason": "diverged" if diverged else training.reasons(member)[0]})
    total = len(dataset.validation)
    if dataset.classes:
        counts = np.bincount(np.asarray(dataset.validation.targets, np.intp), minlength=len(dataset.classes))
        recalls = np.array(last["evaluation_class_correct"]) / (np.maximum(counts, 1) * len(experiment.seeds))
        if "unequal-classes" in case.causes:  # the accuracy says nothing of the rare ones
            error = float(np.sqrt((recalls * (1 - recalls) / np.maximum(counts, 1)).sum()) / len(counts))
            return Outcome(0.0 if diverged else float(recalls.mean()), max(error, 0.01), events)
        value = 0.0 if diverged else last["evaluation_accuracy"]
        return Outcome(value, accuracy_error(value, total), events)
    cost = last["evaluation_data_cost"]
    blind = constant_cost(dataset.validation.targets, 0, "linear", "quadratic")
    value = 0.0 if diverged or cost is None else max(1 - cost / blind, 0.0)
    return Outcome(value, max((1 - value) * (2 / total) ** 0.5, 0.005), events)


def judge(events: list[dict[str, Any]]) -> list[Any]:
    """The verdicts on a record's events."""
    from tunelab.records.history import History

    return History("", events).verdicts()


def outcome(case: Case, keys: dict[str, Any] | None = None, cache: Path | None = None) -> Outcome:
    """The same, from the cache where it was trained before."""
    if cache is None:
        return events_of(case, keys)
    import hashlib

    name = hashlib.sha256(repr((case, sorted((keys or {}).items(), key=str))).encode()).hexdigest()[:24]
    place = cache / f"{name}.pickle"
    if place.is_file():
        return Outcome(*pickle.loads(place.read_bytes()))
    result = events_of(case, keys)
    place.write_bytes(pickle.dumps((result.value, result.error, result.events)))
    return result


@dataclass
class Row:
    """One case: its causes, those that would look the same, the first cure; accuracies before, after and when good."""

    case: Case
    first: str
    causes: list[str]
    also: list[str]
    certain: list[str]
    text: str
    cure: dict[str, Any] | None
    before: Outcome
    after: Outcome | None
    good: Outcome | None

    @property
    def named(self) -> bool:
        """Whether the first cause is right (healthy: none)."""
        return self.first in self.case.causes if self.case.causes else not self.causes

    @property
    def offered(self) -> bool:
        """Whether the right one is among those offered."""
        return any(cause in self.case.causes for cause in [*self.causes, *self.also])

    @property
    def helps(self) -> bool | None:
        """Whether the cure is better beyond noise, or within 2 points of a good setting; None without a cure."""
        if self.after is None:
            return None
        noise = 2 * (self.after.error**2 + self.before.error**2) ** 0.5
        near = self.good is not None and self.after.value > self.good.value - 0.02
        return self.after.value > self.before.value + noise or near

    @property
    def harms(self) -> bool:
        """Whether the cure is worse by more than noise."""
        if self.after is None:
            return False
        return self.after.value < self.before.value - 2 * (self.after.error**2 + self.before.error**2) ** 0.5


def row(case: Case, cache: Path | None) -> Row:
    """Train, judge, cure."""
    from tunelab.errors import BadInput

    before = outcome(case, None, cache)
    found = judge(before.events)
    cure = found[0].cure
    after = good = None
    if cure:
        try:
            after = outcome(case, cure, cache)
        except (BadInput, FileNotFoundError) as problem:
            print(case.name, problem, file=sys.stderr)
    if case.good is not None and case.causes:
        keys = dict.fromkeys(()) | case.healing
        good = outcome(case, keys, cache)
    causes = [v.cause for v in found if v.cause]
    certain = [v.cause for v in found if v.cause and v.certainty == "certain"]
    also = [cause for verdict in found for cause in verdict.evidence.get("also", [])]
    return Row(case, found[0].cause, causes, also, certain, found[0].text, cure, before, after, good)


def report(rows: list[Row]) -> str:
    """The numbers that issue 17 asks for."""
    faulty, healthy = [r for r in rows if r.case.causes], [r for r in rows if not r.case.causes]
    cured = [r for r in faulty if r.after is not None]
    wrong = [r for r in faulty if r.certain and not r.offered]
    lines = [
        f"{len(faulty)} faulty runs, {len(healthy)} healthy",
        f"cause named first: {sum(r.named for r in faulty)} of {len(faulty)} ({_share([r.named for r in faulty])})",
        f"among those offered: {sum(r.offered for r in faulty)} ({_share([r.offered for r in faulty])})",
        f"healthy accused: {sum(bool(r.causes) for r in healthy)}",
        f"certain and wrong: {len(wrong)}",
        f"cures tried: {len(cured)}, help {_share([bool(r.helps) for r in cured])}, harm {sum(r.harms for r in cured)}",
    ]
    return "\n".join(lines)


def _share(flags: list[bool]) -> str:
    return f"{100 * sum(flags) / len(flags):.0f} %" if flags else "—"


def line(r: Row) -> str:
    """One case in a line."""
    mark = "ok " if r.named and not r.harms and r.helps is not False else "BAD"
    cure = f"{r.cure}: {r.before.value:.3f} → {r.after.value:.3f}" if r.after else f"{r.before.value:.3f}"
    good = f" (good {r.good.value:.3f})" if r.good else ""
    return f"{mark} {r.case.name:58} {','.join(r.causes) or '-':40} {cure}{good}"


def main() -> None:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.diagnosis", description=__doc__)
    parser.add_argument("--half", choices=("tune", "report", "fresh", "unseen", "unseen again"), default="report")
    parser.add_argument("--cache", type=Path, help="keep trainings here, to judge them again without training")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--text", action="store_true", help="print the first verdict's text too")
    parser.add_argument("--summary", action="store_true", help="print no case by itself")
    options = parser.parse_args()
    began = time.perf_counter()
    chosen = [case for case in cases(options.half) if options.only in case.name]
    with ProcessPoolExecutor(options.workers) as pool:
        rows = list(pool.map(row, chosen, [options.cache] * len(chosen)))
    for r in rows if not options.summary else ():
        print(line(r))
        if options.text and not r.named:
            print("      ", r.text)
    print(report(rows))
    print(f"{time.perf_counter() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
