"""Every path through the strategy, with a scripted trainer: what was asked is answered, and nothing gets worse."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scripted_trainer import Script, scripted, three_classes
from tunelab import Experiment
from tunelab.activations import ACTIVATIONS
from tunelab.errors import BadInput
from tunelab.initialization import WEIGHTS
from tunelab.strategy import journal
from tunelab.strategy.runner import advance, begin, decide, reopen, run_to_the_end
from tunelab.strategy.settings import differences
from tunelab.strategy.stages import NAMES, STAGES, declaration, seconds_planned
from tunelab.strategy.state import State, fold


def good(experiment: Experiment) -> float:
    """Better settings are found wherever one looks: η near 1, a wide network, tanh, λ/n near 1e-3."""
    training, network = experiment.training, experiment.network
    score = 0.6
    score += 0.1 if 0.1 < training.eta < 20 else 0.0
    score += 0.1 if sum(network.hidden) >= 30 else 0.0
    score += 0.05 if network.activation == "tanh" else 0.0
    return score


def at_chance(_: Experiment) -> float:
    """Nothing is learnt, whatever is tried."""
    return 1 / 3


def spoilt(experiment: Experiment) -> float:
    """The own settings are the best there are."""
    return 0.9 if experiment.training.eta == 0.37 else 0.7


@pytest.fixture(autouse=True)
def no_second_opinion(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range test trains networks of its own; here nothing is to be trained."""
    monkeypatch.setattr("tunelab.search.eta.range_test", lambda *_, **__: SimpleNamespace(text=""), raising=False)


@pytest.fixture(params=[900, 5000], ids=["folds", "held out"])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Experiment:
    path = three_classes(tmp_path / "table.csv", request.param)
    return Experiment(
        data={"name": str(path)},
        network={"hidden": [8]},
        training={"eta": 0.01, "epochs": 3},
        initialization={"seed": 4},
    )


def tuned(place: Path, asked: Experiment, script: Script, **how: Any) -> State:
    begin(place, asked, seeds=2, **how)
    return run_to_the_end(place, trainer=scripted(script))


def about_the_asked_problem(state: State, asked: Experiment) -> None:
    """The end is about the data that were asked about, or says that there was no time and gives no number."""
    done = state.done
    assert done is not None
    assert state.winner.data == asked.data
    assert state.experiment().data == asked.data
    began, ended = done["began"], done["ended"]
    assert (began is None) == (ended is None)
    if began is None:
        assert "no time" in done["because"] or "stopped" in done["because"]
        return
    assert (began["classes"], began["total"], began["metric"]) == (3, ended["total"], ended["metric"])
    assert ended["classes"] == 3
    assert ended["value"] >= began["value"] - 1e-9
    if done["test"] is not None:
        assert done["test"]["classes"] == 3


def test_every_stage_makes_its_choice_and_the_end_is_better_than_the_beginning(
    tmp_path: Path, asked: Experiment
) -> None:
    state = tuned(tmp_path / "study", asked, good)
    about_the_asked_problem(state, asked)
    assert state.done is not None
    assert state.done["reason"] == "finished"
    assert [stage.status for stage in state.stages.values()] == ["decided"] * len(STAGES)
    assert state.done["ended"]["value"] > state.done["began"]["value"] + 0.1
    assert state.winner.training.eta > 0.1
    assert sum(state.winner.network.hidden) >= 30
    assert state.winner.network.activation == "tanh"
    assert state.done["test"]["total"] > 0
    assert state.done["final"]["evaluation_accuracy"] == pytest.approx(state.done["ended"]["value"], abs=0.01)


def test_what_is_best_already_stays_and_nothing_was_gained(tmp_path: Path, asked: Experiment) -> None:
    own = asked.changed({"training.eta": 0.37})
    state = tuned(tmp_path / "study", own, spoilt)
    assert state.done is not None
    assert differences(own, state.winner) == {}
    assert "Nothing was gained" in state.done["because"]
    assert state.done["ended"] == state.done["began"]


def test_a_change_on_the_small_problem_that_does_not_hold_on_the_whole_is_undone(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 9000)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})

    def deceptive(experiment: Experiment) -> float:
        small = (experiment.data.train or 9000) <= 4000
        return 0.9 if (experiment.training.eta > 0.1) == small else 0.6

    state = tuned(tmp_path / "study", asked, deceptive)
    assert state.stages["eta"].decision is not None
    assert state.stages["eta"].decision["chosen"]["training.eta"] > 0.1
    assert differences(asked, state.winner).get("training.eta", 0.01) <= 0.1
    about_the_asked_problem(state, asked)


