"""How good networks are on judged examples: a metric with its error, compared in pairs and with guessing.

Every metric is a mean over examples of what each contributes. So seeds, folds and differences need one formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, Examples
from tunelab.network import Network
from tunelab.statistics import CHANCE_LEVEL, Difference, accuracy_error, binomial_test, t_pvalue
from tunelab.training.metrics import METRICS, MetricName

__all__ = ["Evaluation", "contributions", "evaluation_of", "score_text"]

Array = NDArray[Any]

_BLOCK = 1000  # examples judged at once
_WORST = -1.0  # R² that a network counts as at least


def contributions(network: Network, examples: Examples, dataset: Dataset, metric: MetricName) -> tuple[Array, Array]:
    """Return what each example contributes to the metric, (R, N), and whether it is right, (R, N).

    A network whose numbers aren't finite contributes nothing; one with an R² below −1 counts as −1. For 'r2', right
    means no worse than the mean would be.
    """
    classes = dataset.classes
    parts = []
    with np.errstate(all="ignore"):
        for start in range(0, len(examples), _BLOCK):
            rows = slice(start, start + _BLOCK)
            z = network.last_z(examples.scaled(rows, network.dtype))
            finite = np.isfinite(z).all(axis=-1)
            if classes is not None:
                parts.append((z.argmax(axis=-1) == examples.targets[rows]) & finite)
            else:
                network.output.activate(z)
                errors = np.abs(z.astype(np.float64) - examples.targets[rows])
                if metric == "accuracy":
                    parts.append((errors <= dataset.tolerance).all(axis=-1) & finite)
                else:
                    parts.append(np.where(finite, np.square(errors).sum(axis=-1), np.inf))
    values = np.concatenate(parts, axis=-1)
    if metric == "r2":
        targets = np.asarray(examples.targets, np.float64)
        variance = float(np.square(targets - targets.mean(axis=0)).sum(axis=-1).mean()) or 1.0
        each = 1 - values / variance
        each[~(each.mean(axis=1) > _WORST)] = _WORST  # how far one has diverged says nothing, and drowns the others
        return each, each > 0
    hits = np.asarray(values, bool)
    if metric == "balanced_accuracy" and classes is not None:
        counts = np.bincount(examples.targets, minlength=len(classes))
        weights = len(examples) / (np.count_nonzero(counts) * counts[examples.targets])
        return hits * weights, hits
    return hits.astype(np.float64), hits


def score_text(score: Mapping[str, Any]) -> str:
    """Return a score as a journal holds it, as text: '91.3 ± 0.9 %', or '0.83 ± 0.02'."""
    value, error = float(score.get("value", score.get("accuracy", 0.0))), float(score.get("error") or 0.0)
    if score.get("metric") == "r2" and value <= _WORST:
        return "−1 or worse"
    return METRICS[score.get("metric", "accuracy")].text(value, error, digits=1)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """One setting judged on N examples by R networks: ``each`` (R, N) contributions, ``hits`` (R, N) right or not.

    With folds a row is one seed, each example judged by the network of the fold that hasn't learnt from it. ``chance``
    is the metric of the best answer that ignores the input, ``share`` that answer's accuracy; ``classes`` how many
    there are (0: numbers). ``labels`` (N,) are the examples' classes, where they are known.
    """

    metric: MetricName
    each: Array
    hits: Array
    chance: float
    share: float
    classes: int
    labels: Array | None = None

    @property
    def value(self) -> float:
        """The metric, mean over networks."""
        return float(self.each.mean())

    @property
    def total(self) -> int:
        """How many examples were judged, N."""
        return int(self.each.shape[1])

    @property
    def seeds(self) -> int:
        """How many networks (or seeds of folds), R."""
        return int(self.each.shape[0])

    @property
    def std(self) -> float:
        """Standard deviation over networks; 0 for one."""
        return float(self.each.mean(axis=1).std(ddof=1)) if self.seeds > 1 else 0.0

    @property
    def error(self) -> float:
        """Standard error: the luck of first weights (over seeds) and that of which examples there are."""
        examples = float(self.each.mean(axis=0).std(ddof=1)) / math.sqrt(self.total) if self.total > 1 else 0.5
        if self.metric == "accuracy":
            examples = accuracy_error(self.value, self.total)
        elif self.metric == "balanced_accuracy" and self.labels is not None:
            examples = self._recall[1]
        return math.hypot(self.std / math.sqrt(self.seeds), examples)

    @property
    def text(self) -> str:
        """The metric with its standard error."""
        return score_text(self.to_dict())

    def better_than_chance(self, tries: int = 1) -> bool:
        """Whether the networks together do better than guessing, when this was one of ``tries`` (Bonferroni).

        Accuracies by the binomial distribution, with the median network; other metrics by their error. Where one class
        is frequent, hardly any accuracy is above that of always answering it, so that answers which go with the labels
        count as well: guessing, whichever way, has a mean recall of one in so many classes.
        """
        if self.metric != "accuracy":
            return self._is_ahead(self.value - self.chance, self.error, tries)
        return self._is_accurate(2 * tries if self._has_recalls else tries) or self._goes_with_labels(2 * tries)

    def _is_accurate(self, tries: int) -> bool:
        correct = int(np.median(self.hits.sum(axis=1)))
        return binomial_test(correct, self.total, self.share).better_than_chance(tries)

    def _goes_with_labels(self, tries: int) -> bool:
        if not self._has_recalls:
            return False
        recall, error = self._recall
        return self._is_ahead(recall - 1 / self.classes, error, tries)

    def _is_ahead(self, difference: float, error: float, tries: int) -> bool:
        ahead = difference / error if error > 0 else 0.0
        return ahead > 0 and t_pvalue(ahead, self.total - 1) / 2 * tries < CHANCE_LEVEL

    @property
    def _has_recalls(self) -> bool:
        return self.labels is not None and self.classes > 1

    @property
    def _recall(self) -> tuple[float, float]:
        """The mean over classes of how many of a class are right, and its error by the luck of the examples."""
        assert self.labels is not None  # whoever asks has looked
        own = [self.hits[:, self.labels == label] for label in np.unique(self.labels)]
        recalls = [float(hits.mean()) for hits in own]
        errors = [accuracy_error(recall, hits.shape[1]) for recall, hits in zip(recalls, own, strict=True)]
        return float(np.mean(recalls)), math.hypot(*errors) / len(own)

    @property
    def chance_text(self) -> str:
        """The comparison with guessing in words."""
        if self.metric == "accuracy" and not self._is_accurate(1) and self._goes_with_labels(1):
            recall, error = self._recall
            guessing = f"guessing has {100 / self.classes:.0f} %"
            return (
                f"{self.text}, no more than the most frequent class, but the answers go with the labels: of each "
                f"class {100 * recall:.0f} ± {100 * error:.0f} % right on average, where {guessing}"
            )
        if self.metric == "accuracy":
            return binomial_test(int(np.median(self.hits.sum(axis=1))), self.total, self.share).text
        title = METRICS[self.metric].title
        return f"{title} {self.text}, where an answer that ignores the input has {self.chance:.2g}"

    def minus(self, other: Evaluation) -> Difference:
        """Return the paired difference to another setting judged on the same examples with the same seeds.

        Its error holds the luck of which examples there are and that of the seeds.
        """
        each = self.each.mean(axis=0) - other.each.mean(axis=0)
        difference = float(each.mean())
        examples = float(each.std(ddof=1)) / math.sqrt(len(each)) if len(each) > 1 else math.inf
        seeds = 0.0
        if self.seeds == other.seeds > 1:
            seeds = float((self.each.mean(axis=1) - other.each.mean(axis=1)).std(ddof=1)) / math.sqrt(self.seeds)
        # As many discordant examples as one: two settings that agree on all judged ones may differ on the next
        error = max(math.hypot(examples, seeds), 1 / len(each))
        df = float(len(each) - 1)
        return Difference(difference, error, df, t_pvalue(difference / error, df), "paired", len(each))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the journal."""
        return {
            "metric": self.metric,
            "value": self.value,
            "error": self.error,
            "total": self.total,
            "std": self.std,
            "seeds": self.seeds,
            "classes": self.classes,
        } | ({"accuracy": self.value} if self.metric == "accuracy" else {})


def evaluation_of(each: Array, hits: Array, examples: Examples, dataset: Dataset, metric: MetricName) -> Evaluation:
    """Return the evaluation of contributions on examples, with what guessing reaches on them."""
    classes = len(dataset.classes or ())
    chance = METRICS[metric].chance(examples.targets, classes, dataset.tolerance)
    share = METRICS["accuracy"].chance(examples.targets, classes, dataset.tolerance)
    labels = examples.targets if classes else None
    return Evaluation(metric, each, hits, chance, share, classes, labels)
