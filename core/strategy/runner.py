"""Begin a strategy, go on with it to the next decision, and decide: everything by way of its journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits
from tunelab.data.dataset import Report
from tunelab.engine.pool import leaving_in_order
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, assemble, load_data
from tunelab.experiment.dotted_keys import changed, full_key
from tunelab.experiment.fields import value_of
from tunelab.search import Trials
from tunelab.search.trials import by_validation
from tunelab.strategy.dataset_info import DatasetInfo, dataset_info
from tunelab.strategy.journal import Event, Journal, exists, read
from tunelab.strategy.measures import standard_errors
from tunelab.strategy.stage import Recommendation, Stage
from tunelab.strategy.stages import BUDGET, NAMES, STAGES, seconds_allowed, stage_named
from tunelab.strategy.state import State, fold
from tunelab.strategy.trial_runner import Context, Interrupted, MakeTrainer, OutOfTime, TrialRunner, with_epochs
from tunelab.wording import did_you_mean

__all__ = ["ACTIONS", "advance", "begin", "decide", "load", "reopen", "run_to_the_end"]

ACTIONS = ("accept", "change", "skip", "back", "try", "stop")
_SEEDS = 3

See = Callable[[Event], None]


def load(directory: Path) -> State:
    """Where a strategy stands; :class:`BadInput` where none has been begun there."""
    state = fold(read(directory))
    if not state.about:
        raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
    return state


def begin(
    directory: Path,
    experiment: Experiment,
    *,
    budget: float | None = None,
    stop_after: str | None = None,
    seeds: int = _SEEDS,
    see: See | None = None,
    report: Report | None = None,
) -> State:
    """Write the first line of a journal: what the strategy starts from. ``seeds`` are tried side by side.

    Everything that can be wrong with the experiment is found first; :class:`BadInput` says what.
    """
    if stop_after is not None:
        stage_named(stop_after)
    if exists(directory):
        raise BadInput(f"there is a strategy {printable(directory.name)} already; take it up again by its name")
    data = dataset_info(experiment, report)
    experiment = changed(by_validation(experiment), {"initialization.seeds": 1})
    few = {"data.train": min(data.training, 1000), "data.evaluation": min(data.evaluation, 1000)}
    few["training.mini_batch"] = min(experiment.training.mini_batch, few["data.train"])
    trial = changed(experiment, few)
    assemble([trial], load_data(trial))
    with Journal(directory, see) as journal:
        journal.write(
            "begin",
            {
                "experiment": experiment.to_dict(),
                "data": data.to_dict(),
                "budget": budget if budget is not None else BUDGET,
                "stop_after": stop_after,
                "seeds": seeds,
                "seed": experiment.initialization.seed,
                "stages": list(NAMES),
                "titles": {stage.name: stage.title for stage in STAGES},
            },
        )
        return fold(journal.events)


def reopen(
    directory: Path, *, budget: float | None = None, stop_after: str | None = None, see: See | None = None
) -> State:
    """Take up a strategy again: one that was stopped or ran out of time goes on.

    ``budget`` are seconds from now on; what was left is left where None.
    """
    if stop_after is not None:
        stage_named(stop_after)
    with Journal(directory, see) as journal:
        state = fold(journal.events)
        if not state.about:
            raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
        if state.now is None:
            return state
        total = state.budget if budget is None and not (state.done and state.done["reason"] == "budget") else None
        total = total if total is not None else state.spent + (budget or BUDGET)
        journal.write("reopen", {"budget": total, "stop_after": stop_after})
        return fold(journal.events)


def advance(directory: Path | str, see: See | None = None, trainer: MakeTrainer = Trials) -> State:
    """Go on from where the journal stands until the next decision is wanted, or the end.

    What is found is appended as it is found. Killed, or stopped by :func:`tunelab.strategy.journal.send`, it is taken
    up by the next call: a stage that was under way is run again. Raises :class:`BadInput` where another process is at
    it.
    """
    with leaving_in_order(), threadpool_limits(limits=1), Journal(Path(directory), see) as journal:
        state = fold(journal.events)
        if not state.about:
            raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
        while not (state.done or state.asks):
            stage = state.now
            if stage is None:
                _finish(journal, state, "finished")
            elif state.stop_after in NAMES and NAMES.index(stage.name) > NAMES.index(state.stop_after):
                _finish(journal, state, "stop-after")
            elif _hopeless(state):
                _finish(journal, state, "no-better-than-chance")
            else:
                try:
                    _work(journal, state, stage_named(stage.name), trainer)
                except Interrupted:
                    break
            state = fold(journal.events)
        return state


def run_to_the_end(directory: Path, see: See | None = None, trainer: MakeTrainer = Trials) -> State:
    """Go on and accept every recommendation, to the end."""
    state = advance(directory, see, trainer)
    while state.asks:
        decide(directory, "accept", see=see)
        state = advance(directory, see, trainer)
    return state


def _hopeless(state: State) -> bool:
    advised = [stage.recommendation for stage in state.stages.values() if stage.status == "decided"]
    latest = advised[-1] if advised else None
    return bool(latest and latest.get("hopeless"))


def _work(journal: Journal, state: State, stage: Stage, trainer: MakeTrainer) -> None:
    """Run a stage, or what a person wants tried in one, up to its recommendation."""
    context = _context(state, stage)
    standing = state.stages[stage.name]
    trials = TrialRunner(journal, stage.name, context, trainer)
    if standing.tries and standing.recommendation is not None:
        advice = _tried(trials, standing.tries[0], standing.recommendation)
    else:
        plan = stage.plan(context)
        journal.write(
            "stage",
            {"stage": stage.name}
            | stage.words
            | {"plan": list(plan.runs), "seconds": round(plan.seconds, 2), "experiment": plan.experiment.to_dict()}
            | {"chosen": {}, "because": stage.question, "evidence": {}},
        )
        began = journal.time
        try:
            advice = stage.run(trials, plan).to_dict()
            advice["chosen"] = _different(context.experiment, advice["chosen"], stage.subject)
        except OutOfTime:
            advice = _left_out(context)
        advice |= {"seconds": round(journal.time - began, 3)}
    journal.write("recommendation", {"stage": stage.name} | advice | {"pace": trials.pace})


def _different(experiment: Experiment, chosen: dict[str, Any], subject: str | None) -> dict[str, Any]:
    """Only what changes something, and what the stage is about: a person should see what is decided, not what stays."""
    before = experiment.to_dict()
    return {key: value for key, value in chosen.items() if key == subject or value_of(before, key) != value}


def _context(state: State, stage: Stage) -> Context:
    left = state.left if state.left is not None else BUDGET
    paces = [s.recommendation.get("pace") for s in state.stages.values() if s.recommendation is not None]
    measured = [pace for pace in paces if pace]
    return Context(
        state=state,
        experiment=state.experiment(before=stage.name),
        data=DatasetInfo.of_dict(state.about["data"]),
        seeds=int(state.about["seeds"]),
        allowed=max(0.2, seconds_allowed(stage, left, state.stop_after)),
        pace=measured[-1] if measured else 1.5,
    )


def _left_out(context: Context) -> dict[str, Any]:
    because = f"Left out: {context.allowed:.0f} seconds, its share of the budget, were not enough for it."
    return Recommendation({}, because, "").to_dict() | {"left_out": True}


def _tried(trials: TrialRunner, values: dict[str, Any], standing: Event) -> dict[str, Any]:
    """Try what a person asked for beside the recommendation, and say how they compare; it stays what it is."""
    label = ", ".join(f"{key.rsplit('.', 1)[-1]} = {_shown(value)}" for key, value in values.items())
    context = trials.context
    base = changed(context.experiment, standing["chosen"])
    epochs = min(base.training.epochs, 8)
    arms = {
        f"recommended, {epochs} epochs": with_epochs(base, epochs, context.seeds),
        label: with_epochs(changed(base, values), epochs, context.seeds),
    }
    found = trials.run(arms)
    first, own = (trials.accuracy_row(name, events[-1]) for name, events in found.items())
    ahead = standard_errors(own, first)
    word = "within noise of" if abs(ahead) < 1 else "better than" if ahead > 0 else "worse than"
    said = f"Your own {label}: {own.text}, {word} the recommendation ({first.text})."
    kept = {key: standing[key] for key in ("chosen", "because", "sure", "evidence", "validation")}
    others = [*standing["alternatives"], {"chosen": standing["chosen"] | values, "text": said}]
    return kept | {"alternatives": others, "tried": said}


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def decide(
    directory: Path,
    action: str,
    chosen: Mapping[str, Any] | None = None,
    *,
    stage: str | None = None,
    by: str = "tunelab",
    see: See | None = None,
) -> State:
    """Append a decision: ``accept`` the recommendation, ``change`` some of it (dotted keys), ``try`` something first,
    ``skip`` the stage, go ``back`` to an earlier ``stage`` (later ones are then stale), or ``stop``.

    Raises :class:`BadInput` where the action doesn't fit where the strategy stands, or a value won't do.
    """
    if action not in ACTIONS:
        raise BadInput(f"there is no action '{printable(action, 40)}'{did_you_mean(action, ACTIONS)}")
    values = {full_key(key): value for key, value in (chosen or {}).items()}
    with Journal(Path(directory), see) as journal:
        state = fold(journal.events)
        if not state.about:
            raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
        if action == "back":
            _back(journal, state, stage_named(stage or ""), by)
            return fold(journal.events)
        now = state.now
        if action == "stop":
            name = now.name if now else NAMES[-1]
            journal.write(
                "decision",
                {"stage": name, "action": "stop", "by": by, "chosen": {}, "because": "Stopped.", "evidence": {}},
            )
            _finish(journal, fold(journal.events), "stopped")
            return fold(journal.events)
        if now is None or (action != "skip" and (now.status != "asking" or now.recommendation is None)):
            raise BadInput("there is nothing to decide yet: the stage has no recommendation")
        journal.write("decision", {"stage": now.name, "action": action, "by": by} | _decision(state, action, values))
        return fold(journal.events)


def _nothing(because: str) -> dict[str, Any]:
    """A decision that changes no value."""
    return {"chosen": {}, "because": because, "evidence": {}}


def _decision(state: State, action: str, values: dict[str, Any]) -> dict[str, Any]:
    now = state.now
    assert now is not None
    base = state.experiment(before=now.name)
    if action == "skip":
        return _nothing("Skipped: everything stays as it was.")
    assert now.recommendation is not None
    advised = now.recommendation["chosen"]
    if action == "accept":
        changed(base, advised)
        evidence = now.recommendation["evidence"]
        return {"chosen": advised, "because": now.recommendation["because"], "evidence": evidence}
    if not values:
        raise BadInput("say which value: a parameter such as training.eta, and what it should be")
    together = advised | values
    because = "Chosen by hand."
    if "data.train" in values and "training.lambda" not in values:
        before = changed(base, advised).data.train or DatasetInfo.of_dict(state.about["data"]).training
        now_n = values["data.train"] or DatasetInfo.of_dict(state.about["data"]).training
        lmbda = changed(base, advised).training.lmbda * now_n / before
        together["training.lambda"] = float(f"{lmbda:.3g}")
        because += f" λ is {lmbda:.3g} for {now_n:,} examples: λ/n stays."
    changed(base, together)  # a value that won't do is said now
    if action == "try":
        return {"chosen": values, "because": "To be tried before deciding.", "evidence": {}}
    return {"chosen": together, "because": because, "evidence": {"advised": advised}}


def _back(journal: Journal, state: State, stage: Stage, by: str) -> None:
    name = stage.name
    passed = [s.name for s in state.stages.values() if s.status in ("decided", "skipped", "left-out", "asking")]
    if name not in passed:
        raise BadInput(f"there is no going back to {name}: it hasn't been reached yet")
    later = [other for other in NAMES[NAMES.index(name) + 1 :] if state.stages[other].status != "ahead"]
    if state.done is not None:
        journal.write(
            "reopen", {"budget": max(state.budget or 0.0, state.spent + BUDGET), "stop_after": state.stop_after}
        )
    journal.write(
        "decision", {"stage": name, "action": "back", "by": by, "chosen": {}, "because": stage.undo, "evidence": {}}
    )
    if later:
        journal.write("stale", {"stages": later})


def _finish(journal: Journal, state: State, reason: str) -> None:
    """Write how it ended: the winner's last measurement, and what was left out."""
    measured = [events[-1] for stage in state.stages.values() for events in stage.arms.values() if events]
    final = measured[-1] if measured else None
    left_out = [stage.name for stage in state.stages.values() if stage.status == "left-out"]
    journal.write(
        "done",
        {
            "reason": reason,
            "experiment": state.experiment().to_dict(),
            "final": final,
            "best": final,
            "weights_sha256": "",
            "left_out": left_out,
            "seconds": round(journal.time, 3),
        },
    )
