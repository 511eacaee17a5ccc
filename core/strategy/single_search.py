"""One question alone, of the experiment as it is: which η, which λ, which m, or why nothing is learnt.

It leaves a journal of one stage, so that whatever shows a strategy shows this as well.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits
from tunelab.diagnose import checkup
from tunelab.engine.pool import asked_to_leave, leaving_in_order
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, assemble
from tunelab.experiment.dotted_keys import changed
from tunelab.search import SearchResult, Trials, find_eta, find_lambda, find_mini_batch
from tunelab.search.trials import reduced
from tunelab.strategy.journal import Event, Journal, exists, told
from tunelab.strategy.stage import Advice
from tunelab.strategy.state import State, fold
from tunelab.strategy.words import Words
from tunelab.suggestions import did_you_mean

__all__ = ["QUESTIONS", "answer", "ask"]

_BRIEF = 6  # epochs of a look at what goes wrong

QUESTIONS = {
    "find-eta": Words(
        "Which learning rate?",
        "What is the largest η at which the training cost still falls?",
        "η goes up from 0.01 by tens until the cost no longer falls during the first few epochs, then finer below "
        "that. Half of the largest that still falls leaves room for many epochs.",
    ),
    "find-lambda": Words(
        "Which regularization?",
        "How much should large weights be punished?",
        "λ starts at 1.0 and goes by tens, judged by validation accuracy over several seeds, then finer. What differs "
        "by no more than luck is called tied.",
    ),
    "find-batch": Words(
        "Which mini-batch size?",
        "Which m learns most in the same time?",
        "A small m moves the weights often and wastes fast matrix arithmetic; a large one does the opposite. Every "
        "size gets the same time, with η scaled along.",
    ),
    "why": Words(
        "Why does my network learn nothing?",
        "What do its settings, its first weights and its first epochs show?",
        "Some things are known before a single step; the rest is seen in a few epochs on part of the data.",
    ),
}
"""What can be asked, by the name of its only stage."""


class _Stopped(Exception):
    """Somebody asked to stop, or the process is to end."""


def ask(directory: Path, what: str, experiment: Experiment) -> State:
    """Begin: write down what is asked of which experiment. :class:`BadInput` where it can't be trained."""
    if what not in QUESTIONS:
        raise BadInput(f"'{printable(what, 40)}' can't be asked{did_you_mean(what, list(QUESTIONS))}")
    if exists(directory):
        raise BadInput(f"there is a study {printable(directory.name)} already")
    trials = Trials()
    small = reduced(experiment, trials)
    dataset = trials.dataset(small)
    assemble([small], dataset)
    with Journal(directory) as journal:
        journal.write(
            "begin",
            {
                "experiment": experiment.to_dict(),
                "data": {"title": dataset.title},
                "budget": None,
                "seeds": 3,
                "seed": experiment.initialization.seed,
                "stages": [what],
                "titles": {what: QUESTIONS[what].title},
            },
        )
        return fold(journal.events)


def answer(directory: str) -> None:
    """Work out the answer, unless it stands in the journal: trials, evidence, a recommendation."""
    with leaving_in_order(), threadpool_limits(limits=1), Journal(Path(directory)) as journal:
        state = fold(journal.events)
        stage = state.now
        if stage is None or stage.status == "asking":
            return

        def pulse() -> None:
            if asked_to_leave() or told(journal.directory) == "stop":
                raise _Stopped

        def report(label: str, fields: Event) -> None:
            journal.write("measure", {"stage": stage.name} | fields, arm=label)

        trials = Trials(report, pulse)
        words = QUESTIONS[stage.name]
        experiment = reduced(Experiment.model_validate(state.base), trials)
        about = {"title": words.title, "question": words.question, "teaching": words.teaching}
        runs = f"{experiment.data.train:,} training and {experiment.data.evaluation:,} validation examples"
        journal.write(
            "stage",
            {"stage": stage.name} | about | {"plan": [runs], "seconds": 0.0, "experiment": experiment.to_dict()},
        )
        try:
            advice = (
                _why(experiment, trials, journal, pulse)
                if stage.name == "why"
                else _found(stage.name, experiment, trials, journal)
            )
        except _Stopped:
            return
        journal.write("recommendation", {"stage": stage.name} | advice.to_dict())


def _found(what: str, experiment: Experiment, trials: Trials, journal: Journal) -> Advice:
    """One of the searches; its rows as evidence. λ for the whole of the data keeps λ/n."""
    search: dict[str, Callable[[Experiment, Trials], SearchResult]] = {
        "find-eta": find_eta,
        "find-lambda": find_lambda,
        "find-batch": find_mini_batch,
    }
    found = search[what](experiment, trials)
    for row in found.rows:
        journal.write("row", {"stage": what, "label": row.label, "text": row.text, "good": row.good})
    chosen, because = dict(found.settings), found.because
    if what == "find-lambda":
        whole = len(trials.dataset(Experiment.model_validate(fold(journal.events).base)).training)
        few = len(trials.dataset(experiment).training)
        if whole != few:
            chosen["training.lambda"] = float(f"{found.chosen * whole / few:.3g}")
            because += f" For all {whole:,} examples that is λ = {chosen['training.lambda']:g}."
    return Advice(chosen, because, found.sure)


def _why(experiment: Experiment, trials: Trials, journal: Journal, pulse: Callable[[], None]) -> Advice:
    """What is known before training, what a few epochs show, and whether a tenth of η or no λ would help."""
    training = experiment.training
    found = checkup(experiment, pulse=pulse)
    known = found.before
    for verdict in known:
        journal.write("row", {"stage": "why", "label": "before training", "text": verdict.text, "code": verdict.code})
    brief = changed(
        experiment,
        {
            "training.epochs": min(_BRIEF, training.epochs),
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
    verdict = known[0] if known and known[0].code == "shrink-factor" else found.after[0]
    best = max(scores, key=lambda label: float(scores[label].mean()))
    gain = 100 * float(scores[best].mean() - scores["as it is"].mean())
    noise = 100 * float((scores[best] - scores["as it is"]).std(ddof=1) / len(scores[best]) ** 0.5)
    if best != "as it is" and gain > max(2 * noise, 2.0):
        because = f"{verdict.text} Of what was tried, {best} helps most: {gain:+.0f} points."
        return Advice(cures[best], because, f"± {noise:.1f} points, {len(scores[best])} seeds side by side.")
    because = f"{verdict.text} None of the quick cures does better than your own settings beyond luck."
    return Advice({}, because, "The whole way, step by step, asks further questions.")
