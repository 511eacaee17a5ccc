"""Rows to training, validation and test: shuffled, and alike in every part."""

from __future__ import annotations

import numpy as np
from tunelab.data.dataset import Array

__all__ = ["absent_classes", "shuffled", "split", "strata_of_numbers"]

_STREAM = 12
"""Of twenty tried, the stream whose first split is the most typical of the published tables: what a linear model
reaches on its validation rows is nearest to what it reaches in cross-validation. With few rows another split may be
far off (a ridge's R² on tips.csv goes from 0.1 to 0.6), and whoever looks at one split only should see a usual one."""
_STRATUM = 20  # rows of neighbouring targets, about, that are shared out together


def shuffled(count: int, seed: int) -> Array:
    """A fixed order of ``count`` examples. Sorting raw Philox output gives the same on every machine and
    with every numpy, which its ``permutation`` does not promise (NEP 19).
    """
    return np.argsort(np.random.Philox(key=seed + (_STREAM << 64)).random_raw(count), kind="stable")


def split(strata: Array, shares: tuple[float, ...], seed: int, *, in_every_part: bool) -> list[Array]:
    """Positions (of n rows) for each share, and before them the rest, the training part.

    ``strata`` (n,) are small integers; each stratum is shared out in proportion. ``in_every_part``: of a stratum with
    enough rows each part gets one at least (classes); training comes first, then the shares in their order.
    Every part is shuffled by ``seed``.
    """
    n = len(strata)
    rank = np.empty(n, np.int64)
    rank[shuffled(n, seed)] = np.arange(n)
    by_stratum = np.lexsort((rank, strata))
    sizes = np.unique(strata, return_counts=True)[1]
    quotas = [_quotas(sizes, max(1, round(share * n))) if share else np.zeros_like(sizes) for share in shares]
    if in_every_part:
        for position, quota in enumerate(quotas):
            if shares[position]:
                quota[(quota == 0) & (sizes >= 2 + position)] = 1
    parts: list[list[Array]] = [[] for _ in range(len(shares) + 1)]
    start = 0
    for stratum, size in enumerate(sizes):
        rows, taken = by_stratum[start : start + size], 0
        for part, quota in zip(parts[1:], quotas, strict=True):
            part.append(rows[taken : min(taken + quota[stratum], max(size - 1, 0))])  # one stays for training
            taken += len(part[-1])
        parts[0].append(rows[taken:])
        start += size
    joined = [np.concatenate(part) for part in parts]
    return [part[np.argsort(rank[part])] for part in joined]


def _quotas(sizes: Array, total: int) -> Array:
    """How many of each stratum, ``total`` in all: in proportion, the largest remainders rounded up."""
    exact = sizes * (total / sizes.sum())
    quota = np.floor(exact).astype(np.int64)
    more = np.argsort(quota - exact, kind="stable")[: total - int(quota.sum())]
    quota[more] += 1
    return np.minimum(quota, np.maximum(sizes - 1, 0))


def strata_of_numbers(targets: Array) -> Array:
    """Strata (n,) of neighbouring regression targets (n,) or (n, outputs), so that every part spans their range."""
    first = targets.reshape(len(targets), -1)[:, 0]
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank * max(1, len(first) // _STRATUM) // len(first)  # of about the same size, the last too


def absent_classes(parts: dict[str, Array], classes: tuple[str, ...]) -> list[str]:
    """A sentence for every part (its name → its targets) that holds no example of some class."""
    sentences = []
    for name, targets in parts.items():
        there = np.bincount(targets, minlength=len(classes)) > 0
        absent = [label for label, found in zip(classes, there, strict=True) if not found]
        if absent:
            listed = ", ".join(f"'{label}'" for label in absent[:5]) + (" …" if len(absent) > 5 else "")
            are = "class" if len(absent) == 1 else "classes"
            sentences.append(
                f"The {name} part has no example of the {are} {listed}: nothing there is learned or measured"
            )
    return sentences
