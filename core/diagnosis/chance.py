"""What luck alone can do: binomial tails and the spread of an accuracy."""

from __future__ import annotations

import math

__all__ = ["accuracy_std", "binomial_tail"]


def binomial_tail(k: int, n: int, p: float) -> float:
    """P(X ≥ k) for X ~ Binomial(n, p), summed exactly: how often guessing does at least this well."""
    if k <= 0:
        return 1.0
    if k > n or p <= 0:
        return 0.0
    if p >= 1:
        return 1.0
    log_p, log_q = math.log(p), math.log1p(-p)
    log_term = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q
    term = total = 1.0
    for i in range(k, n):
        term *= (n - i) / (i + 1) * math.exp(log_p - log_q)
        total += term
        if term < 1e-17 * total:
            break
    return min(1.0, math.exp(log_term) * total)


def accuracy_std(accuracy: float, n: int) -> float:
    """Standard deviation of an accuracy measured on n examples, √(p(1 − p)/n), as a fraction."""
    return math.sqrt(max(accuracy * (1 - accuracy), 0.0) / n)
