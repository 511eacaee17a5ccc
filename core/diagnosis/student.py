"""Student's t: how far a mean of a few numbers may lie from what it estimates."""

from __future__ import annotations

import math

__all__ = ["quantile", "two_sided"]


def two_sided(t: float, degrees: int) -> float:
    """P(|T| ≥ |t|) for whole degrees of freedom ≥ 1, by the finite series (Abramowitz & Stegun 26.7.3, 26.7.4)."""
    if math.isinf(t):
        return 0.0
    theta = math.atan(abs(t) / math.sqrt(degrees))
    cosine, sine = math.cos(theta), math.sin(theta)
    term = total = sine * cosine if degrees % 2 else sine
    for k in range(3 if degrees % 2 else 2, degrees, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    inside = 2 / math.pi * (theta + (total if degrees > 1 else 0.0)) if degrees % 2 else total
    return min(max(1 - inside, 0.0), 1.0)


def quantile(level: float, degrees: int) -> float:
    """The t beyond which ``level`` of all lies, both sides together: 4.30 for 0.05 and 2 degrees of freedom."""
    low, high = 0.0, 1.0
    while two_sided(high, degrees) > level:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if two_sided(middle, degrees) > level else (low, middle)
    return high
