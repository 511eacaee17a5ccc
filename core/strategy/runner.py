"""Begin a strategy, go on with it to the next decision, and decide: everything by way of its journal."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from threadpoolctl import threadpool_limits
from tunelab.data.dataset import Report
from tunelab.data.digits_dataset import FEW, digits_are_kept
from tunelab.engine.pool import leaving_in_order
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, assemble, load_data
from tunelab.experiment.dotted_keys import changed, full_key
from tunelab.experiment.fields import value_of
from tunelab.search.trials import by_validation
from tunelab.strategy.choice import best_or_present, choice_text
from tunelab.strategy.closing import CLOSING, SECONDS, Outcome, recorded_outcome, train_outcome
from tunelab.strategy.dataset_info import DatasetInfo, dataset_info
from tunelab.strategy.journal import Event, Journal, exists, read
from tunelab.strategy.local_trainer import start_drawing
from tunelab.strategy.recorded_trials import RecordingTrainer
from tunelab.strategy.settings import settings_text
from tunelab.strategy.stage import Recommendation, Stage
from tunelab.strategy.stages import BUDGET, NAMES, STAGES, seconds_planned, stage_named
from tunelab.strategy.state import State, fold
from tunelab.strategy.trial_runner import Context, Interrupted, MakeTrainer, OutOfTime, TrialRunner, with_epochs
from tunelab.wording import did_you_mean

__all__ = ["ACTIONS", "advance", "begin", "decide", "load", "reopen", "run_to_the_end"]

ACTIONS = ("accept", "change", "skip", "back", "try", "stop")
_SEEDS = 3
_PACE = 2.0  # times the modelled seconds, before anything was measured
_SPARE = 1.3  # times the seconds that a stage thinks it needs, since it may err
_FOLD_SEEDS = 3  # networks that each fold trains in searches, where there is time for them
_OVERRUN = 1.6  # times its share that a stage may use before it is cut off, or all that the others don't need
_LEAST_EFFORT = 0.1  # of the usual length of trainings, where time is short
_TRIED, _TRIED_STEPS = 4000, 2000  # examples and steps of what a person wants tried
_CUT_SHORT = "The time was up before everything planned had been tried."
_DRAWING_PAYS = 20.0  # seconds of budget from which on all digits may come to be used
_TOO_LITTLE = 0.05  # seconds left with which no stage is begun
_LEAST = 1.5  # seconds that a stage may plan for whatever it says, as long as there are enough
_MOST = 0.6  # of the time left that a stage before the last ones may use

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
    skip: Sequence[str] = (),
    seeds: int = _SEEDS,
    see: See | None = None,
    report: Report | None = None,
) -> State:
    """Write the first line of a journal: what the strategy starts from. ``seeds`` are tried side by side.

    ``budget`` are seconds of work; without one nothing is left out for lack of time. Everything that can be wrong with
    the experiment is found first; :class:`BadInput` says what.
    """
    for name in (*skip, *([stop_after] if stop_after else [])):
        stage_named(name)
    if exists(directory):
        raise BadInput(f"there is a strategy {printable(directory.name)} already; take it up again by its name")
    data = dataset_info(experiment, report)
    experiment = changed(by_validation(experiment), {"initialization.seeds": 1})
    few = {"data.train": min(data.training, 100), "data.evaluation": min(data.evaluation, 100)}
    few["training.mini_batch"] = min(experiment.training.mini_batch, few["data.train"])
    trial = changed(experiment, few)
    assemble([trial], load_data(trial))
    with Journal(directory, see) as journal:
        journal.write(
            "begin",
            {
                "experiment": experiment.to_dict(),
                "data": data.to_dict(),
                "budget": budget,
                "stop_after": stop_after,
                "skip": list(skip),
                "seeds": seeds,
                "seed": experiment.initialization.seed,
                "stages": list(NAMES),
                "titles": {stage.name: stage.title for stage in STAGES},
            },
        )
        return fold(journal.events)


def reopen(
    directory: Path,
    *,
    budget: float | None = None,
    stop_after: str | None = None,
    skip: Sequence[str] = (),
    see: See | None = None,
    report: Report | None = None,
) -> State:
    """Take up a strategy again: one that was stopped or ran out of time goes on, one at its end stays there.

    ``budget`` are seconds from now on; what was left is left where None. Raises :class:`BadInput` where the data are
    no longer those that it began with.
    """
    for name in (*skip, *([stop_after] if stop_after else [])):
        stage_named(name)
    with Journal(directory, see) as journal:
        state = fold(journal.events)
        if not state.about:
            raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
        left_out = [stage.name for stage in state.stages.values() if stage.status == "left-out"]
        if state.now is None and not (left_out and (budget is not None or _out_of_budget(state))):
            return state
        _check_data(state, report)
        total = state.budget
        if state.budget is not None and (budget is not None or _out_of_budget(state)):
            total = state.spent + (budget or BUDGET)
        words = {"budget": total, "stop_after": stop_after, "left_out_again": bool(left_out)}
        journal.write("reopen", words | {"skip": list(skip or state.skip)})
        return fold(journal.events)


def _out_of_budget(state: State) -> bool:
    return state.done is not None and state.done["reason"] == "budget"


def _check_data(state: State, report: Report | None) -> None:
    """Refuse to go on with other data than the strategy began with."""
    before = DatasetInfo.of_dict(state.about["data"])
    if not before.fingerprint:
        return  # begun by an earlier version
    now = dataset_info(Experiment.model_validate(state.base), report)
    if (now.fingerprint, now.training, now.classes) != (before.fingerprint, before.training, before.classes):
        raise BadInput(
            f"the data of {printable(state.name)} have changed since it began ({before.training:,} training examples "
            f"of {printable(before.title)} then); what it found is about the old ones: begin another study"
        )


def advance(directory: Path | str, see: See | None = None, trainer: MakeTrainer = RecordingTrainer) -> State:
    """Go on from where the journal stands until the next decision is wanted, or the end.

    What is found is appended as it is found. Killed, or stopped by :func:`tunelab.strategy.journal.send`, it is taken
    up by the next call: a stage that was under way is run again. Raises :class:`BadInput` where another process is at
    it.
    """
    return _advance(Path(directory), see, trainer, accept=False)


def run_to_the_end(directory: Path, see: See | None = None, trainer: MakeTrainer = RecordingTrainer) -> State:
    """Go on and accept every recommendation, to the end or until somebody says stop."""
    return _advance(directory, see, trainer, accept=True)


def _advance(directory: Path, see: See | None, trainer: MakeTrainer, *, accept: bool) -> State:
    with leaving_in_order(), threadpool_limits(limits=1), Journal(directory, see) as journal:
        state = fold(journal.events)
        if not state.about:
            raise BadInput(f"there is no strategy in {printable(directory)}: it has no journal")
        folded_events = len(journal.events)
        try:
            while not state.done and (accept or not state.asks):
                if state.asks:
                    _write_decision(journal, state, "accept", {}, "tunelab")
                else:
                    if trainer is RecordingTrainer:
                        _prepare_data(state)
                    _step(journal, state, trainer)
                state, folded_events = fold(journal.events[folded_events:], state), len(journal.events)
        except Interrupted:
            state = fold(journal.events)
        return state


def _prepare_data(state: State) -> None:
    """Have all digits drawn meanwhile, after the first answers, where they will be wanted and there is time for it."""
    if state.stages["chance"].status in ("ahead", "working"):
        return
    experiment, data = Experiment.model_validate(state.base), DatasetInfo.of_dict(state.about["data"])
    wanted = experiment.data.name == "digits" and data.training + data.evaluation > FEW and not digits_are_kept()
    if wanted and (state.left is None or state.left > _DRAWING_PAYS):
        start_drawing(experiment)


def _step(journal: Journal, state: State, trainer: MakeTrainer) -> None:
    """Run the stage that is next, skip it, or come to the end."""
    stage = state.now
    if stage is None:
        left_out = any(other.status == "left-out" for other in state.stages.values())
        _finish(journal, state, "budget" if left_out else "finished", trainer)
    elif state.stop_after in NAMES and NAMES.index(stage.name) > NAMES.index(state.stop_after):
        _finish(journal, state, "stop-after", trainer)
    elif _hopeless(state):
        _finish(journal, state, "no-better-than-chance", trainer)
    elif stage.name in state.skip:
        about = {"stage": stage.name, "action": "skip", "by": "person"}
        journal.write("decision", about | _nothing("Skipped, as was asked: everything stays as it was."))
    else:
        _work(journal, state, stage_named(stage.name), trainer)


def _hopeless(state: State) -> bool:
    advised = [stage.recommendation for stage in state.stages.values() if stage.status == "decided"]
    latest = advised[-1] if advised else None
    return bool(latest and latest.get("hopeless"))


def _work(journal: Journal, state: State, stage: Stage, trainer: MakeTrainer) -> None:
    """Run a stage, or what a person wants tried in one, up to its recommendation."""
    if state.left is not None and state.left < _TOO_LITTLE and stage.name != NAMES[0]:
        journal.write(
            "recommendation", {"stage": stage.name, "pace": None, "seconds": 0.0} | _left_out("the time is used up")
        )
        return
    context = _context(state, stage)
    standing = state.stages[stage.name]
    trials = TrialRunner(journal, stage.name, context, trainer)
    if standing.tries and standing.recommendation is not None:
        advice = _tried(trials, standing.tries[0], standing.recommendation)
    else:
        plan = stage.plan(context)
        if stage.optional and state.budget is not None and context.planned < min(plan.seconds, stage.seconds_at_most):
            because = f"it would take {plan.seconds:.1f} seconds, and {context.planned:.1f} can be spared"
            journal.write("recommendation", {"stage": stage.name, "pace": None, "seconds": 0.0} | _left_out(because))
            return
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
            if trials.is_cut_short:
                advice["sure"] = f"{_CUT_SHORT} {advice['sure']}".strip()
        except OutOfTime:
            advice = _left_out(f"{context.planned:.1f} seconds, its share of the budget, were not enough for it")
        advice |= {"seconds": round(journal.time - began, 3)}
    journal.write("recommendation", {"stage": stage.name} | advice | {"pace": trials.pace})


def _different(experiment: Experiment, chosen: dict[str, Any], subject: str | None) -> dict[str, Any]:
    """Only what changes something, and what the stage is about: a person should see what is decided, not what stays."""
    before = experiment.to_dict()
    return {key: value for key, value in chosen.items() if key == subject or value_of(before, key) != value}


def _context(state: State, stage: Stage | None) -> Context:
    """What a stage may rest on; with None what the end of the strategy may."""
    left = state.left if state.left is not None else BUDGET
    # What optional stages try is trained by numpy, which says little of how fast the others' trainings are
    optional = {other.name for other in STAGES if other.optional}
    advised = [s.recommendation for s in state.stages.values() if s.recommendation and s.name not in optional]
    measured = [pace for advice in advised if (pace := advice.get("pace"))]
    context = Context(
        state=state,
        experiment=state.experiment(before=stage.name if stage is not None else None),
        data=DatasetInfo.of_dict(state.about["data"]),
        seeds=int(state.about["seeds"]),
        allowed=math.inf if state.budget is None else left,
        planned=SECONDS,
        left=left,
        pace=median(measured[-3:]) if measured else _PACE,
    )
    if stage is None:
        return context
    shares, needs = _shares(context, stage)
    others = sum(needs.values()) - needs[stage.name]  # what those that follow need where time is short
    for fold_seeds in range(_FOLD_SEEDS, 1, -1) if context.data.folds else ():
        thorough = replace(context, fold_seeds=fold_seeds)
        more_shares, more_needs = _shares(thorough, stage)
        if sum(more_needs.values()) <= left:
            context, shares, needs = thorough, more_shares, more_needs
            break
    if (
        shares[stage.name] < needs[stage.name] and context.seeds > 1 and not stage.optional
    ):  # one network each has to do
        context = replace(context, seeds=1)
        shares, needs = _shares(context, stage)
        others = sum(needs.values()) - needs[stage.name]
    planned, needed = shares[stage.name], needs[stage.name]
    if planned < needed and not stage.optional:  # … and then shorter trainings
        context = replace(context, effort=max(_LEAST_EFFORT, planned / needed))
    if not stage.optional:
        planned = max(min(_LEAST, 0.08 * left), planned)
    allowed = left
    if stage.name == "full":
        planned = max(planned, left - others)
    elif stage.name != "test":
        allowed = min(max(_OVERRUN * planned, left - others), _MOST * left)
    return replace(context, planned=planned, allowed=math.inf if state.budget is None else max(0.1, allowed))


def _shares(context: Context, stage: Stage) -> tuple[dict[str, float], dict[str, float]]:
    """Share the seconds that are left among this stage and those after it; return each one's share and need.

    Where they aren't enough for all, optional stages to come have no share.
    """
    state = context.state
    last = NAMES.index(state.stop_after) if state.stop_after in NAMES else len(NAMES) - 1
    coming = [
        other
        for other in STAGES[NAMES.index(stage.name) : last + 1]
        if other is stage or (other.name in state.stages and other.name not in state.skip)
    ]
    generous = {other.name: replace(context, planned=other.seconds_at_most) for other in coming}
    needs = {
        other.name: min(_SPARE * other.plan(generous[other.name]).seconds, other.seconds_at_most) for other in coming
    }
    if sum(needs.values()) > context.left:
        needs = {name: need for name, need in needs.items() if name == stage.name or not stage_named(name).optional}
    return seconds_planned(needs, context.left), needs


def _left_out(why: str) -> dict[str, Any]:
    return Recommendation({}, f"Left out: {why}.", "").to_dict() | {"left_out": True}


def _tried(trials: TrialRunner, values: dict[str, Any], standing: Event) -> dict[str, Any]:
    """Try what a person asked for beside the recommendation, and say how they compare; it stays what it is."""
    label = settings_text(values)
    context = trials.context
    whole = changed(context.experiment, standing["chosen"])
    base = context.view(_TRIED, _TRIED, base=whole)
    base = with_epochs(base, context.epochs(base, _TRIED_STEPS), context.search_seeds)
    own = context.view(_TRIED, _TRIED, base=changed(whole, values))
    recommended = "recommended"
    arms = {recommended: base, label: with_epochs(own, base.training.epochs, context.search_seeds)}
    evaluations = trials.judge(arms, recommended)
    chosen = best_or_present(evaluations, recommended)
    text = f"Your own {label}: {choice_text(evaluations, recommended, chosen)}"
    standing_fields = {key: standing[key] for key in ("chosen", "because", "sure", "evidence", "validation")}
    others = [*standing["alternatives"], {"chosen": standing["chosen"] | values, "text": text}]
    return standing_fields | {"alternatives": others, "tried": text}


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
            _finish(journal, fold(journal.events), "stopped", None)
            return fold(journal.events)
        if now is None or (action != "skip" and (now.status != "asking" or now.recommendation is None)):
            raise BadInput("there is nothing to decide yet: the stage has no recommendation")
        _write_decision(journal, state, action, values, by)
        return fold(journal.events)


def _write_decision(journal: Journal, state: State, action: str, values: dict[str, Any], by: str) -> None:
    assert state.now is not None  # whoever asks has looked
    about = {"stage": state.now.name, "action": action, "by": by}
    journal.write("decision", about | _decision(state, action, values))


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
    if about := next((key for key in values if key.startswith("data.")), None):
        raise BadInput(f"{about} belongs to the problem that was asked about, which stays; change it and begin anew")
    together = advised | values
    because = "Chosen by hand."
    changed(base, together)  # a value that won't do is said now
    if action == "try":
        return {"chosen": values, "because": "To be tried before deciding.", "evidence": {}}
    return {"chosen": together, "because": because, "evidence": {"advised": advised}}


def _back(journal: Journal, state: State, stage: Stage, by: str) -> None:
    name = stage.name
    passed = [s.name for s in state.stages.values() if s.status in ("decided", "skipped", "left-out", "asking")]
    if name not in passed:
        raise BadInput(f"there is no going back to {name}: it hasn't been reached yet")
    after = (other for other in NAMES[NAMES.index(name) + 1 :] if other in state.stages)
    later = [other for other in after if state.stages[other].status != "ahead"]
    if state.done is not None:
        journal.write(
            "reopen",
            {
                "budget": None if state.budget is None else max(state.budget, state.spent + BUDGET),
                "stop_after": state.stop_after,
            },
        )
    journal.write(
        "decision", {"stage": name, "action": "back", "by": by, "chosen": {}, "because": stage.undo, "evidence": {}}
    )
    if later:
        journal.write("stale", {"stages": later})


def _finish(journal: Journal, state: State, reason: str, trainer: MakeTrainer | None) -> None:
    """Write how it ended: the winner, how good it and the own settings are on the problem asked about, what is missing.

    Without a trainer, or without time, there is no number.
    """
    outcome = recorded_outcome(state)
    if outcome is None and trainer is not None:
        outcome = train_outcome(TrialRunner(journal, CLOSING, _context(state, None), trainer))
    if outcome is None:
        outcome = Outcome(state.experiment(), None, None, None, "It was stopped before its settings could be judged.")
    left_out = [stage.name for stage in state.stages.values() if stage.status == "left-out"]
    about = {"reason": reason} | outcome.to_dict()
    journal.write("done", about | {"weights_sha256": "", "left_out": left_out, "seconds": round(journal.time, 3)})
