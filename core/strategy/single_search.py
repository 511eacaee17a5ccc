"""One question alone, of the experiment as it is: which η, which λ, which m, or why nothing is learnt.

It leaves a journal of one stage, so that whatever shows a strategy shows this as well.
"""

from __future__ import annotations

from pathlib import Path

from threadpoolctl import threadpool_limits
from tunelab.engine.pool import asked_to_leave, leaving_in_order
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, assemble
from tunelab.search import Trials
from tunelab.search.trials import reduced
from tunelab.strategy.journal import Event, Journal, control_word, exists
from tunelab.strategy.questions import question_named
from tunelab.strategy.state import State, fold

__all__ = ["answer", "ask"]


class _Stopped(Exception):
    """Somebody asked to stop, or the process is to end."""


def ask(directory: Path, what: str, experiment: Experiment) -> State:
    """Begin: write down what is asked of which experiment. :class:`BadInput` where it can't be trained."""
    question_named(what)
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
                "titles": {what: question_named(what).title},
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
            if asked_to_leave() or control_word(journal.directory) == "stop":
                raise _Stopped

        def report(label: str, fields: Event) -> None:
            journal.write("measure", {"stage": stage.name} | fields, arm=label)

        trials = Trials(report, pulse)
        question = question_named(stage.name)
        experiment = reduced(Experiment.model_validate(state.base), trials)
        runs = f"{experiment.data.train:,} training and {experiment.data.evaluation:,} validation examples"
        journal.write(
            "stage",
            {"stage": stage.name}
            | question.words
            | {"plan": [runs], "seconds": 0.0, "experiment": experiment.to_dict()},
        )
        try:
            advice = question.answer(experiment, trials, journal, pulse)
        except _Stopped:
            return
        journal.write("recommendation", {"stage": stage.name} | advice.to_dict())
