"""Searches for η, λ and m: trials run beside the real thing, and rules that read them and show their evidence."""

from core.search.eta import find_eta
from core.search.found import Found, Row
from core.search.trials import Curve, Trials

__all__ = ["Curve", "Found", "Row", "Trials", "find_eta"]
