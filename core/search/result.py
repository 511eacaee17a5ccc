"""What a search comes to: a value, the bracket it lies in, why, how sure, and the evidence row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import fmean, stdev
from typing import Any

from tunelab.training.metrics import METRICS, Metric
from tunelab.wording import quantity

__all__ = ["SearchResult", "SearchRow"]


@dataclass(frozen=True)
class SearchRow:
    """One value that was tried: the outcome for each seed (a word or a number), and a summary ``text``.

    ``label`` names its curve among the trials; ``good`` says whether it passed the search's rule. ``score`` and
    ``std`` are the mean and the standard deviation over seeds of the measure that decides, where that is a number.
    """

    value: float
    label: str
    outcomes: tuple[str, ...]
    good: bool
    text: str
    score: float | None = None
    std: float | None = None

    @staticmethod
    def of_scores(
        value: float,
        label: str,
        scores: Sequence[float],
        good: bool,
        *,
        more: str = "",
        diverged: Sequence[bool] = (),
        metric: Metric = METRICS["accuracy"],
    ) -> SearchRow:
        """Return the row of a value; ``scores`` of the metric, one a seed or fold, decide. ``more`` ends its text."""
        std = stdev(scores) if len(scores) > 1 else None
        outcomes = [metric.text(score, digits=1) for score in scores]
        for seed in [seed for seed, burst in enumerate(diverged) if burst]:
            outcomes[seed] = "diverges"
        mean = float(fmean(scores))
        return SearchRow(value, label, tuple(outcomes), good, f"{metric.text(mean, std, digits=1)}{more}", mean, std)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"outcomes": list(self.outcomes)}


@dataclass(frozen=True, repr=False)
class SearchResult:
    """The end of a search for ``what`` ('eta', 'lambda', 'batch').

    ``bracket`` holds the values between which the true answer is believed to lie; ``because`` names the rule and the
    evidence, ``sure`` how much the answer moves between seeds, ``second`` a second opinion where there is one.
    ``settings`` are the dotted keys that the answer changes: a mini-batch brings its η along. They are empty where
    the search has no answer, and ``chosen`` is then only the last value tried. ``rows`` hold every value tried, in
    rising order; ``more`` is evidence for programs. ``is_cut_short`` says that not all that should have been was tried,
    since the trainer's time was up.

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
    more: dict[str, Any] = field(default_factory=dict)
    is_cut_short: bool = False

    def for_examples(self, searched: int, whole: int) -> SearchResult:
        """Return the answer for ``whole`` training examples where ``searched`` were used: λ/n stays, all else too.

        The rows stay as they were tried; the text gives both numbers.
        """
        if "training.lambda" not in self.settings or whole == searched:
            return self

        def scaled(value: float) -> float:
            return float(f"{value * whole / searched:.3g}")

        chosen = scaled(self.settings["training.lambda"])
        low, high = (scaled(end) for end in self.bracket)
        because = (
            f"{self.because} For all {quantity(whole, 'example')} that is λ = {chosen:g}: λ/n stays as it "
            f"was for {searched:,} "
            f"with λ = {self.chosen:g}."
        )
        settings = self.settings | {"training.lambda": chosen}
        more = self.more | {"searched_on": {"examples": searched, "chosen": self.chosen, "bracket": list(self.bracket)}}
        return replace(self, chosen=chosen, bracket=(low, high), because=because, settings=settings, more=more)

    def __repr__(self) -> str:
        """The answer, its bracket and its reason in a line."""
        low, high = self.bracket
        answer = f"{self.what} = {self.chosen:g}" if self.settings else f"no {self.what} was found"
        return f"<SearchResult: {answer}, bracket {low:g} to {high:g}. {self.because}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as the JSON lines have them."""
        return {
            "what": self.what,
            "chosen": self.chosen if self.settings else None,
            "bracket": list(self.bracket),
            "because": self.because,
            "sure": self.sure,
            "second": self.second,
            "settings": self.settings,
            "rows": [row.to_dict() for row in self.rows],
            "cut_short": self.is_cut_short,
            **self.more,
        }
