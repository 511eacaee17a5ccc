"""What a search comes to: a value, the bracket it lies in, why, how sure, and the evidence row by row."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["SearchResult", "SearchRow"]


@dataclass(frozen=True)
class SearchRow:
    """One value that was tried: what each seed did (a word or a number), and what that comes to.

    ``label`` names its curve among the trials; ``good`` says whether it passed the search's rule. ``score`` and
    ``std`` are the mean and the standard deviation over seeds of what is judged, where that is a number.
    """

    value: float
    label: str
    outcomes: tuple[str, ...]
    good: bool
    text: str
    score: float | None = None
    std: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"outcomes": list(self.outcomes)}


@dataclass(frozen=True, repr=False)
class SearchResult:
    """The end of a search for ``what`` ('eta', 'lambda', 'batch').

    ``bracket`` holds the values between which the true answer is believed to lie; ``because`` names the rule and what
    was seen, ``sure`` how much the answer moves between seeds, ``second`` a second opinion where there is one.
    ``settings`` are the dotted keys that the answer changes: a mini-batch brings its η along. They are empty where
    nothing was found, and ``chosen`` is then only the last value tried. ``rows`` hold every value tried, in rising
    order, each with what every seed did.

        >>> rows = (SearchRow(0.1, "η = 0.1", ("falls",), True, "falls"), SearchRow(1, "η = 1", ("rises",), False, ""))
        >>> SearchResult("eta", 0.05, (0.1, 1), "Half of the largest η that falls.", "", rows, {"training.eta": 0.05})
        <SearchResult: eta = 0.05, bracket 0.1 to 1. Half of the largest η that falls.>
    """

    what: str
    chosen: float
    bracket: tuple[float, float]
    because: str
    sure: str
    rows: tuple[SearchRow, ...]
    settings: dict[str, Any]
    second: str = ""

    def __repr__(self) -> str:
        """The answer, its bracket and its reason in a line."""
        low, high = self.bracket
        answer = f"{self.what} = {self.chosen:g}" if self.settings else f"no {self.what} was found"
        return f"<SearchResult: {answer}, bracket {low:g} to {high:g}. {self.because}>"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the JSON lines have them."""
        return {
            "what": self.what,
            "chosen": self.chosen,
            "bracket": list(self.bracket),
            "because": self.because,
            "sure": self.sure,
            "second": self.second,
            "settings": self.settings,
            "rows": [row.to_dict() for row in self.rows],
        }