def subsets() -> Iterator[tuple[str, ...]]:
    """Subsets of which, for any two stages, some skip both, some neither, and some each of them without the other."""
    yield NAMES
    for bit in range(len(NAMES).bit_length()):
        for value in (0, 1):
            yield tuple(name for place, name in enumerate(NAMES) if place >> bit & 1 == value)
    rng = random.Random(3)
    yield from (tuple(name for name in NAMES if rng.random() < 0.5) for _ in range(3))


def test_the_subsets_skip_any_two_stages_in_every_combination() -> None:
    skipped = [(), *subsets()]
    for one, other in itertools.combinations(NAMES, 2):
        assert len({(one in skip, other in skip) for skip in skipped}) == 4


@pytest.mark.parametrize("script", [good, at_chance, spoilt], ids=["good", "at chance", "spoilt"])
def test_whatever_is_skipped_the_asked_problem_is_answered(tmp_path: Path, script: Script) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    for number, skip in enumerate(itertools.islice(subsets(), 0, None, 1 if script is good else 4)):
        state = tuned(tmp_path / f"study-{number}", asked, script, skip=skip)
        about_the_asked_problem(state, asked)
        assert all(state.stages[name].status in ("skipped", "ahead") for name in skip)


@pytest.mark.parametrize("stop_after", ["baseline", "chance", "lambda", "widen", "full", "test"])
def test_wherever_it_stops_the_asked_problem_is_answered_and_it_goes_on(tmp_path: Path, stop_after: str) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    place = tmp_path / "study"
    state = tuned(place, asked, good, stop_after=stop_after)
    about_the_asked_problem(state, asked)
    reopen(place)
    state = run_to_the_end(place, trainer=scripted(good))
    assert state.done is not None
    assert state.done["reason"] == "finished"
    about_the_asked_problem(state, asked)


class Clock:
    """A clock that a trainer moves on."""

    def __init__(self) -> None:
        self.now = 0.0


@pytest.mark.parametrize(
    ("budget", "each"), [(1.0, 0.001), (1.0, 2.0), (5.0, 0.1), (20.0, 0.1), (60.0, 0.1), (60.0, 2.0), (1e7, 2.0)]
)
def test_whatever_the_budget_cuts_off_the_asked_problem_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: float, each: float
) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)

    def slow(experiment: Experiment) -> float:
        clock.now += each
        return good(experiment)

    place = tmp_path / "study"
    state = tuned(place, asked, slow, budget=budget)
    about_the_asked_problem(state, asked)
    assert state.done is not None
    assert state.done["reason"] in ("finished", "budget")
    assert (state.done["reason"] == "budget") == bool(state.done["left_out"])
    assert state.spent < budget + 30 * each + 5
    reopen(place, budget=1e7)
    state = run_to_the_end(place, trainer=scripted(good))
    assert state.done is not None
    assert state.done["left_out"] == []
    about_the_asked_problem(state, asked)


def test_a_stage_that_is_cut_off_concludes_from_what_it_has_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Experiment
) -> None:
    """Every training takes a tenth of a second, so that each stage can make a few of those that it plans."""
    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)

    def slow(experiment: Experiment) -> float:
        clock.now += 0.1
        return good(experiment)

    begin(tmp_path / "study", asked, seeds=1, budget=6.0)
    state = run_to_the_end(tmp_path / "study", trainer=scripted(slow))
    cut_short = [
        name
        for name, stage in state.stages.items()
        if stage.recommendation is not None and "time was up" in stage.recommendation["sure"]
    ]
    assert len(cut_short) >= 2
    for name in cut_short:
        stage = state.stages[name]
        assert stage.status == "decided"
        assert stage.recommendation is not None
        assert stage.recommendation["validation"] is not None
        assert len(stage.rows) >= 2
    about_the_asked_problem(state, asked)


def test_without_a_budget_nothing_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Experiment
) -> None:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)

    def slow(experiment: Experiment) -> float:
        clock.now += 50.0
        return good(experiment)

    state = tuned(tmp_path / "study", asked, slow)
    assert state.done is not None
    assert state.done["left_out"] == []


