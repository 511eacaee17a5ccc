"""Searches for η, λ and m: trials run beside the real thing, and rules that read them and show their evidence."""

from core.search.batch import find_mini_batch
from core.search.eta import find_eta
from core.search.found import Found, Row
from core.search.lmbda import find_lambda
from core.search.trials import Curve, Trials

__all__ = ["Curve", "Found", "Row", "Trials", "find_eta", "find_lambda", "find_mini_batch"]
