"""Searches for η, λ, m, momentum and dropout: trials beside the real thing, and rules that read and show them."""

from tunelab.search.batch import find_mini_batch
from tunelab.search.curve import Curve
from tunelab.search.eta import find_eta
from tunelab.search.lambda_search import find_lambda
from tunelab.search.result import SearchResult, SearchRow
from tunelab.search.trainer import OutOfTime, Trainer
from tunelab.search.trials import Trials
from tunelab.search.value_search import find_dropout, find_momentum

__all__ = [
    "Curve",
    "OutOfTime",
    "SearchResult",
    "SearchRow",
    "Trainer",
    "Trials",
    "find_dropout",
    "find_eta",
    "find_lambda",
    "find_mini_batch",
    "find_momentum",
]
