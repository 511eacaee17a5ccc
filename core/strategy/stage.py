"""What every stage of the strategy is: one class with its words, its share of time, its trainings and its advice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tunelab.experiment import Experiment
from tunelab.strategy.evaluation import Evaluation

if TYPE_CHECKING:
    from tunelab.strategy.trial_runner import Context, TrialRunner

__all__ = ["Plan", "Recommendation", "Stage"]


@dataclass(frozen=True)
class Plan:
    """What a stage will do: the experiment it begins from, in sentences what it runs, about how many seconds."""

    experiment: Experiment
    runs: tuple[str, ...]
    seconds: float


@dataclass(frozen=True)
class Recommendation:
    """What a stage recommends: dotted keys to be set, why, how sure that is, and what else could be done.

    ``alternatives`` are (dotted keys, in words). ``validation`` is the score that the recommendation rests on.
    ``hopeless``: nothing better than guessing was found, so going on would mean nothing.
    """

    chosen: dict[str, Any]
    because: str
    sure: str
    evidence: dict[str, Any] = field(default_factory=dict)
    alternatives: tuple[tuple[dict[str, Any], str], ...] = ()
    validation: Evaluation | None = None
    hopeless: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the journal."""
        return {
            "chosen": self.chosen,
            "because": self.because,
            "sure": self.sure,
            "evidence": self.evidence,
            "alternatives": [{"chosen": chosen, "text": text} for chosen, text in self.alternatives],
            "validation": self.validation.to_dict() if self.validation else None,
        } | ({"hopeless": True} if self.hopeless else {})


class Stage:
    """One stage: an object without memory, since everything stands in the journal.

    A subclass declares its words and its share of the time, and says what it plans and how it runs. ``name`` stands in
    journals and on the command line, ``short`` on the map of the way; ``subject`` is the parameter that it is about
    and that is named even where it stays; ``judged_by`` ('cost', 'accuracy') says which curves show what it decides.
    Of the time that is left a stage may use ``weight`` among those still to come, and ``seconds_at_most``. One that is
    ``optional`` is left out where its share isn't all that it needs, and takes no share from those before it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    short: ClassVar[str]
    question: ClassVar[str]
    teaching: ClassVar[str]
    subject: ClassVar[str | None] = None
    judged_by: ClassVar[str] = "accuracy"
    weight: ClassVar[float] = 1
    seconds_at_most: ClassVar[float] = 60
    optional: ClassVar[bool] = False

    def plan(self, context: Context) -> Plan:
        """Return what it will run."""
        raise NotImplementedError

    def run(self, trials: TrialRunner, plan: Plan) -> Recommendation:
        """Run it and return what follows."""
        raise NotImplementedError

    @property
    def words(self) -> dict[str, str]:
        """Its title, question and teaching, as a journal holds them."""
        return {"title": self.title, "question": self.question, "teaching": self.teaching}

    @property
    def undo(self) -> str:
        """What going back to it means, in a sentence."""
        return f"Back to {self.title}; what rests on it is stale."
