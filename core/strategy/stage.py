"""What every stage of the strategy is: it says what it will run and for how long, runs it, and recommends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from tunelab.experiment import Experiment
from tunelab.strategy.luck import Score
from tunelab.strategy.trial_runner import Bench, Known

__all__ = ["Advice", "Plan", "Stage"]


@dataclass(frozen=True)
class Plan:
    """What a stage will do: the experiment it begins from, in sentences what it runs, about how many seconds."""

    experiment: Experiment
    runs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Advice:
    """What a stage recommends: dotted keys to be set, why, how sure that is, and what else could be done.

    ``alternatives`` are (dotted keys, in words). ``validation`` is the accuracy that the recommendation rests on.
    ``hopeless``: nothing better than guessing was found, so going on would mean nothing.
    """

    chosen: dict[str, Any]
    because: str
    sure: str
    evidence: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple[tuple[dict[str, Any], str], ...] = ()
    validation: Score | None = None
    hopeless: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the journal."""
        return {
            "chosen": self.chosen,
            "because": self.because,
            "sure": self.sure,
            "evidence": self.evidence,
            "alternatives": [{"chosen": chosen, "text": text} for chosen, text in self.alternatives],
            "validation": self.validation.to_dict() if self.validation else None,
        } | ({"hopeless": True} if self.hopeless else {})


class Stage(Protocol):
    """One stage: an object without memory, since everything stands in the journal."""

    name: str

    def plan(self, known: Known) -> Plan:
        """What it will run."""

    def work(self, bench: Bench, plan: Plan) -> Advice:
        """Run it and say what follows."""