def test_interrupted_after_any_event_it_goes_on_to_the_same_end(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    whole = tuned(tmp_path / "study", asked, good)
    lines = (tmp_path / "study" / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    cuts = [i + 1 for i, line in enumerate(lines) if '"event": "measure"' not in line and '"event": "row"' not in line]
    for cut in cuts[1::4]:
        place = tmp_path / f"cut-{cut}"
        place.mkdir()
        (place / "journal.jsonl").write_text("".join(lines[:cut]), "utf-8")
        record = tmp_path / "study" / "scripted.json"
        (place / "scripted.json").write_text(record.read_text("utf-8"), "utf-8")
        state = run_to_the_end(place, trainer=scripted(good))
        assert state.winner == whole.winner
        about_the_asked_problem(state, asked)


def test_a_stop_asked_for_in_the_middle_leaves_no_number_and_the_same_study_goes_on(
    tmp_path: Path, asked: Experiment
) -> None:
    place = tmp_path / "study"
    begin(place, asked, seeds=2)
    advance(place, trainer=scripted(good))
    decide(place, "accept")
    count = itertools.count()

    def stopping(experiment: Experiment) -> float:
        if next(count) == 3:
            journal.send(place, "stop")
        return good(experiment)

    state = advance(place, trainer=scripted(stopping))
    while state.asks:
        decide(place, "accept")
        state = advance(place, trainer=scripted(stopping))
    state = run_to_the_end(place, trainer=scripted(good))
    assert state.done is not None
    about_the_asked_problem(state, asked)


def test_each_stage_can_be_changed_and_undone(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    place = tmp_path / "study"
    state = tuned(place, asked, good)
    for stage in STAGES[::3]:
        state = decide(place, "back", stage=stage.name, by="person")
        assert state.now is not None
        assert state.now.name == stage.name
        assert state.done is None
        state = decide(place, "change", {"training.eta": 0.5}, by="person")
        assert state.experiment(before=_after(stage.name)).training.eta == 0.5
        state = run_to_the_end(place, trainer=scripted(good))
        about_the_asked_problem(state, asked)


def _after(name: str) -> str | None:
    place = NAMES.index(name) + 1
    return NAMES[place] if place < len(NAMES) else None


def test_what_belongs_to_the_problem_cannot_be_decided(tmp_path: Path, asked: Experiment) -> None:
    begin(tmp_path / "study", asked, seeds=2)
    advance(tmp_path / "study", trainer=scripted(good))
    with pytest.raises(BadInput, match="belongs to the problem"):
        decide(tmp_path / "study", "change", {"data.train": 10})


def test_where_nothing_learns_the_conclusion_lists_what_was_tried_and_recommends_nothing(
    tmp_path: Path, asked: Experiment
) -> None:
    trained: list[Experiment] = []
    begin(tmp_path / "study", asked, seeds=2)
    state = run_to_the_end(tmp_path / "study", trainer=scripted(at_chance, trained))
    assert state.done is not None
    assert state.done["reason"] == "no-better-than-chance"
    chance = state.stages["chance"].recommendation
    assert chance is not None
    assert "No signal found" in chance["because"]
    assert "order" in chance["because"]  # the control
    assert chance["chosen"] == {}
    assert differences(asked, state.winner) == {}
    etas = {experiment.training.eta for experiment in trained}
    assert max(etas) >= 100
    assert min(etas) <= 1e-6 * 1.001
    assert {"tanh", "relu"} <= {experiment.network.activation for experiment in trained}
    assert any(experiment.network.hidden for experiment in trained)
    assert "eta" not in [name for name, stage in state.stages.items() if stage.status == "decided"]


@pytest.mark.parametrize(
    ("helps", "setting"),
    [
        (lambda e: e.training.lmbda == 0, {"training.lambda": 0.0}),
        (lambda e: e.training.lmbda == 0 and e.training.eta < 1e-3, {"training.lambda": 0.0}),
        (lambda e: bool(e.network.hidden), {}),
        (lambda e: e.network.output == "softmax", {"network.output": "softmax"}),
        (lambda e: e.training.mini_batch == 100, {"training.mini_batch": 100}),
    ],
)
def test_the_ladder_finds_what_helps(tmp_path: Path, helps: Any, setting: dict[str, Any]) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, training={"eta": 0.5, "lambda": 500.0, "epochs": 3})

    def script(experiment: Experiment) -> float:
        own = experiment.data.classes is None and experiment.training.lmbda > 100
        return 0.9 if helps(experiment) and not own else 1 / 3

    state = tuned(tmp_path / "study", asked, script, stop_after="chance")
    chance = state.stages["chance"].decision
    assert chance is not None
    assert setting.items() <= chance["chosen"].items()


def test_a_baseline_that_learns_is_never_denied(tmp_path: Path, asked: Experiment) -> None:
    def only_whole(experiment: Experiment) -> float:
        return 0.9 if experiment.data.classes is None and experiment.network.hidden else 1 / 3

    state = tuned(tmp_path / "study", asked, only_whole)
    assert state.done is not None
    assert state.done["reason"] == "finished"
    assert state.done["ended"]["value"] == pytest.approx(0.9, abs=0.01)


def test_lambda_is_given_for_the_size_that_was_asked_for(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 9000)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.5, "epochs": 3})

    def wants_lambda(experiment: Experiment) -> float:
        n = min(experiment.data.train or 10**9, 6300)
        return 0.9 if 3e-4 < experiment.training.lmbda / n < 3e-2 else 0.6

    state = tuned(tmp_path / "study", asked, wants_lambda, stop_after="lambda")
    advice = state.stages["lambda"].recommendation
    assert advice is not None
    lmbda = advice["chosen"]["training.lambda"]
    n = int(state.about["data"]["training"])
    assert 3e-4 < lmbda / n < 3e-2
    assert f"for your {n:,}" in advice["because"]


