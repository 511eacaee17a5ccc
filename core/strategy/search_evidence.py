"""What a search's result says as evidence of a stage: its reliability, and the values beside the chosen one."""

from __future__ import annotations

from typing import Any

from tunelab.search import SearchResult

__all__ = ["alternatives", "reliability"]


def alternatives(result: SearchResult, key: str, factor: float = 1.0) -> tuple[tuple[dict[str, Any], str], ...]:
    """Return the tried values beside the chosen one, as choices with what they came to; ``factor`` times the value."""
    good = [row for row in result.rows if row.good and row.value != result.chosen]
    return tuple(({key: float(f"{row.value * factor:.3g}")}, f"{row.label}: {row.text}") for row in good[-4:])


def reliability(result: SearchResult) -> str:
    """Return how sure a search is of its result, with a second opinion where there is one."""
    return f"{result.sure} {result.second}".strip()
