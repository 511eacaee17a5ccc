"""Searches for η, λ and m: trials run beside the real thing, and rules that read them and show their evidence."""

from tunelab.search.batch import find_mini_batch
from tunelab.search.curve import Curve
from tunelab.search.eta import find_eta
from tunelab.search.lambda_search import find_lambda
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import Trials

__all__ = [
    "Curve",
    "OutOfTime",
    "SearchResult",
    "SearchRow",
    "Trainer",
    "Trials",
    "find_eta",
    "find_lambda",
    "find_mini_batch",
]
