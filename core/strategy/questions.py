"""The questions that can be asked alone: which η, λ, m, momentum or dropout, or why nothing is learnt."""

from __future__ import annotations

from collections.abc import Callable

from tunelab.cure_trials import CureTrial, CureTrials, try_cures
from tunelab.diagnose import diagnose_experiment
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.search import (
    SearchResult,
    Trainer,
    find_dropout,
    find_eta,
    find_lambda,
    find_mini_batch,
    find_momentum,
)
from tunelab.strategy.journal import Journal
from tunelab.strategy.stage import Recommendation, Stage
from tunelab.strategy.state import fold
from tunelab.wording import did_you_mean

__all__ = ["QUESTIONS", "Question", "question_named"]


class Question(Stage):
    """A stage that is asked alone, of the experiment as it is."""

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Run the search."""
        raise NotImplementedError

    def answer(
        self, experiment: Experiment, trials: Trainer, journal: Journal, pulse: Callable[[], None]
    ) -> Recommendation:
        """Search, with the rows as evidence."""
        del pulse  # the trainer has it already
        result = self.search(experiment, trials)
        for row in result.rows:
            journal.write("row", {"stage": self.name, "label": row.label, "text": row.text, "good": row.good})
        return self.recommend(result, experiment, trials, journal)

    def recommend(
        self, result: SearchResult, experiment: Experiment, trials: Trainer, journal: Journal
    ) -> Recommendation:
        """Recommend what the search chose."""
        del experiment, trials, journal
        return Recommendation(dict(result.settings), result.because, result.sure)


class FindEta(Question):
    """η alone."""

    name = "find-eta"
    title = "Which learning rate?"
    short = "η"
    question = "At which η does the training cost end lowest?"
    teaching = (
        "A grid of η is trained side by side for a few epochs. The one whose training cost ends lowest decides, and "
        "half of it leaves room for many epochs. The lecture's climb, from 0.01 by tens to the threshold, is read off "
        "the same curves."
    )
    judged_by = "cost"

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Search as `tunelab find` does."""
        return find_eta(experiment, trials)


class FindLambda(Question):
    """λ alone."""

    name = "find-lambda"
    title = "Which regularization?"
    short = "λ"
    question = "How much should large weights be punished?"
    teaching = (
        "λ starts at 1.0 and goes by tens, judged by validation accuracy over several seeds, then finer. What differs "
        "by no more than luck is called tied."
    )

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Search as `tunelab find` does."""
        return find_lambda(experiment, trials)

    def recommend(
        self, result: SearchResult, experiment: Experiment, trials: Trainer, journal: Journal
    ) -> Recommendation:
        """Recommend λ for the whole of the data: λ/n stays."""
        n = len(trials.dataset(Experiment.model_validate(fold(journal.events).base)).training)
        answer = result.for_examples(len(trials.dataset(experiment).training), n)
        return Recommendation(dict(answer.settings), answer.because, answer.sure)


class FindMiniBatch(Question):
    """m alone."""

    name = "find-batch"
    title = "Which mini-batch size?"
    short = "m"
    question = "Which m learns most in the same time?"
    teaching = (
        "A small m moves the weights often and wastes fast matrix arithmetic; a large one does the opposite. Every "
        "size gets the same time, with η scaled along."
    )

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Search as `tunelab find` does."""
        return find_mini_batch(experiment, trials)


class FindMomentum(Question):
    """μ alone, η along with it."""

    name = "find-momentum"
    title = "Which momentum?"
    short = "μ"
    question = "Does it learn faster along a velocity?"
    teaching = (
        "With momentum a step follows a velocity that gathers gradients and keeps μ of itself. In the long run it goes "
        "η/(1 − μ), so η is moved along with μ. Another μ is taken only where it is better beyond noise."
    )

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Search as `tunelab find` does."""
        return find_momentum(experiment, trials)


class FindDropout(Question):
    """The share of hidden neurons left out, alone."""

    name = "find-dropout"
    title = "How much dropout?"
    short = "dropout"
    question = "Does it generalize better where neurons can't rely on each other?"
    teaching = (
        "With dropout each step leaves out a share of the hidden neurons, others for every example. It is against "
        "overfitting, so it may bring nothing where there are many examples. A share is taken only where it is better "
        "beyond noise."
    )

    def search(self, experiment: Experiment, trials: Trainer) -> SearchResult:
        """Search as `tunelab find` does."""
        return find_dropout(experiment, trials)


class Why(Question):
    """Why nothing is learnt."""

    name = "why"
    title = "Why does my network learn nothing?"
    short = "why"
    question = "What do its settings, its first weights and its first epochs show?"
    teaching = "Some things are known before a single step; the rest is seen in a few epochs on part of the data."
    judged_by = "cost"

    def answer(
        self,
        experiment: Experiment,
        trials: Trainer,  # noqa: ARG002 (what is tried is stacked where the diagnosis is made)
        journal: Journal,
        pulse: Callable[[], None],
    ) -> Recommendation:
        """Name the cause that a brief training shows, and try its cure beside other changes: what helps is the cure."""
        diagnosis = diagnose_experiment(experiment, pulse=pulse)
        for verdict in diagnosis.verdicts:
            label = verdict.cause_name or "what is seen"
            journal.write("row", {"stage": "why", "label": label, "text": verdict.text, "code": verdict.code})
        trials_of_cures = try_cures(diagnosis, pulse=pulse)
        for trial in trials_of_cures.trials:
            journal.write("row", {"stage": "why", "label": trial.label, "text": _trial_text(trial, trials_of_cures)})
        first, helps = diagnosis.verdicts[0], trials_of_cures.verdict
        if helps is None or helps.cure is None:
            because = f"{first.text} Nothing that was tried does better than your own settings beyond noise."
            return Recommendation({}, because, "The whole way, step by step, asks further questions.")
        because = f"{first.text if first.cause == helps.cause else first.observation} {helps.observation}"
        return Recommendation(helps.cure, because, "Three seeds side by side; ± is a 95 % interval.")


def _trial_text(trial: CureTrial, trials: CureTrials) -> str:
    """Where a trial came to, and by how much that is better than the setting as it is."""
    scale, unit = (1, "") if trials.measure == "R²" else (100, " %")
    text = f"{trials.measure} {scale * trial.result.mean:.3g}{unit}"
    d = trial.difference
    if d is None or trial.change is None:
        return text
    return f"{text}, {scale * d.difference:+.3g} ± {scale * d.half_width:.2g}"


QUESTIONS: tuple[Question, ...] = (
    FindEta(),
    FindLambda(),
    FindMiniBatch(),
    FindMomentum(),
    FindDropout(),
    Why(),
)


def question_named(name: str) -> Question:
    """Return the question of this name; :class:`BadInput` for another word."""
    names = [question.name for question in QUESTIONS]
    if name not in names:
        raise BadInput(f"'{printable(name, 40)}' can't be asked{did_you_mean(name, names)}")
    return QUESTIONS[names.index(name)]
