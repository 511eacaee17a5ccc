"""Searches for η, λ and m: trials run beside the real thing, and rules that read them and show their evidence."""

from core.search.trials import Curve, Trials

__all__ = ["Curve", "Trials"]