def test_data_that_have_changed_are_refused(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"epochs": 3})
    tuned(tmp_path / "study", asked, good, stop_after="baseline")
    three_classes(path, 930)
    with pytest.raises(BadInput, match="have changed"):
        reopen(tmp_path / "study")


def test_one_class_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    path = three_classes(tmp_path / "table.csv", 60, labels=["only"])
    with pytest.raises(BadInput):
        begin(tmp_path / "study", Experiment(data={"name": str(path)}))
    assert not (tmp_path / "study").exists()


def test_all_stages_get_what_they_need_where_there_is_time_enough_else_their_share() -> None:
    assert seconds_planned({"eta": 2.0, "widen": 5.0}, 100.0) == {"eta": 2.0, "widen": 5.0}
    scarce = seconds_planned({"shrink": 0.1, "eta": 50.0, "widen": 50.0, "full": 500.0}, 20.0)
    assert scarce["shrink"] == 0.1
    assert sum(scarce.values()) == pytest.approx(20.0)
    assert scarce["full"] > scarce["widen"] > scarce["eta"]


def test_a_stage_stands_in_one_place() -> None:
    for stage in STAGES:
        assert declaration(stage.name) is stage
        assert all((stage.title, stage.short, stage.question, stage.teaching, stage.undo))
        assert stage.judged_by in ("cost", "accuracy")
    assert len(set(NAMES)) == len(STAGES)


def test_a_study_of_the_version_before_opens_and_is_about_the_asked_problem() -> None:
    """Its decisions held the shrunken data; λ was that of the small problem."""
    base = Experiment(data={"train": 5000}, training={"lambda": 50.0})
    head = {"run": "old", "arm": "", "time": 0.0}
    about = {"classes": ["0", "1"], "pair": ["0", "1"], "title": "old", "features": 4, "training": 5000}
    counts = {"evaluation": 1000, "pair_training": 5000, "pair_evaluation": 1000}
    names = ["baseline", "shrink", "chance", "eta"]
    events = [
        head | {"event": "begin", "experiment": base.to_dict(), "data": about | counts, "budget": 300.0, "seeds": 3}
        | {"stages": names, "titles": {}},
        head | {"event": "decision", "stage": "shrink", "action": "accept", "by": "tunelab", "because": ""}
        | {"chosen": {"data.train": 1000, "data.evaluation": 100, "network.hidden": [], "training.lambda": 10.0}},
    ]  # fmt: skip
    state = fold(events)
    assert state.experiment().data == base.data
    assert state.experiment().training.lmbda == pytest.approx(50.0)


def test_settings_at_chance_are_not_kept_because_there_was_no_time_for_the_tuned_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    clock = Clock()
    monkeypatch.setattr("time.monotonic", lambda: clock.now)
    place = tmp_path / "study"

    stages: list[str] = []

    def see(event: dict[str, Any]) -> None:
        if event["event"] == "stage":
            stages.append(event["stage"])

    def slow_at_the_end(experiment: Experiment) -> float:
        clock.now += 10.0 if stages[-1:] == ["full"] else 0.01
        return 0.9 if experiment.training.eta > 0.1 else 1 / 3

    begin(place, asked, seeds=2, budget=5.0)
    state = run_to_the_end(place, see, trainer=scripted(slow_at_the_end))
    assert state.stages["eta"].decision is not None
    assert state.winner.training.eta > 0.1
    about_the_asked_problem(state, asked)


@pytest.mark.parametrize(
    ("key", "value"),
    [("initialization.weights", name) for name in WEIGHTS]
    + [("network.activation", name) for name in ACTIVATIONS]
    + [("training.optimizer", "adam"), ("training.momentum", 0.9), ("training.dropout", 0.5), ("network.hidden", [])],
)
def test_whatever_the_network_begins_with_every_stage_runs(tmp_path: Path, key: str, value: Any) -> None:
    path = three_classes(tmp_path / "table.csv", 300)
    asked = Experiment(data={"name": str(path)}, network={"hidden": [8]}).changed({key: value})
    others = ("eta", "lambda", "eta-again", "widen", "all-classes", "mini-batch")
    state = tuned(tmp_path / "study", asked, good, skip=others)
    about_the_asked_problem(state, asked)
    assert state.done is not None
    assert state.done["reason"] == "finished"
