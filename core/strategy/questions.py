"""The questions that can be asked alone: which η, which λ, which m, or why nothing is learnt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunelab.diagnose import diagnose_experiment
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed
from tunelab.search import SearchResult, Trainer, find_eta, find_lambda, find_mini_batch
from tunelab.strategy.journal import Journal
from tunelab.strategy.stage import Recommendation, Stage
from tunelab.strategy.state import fold
from tunelab.wording import did_you_mean

__all__ = ["QUESTIONS", "Question", "question_named"]

_EPOCHS = 6  # of a look at what goes wrong


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


class Why(Question):
    """Why nothing is learnt."""

    name = "why"
    title = "Why does my network learn nothing?"
    short = "why"
    question = "What do its settings, its first weights and its first epochs show?"
    teaching = "Some things are known before a single step; the rest is seen in a few epochs on part of the data."
    judged_by = "cost"

    def answer(
        self, experiment: Experiment, trials: Trainer, journal: Journal, pulse: Callable[[], None]
    ) -> Recommendation:
        """Say what is known before training, what a few epochs show, and whether a tenth of η or no λ would help."""
        training = experiment.training
        found = diagnose_experiment(experiment, pulse=pulse)
        for verdict in found.verdicts:
            journal.write(
                "row",
                {"stage": "why", "label": verdict.cause_name or "seen", "text": verdict.text, "code": verdict.code},
            )
        brief = changed(
            experiment,
            {
                "training.epochs": min(_EPOCHS, training.epochs),
                "training.schedule": None,
                "training.early_stopping": None,
                "initialization.seeds": 3,
            },
        )
        tried = {"as it is": brief}
        cures: dict[str, dict[str, Any]] = {"η ÷ 10": {"training.eta": training.eta / 10}}
        cures["η × 10"] = {"training.eta": min(training.eta * 10, 1e6)}
        if training.lmbda:
            cures["λ = 0"] = {"training.lambda": 0.0}
            cures["λ = 0, η ÷ 10"] = cures["η ÷ 10"] | cures["λ = 0"]
        if experiment.initialization.weights != "scaled":
            cures["scaled weights"] = {"initialization.weights": "scaled"}
        tried |= {label: changed(brief, values) for label, values in cures.items()}
        curves = {curve.label: curve for curve in trials.run(tried)}
        scores = {label: curve.final_accuracy for label, curve in curves.items()}
        for label, score in scores.items():
            spread = f" ± {100 * score.std(ddof=1):.1f}" if len(score) > 1 else ""
            text = f"{100 * score.mean():.1f}{spread} % right after {brief.training.epochs} epochs"
            journal.write("row", {"stage": "why", "label": label, "text": text})
        verdict = found.verdicts[0]
        best = max(scores, key=lambda label: float(scores[label].mean()))
        gain = 100 * float(scores[best].mean() - scores["as it is"].mean())
        noise = 100 * float((scores[best] - scores["as it is"]).std(ddof=1) / len(scores[best]) ** 0.5)
        if best != "as it is" and gain > max(2 * noise, 2.0):
            because = f"{verdict.text} Of what was tried, {best} helps most: {gain:+.0f} points."
            return Recommendation(
                cures[best], because, f"± {noise:.1f} points, {len(scores[best])} seeds side by side."
            )
        because = f"{verdict.text} None of the quick cures does better than your own settings beyond luck."
        return Recommendation({}, because, "The whole way, step by step, asks further questions.")


QUESTIONS: tuple[Question, ...] = (FindEta(), FindLambda(), FindMiniBatch(), Why())


def question_named(name: str) -> Question:
    """Return the question of this name; :class:`BadInput` for another word."""
    names = [question.name for question in QUESTIONS]
    if name not in names:
        raise BadInput(f"'{printable(name, 40)}' can't be asked{did_you_mean(name, names)}")
    return QUESTIONS[names.index(name)]
