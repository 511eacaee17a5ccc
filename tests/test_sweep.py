"""Sweeps: what is tried, that all of it is and nothing twice, the same table whoever trains, and what is said."""

from __future__ import annotations

import json
import logging
import re
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import Inline, Outcome, refused, run_cli
from small_runs import little_data
from tunelab import paths
from tunelab.experiment import train
from tunelab.experiment.preset import parse
from tunelab.kernel import kernel
from tunelab.sweeps import StudyTable, SweepPlan, TrialRow, find, importances, open_study
from tunelab.sweeps.executors import LocalWorkers, WorkerThreads, local_workers
from tunelab.sweeps.scheduler import sweep
from tunelab.sweeps.search_space import parse_over
from tunelab.sweeps.sweep_plan import without_arms
from tunelab.sweeps.trial_events import as_run
from tunelab.tui.text.sweep_text import summary

GRID = ["--over", "eta=0.1,0.5,2", "--over", "lambda=0,1"]


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    """A preset on little data that trains in a moment."""
    path = tmp_path / "little.toml"
    data = little_data(tmp_path)
    path.write_text(f'[data]\nname = "{data}"\n[network]\nhidden = [5]\n[training]\nepochs = 3\n', "utf-8")
    return path


def plan_of(preset: Path, *over: str, **how: Any) -> SweepPlan:
    """A plan for the preset; ``seeds`` and ``epochs`` change it."""
    settings = {"initialization.seeds": how.pop("seeds", 1), "training.epochs": how.pop("epochs", 3)}
    read = parse(preset.read_text("utf-8"), "little", "little.toml").with_settings(settings)
    return SweepPlan.of(without_arms(read), list(over), **how)


def swept(name: str, plan: SweepPlan, **how: Any) -> StudyTable:
    """The study's table once it has been trained, here."""
    record = open_study(name, plan)
    workers = Here()
    for _ in sweep(record, workers, **how):
        pass
    return record.table()


class Here(LocalWorkers):
    """Trains in this process."""

    def __init__(self) -> None:
        self._pools = [Inline()]
        self._in_hand = {}


@pytest.fixture
def by_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel trains, whatever the environment asks for."""
    if kernel() is None:
        pytest.skip("without a compiled kernel processes train")
    monkeypatch.delenv("TUNELAB_ENGINE", raising=False)


@pytest.mark.usefixtures("by_kernel")
def test_threads_come_to_the_table_of_one_process(preset: Path) -> None:
    plan = plan_of(preset, "eta=0.05,0.2,1", "hidden=5,10", epochs=2)
    record = open_study("threads", plan)
    workers = local_workers(plan, 3)
    assert isinstance(workers, WorkerThreads)
    for _ in sweep(record, workers, stack=2):
        pass
    workers.close(now=False)
    assert substance(record.rows()) == substance(swept("one", plan).rows)


@pytest.mark.usefixtures("by_kernel")
def test_threads_that_are_closed_leave_their_trials_to_the_next(preset: Path) -> None:
    plan = plan_of(preset, "eta=0.05,0.2,1", epochs=1_000_000)
    record, stop = open_study("long", plan), threading.Event()
    workers = local_workers(plan, 2)
    for _ in sweep(record, workers, stop=stop):
        stop.set()
    workers.close(now=True)  # returns: nothing trains any more
    assert {row.state for row in record.rows()} <= {"waiting", "running"}


def test_many_cores_or_numpy_take_processes(preset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunelab.sweeps.executors.LocalWorkers", lambda count, polite: count)
    assert local_workers(plan_of(preset, "eta=0.1,1"), 16) == 16
    monkeypatch.setenv("TUNELAB_ENGINE", "numpy")
    assert local_workers(plan_of(preset, "eta=0.1,1"), 2) == 2


def told(outcome: Outcome) -> list[dict[str, Any]]:
    assert outcome.code == 0, outcome
    return outcome.of("trial")


def substance(rows: Any) -> list[tuple[Any, ...]]:
    """What of a table must be the same whoever trained it."""
    return sorted((row.number, json.dumps(row.params), row.state, row.value, row.std, str(row.steps)) for row in rows)


# -- what is tried --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "grid"),
    [
        ("eta=0.01,0.1,1", (0.01, 0.1, 1)),
        ("eta=log:1e-3..10:5", (0.001, 0.01, 0.1, 1.0, 10.0)),
        ("lambda=lin:0..1", (0.0, 0.25, 0.5, 0.75, 1.0)),
        ("mini_batch=int:10..12", (10, 11, 12)),
        ("weights=standard, scaled", ("standard", "scaled")),
        ("hidden=10,20", ("[10]", "[20]")),
        ("hidden=[],[100, 30]", ("[]", "[100, 30]")),
        ("eta=0.5,0.5,1", (0.5, 1)),
    ],
)
def test_a_spec_means_what_it_says(typed: str, grid: tuple[Any, ...]) -> None:
    dimension = parse_over(typed)
    assert dimension.grid() == pytest.approx(grid) if dimension.numeric else dimension.grid() == grid
    assert parse_over(dimension.text()) == dimension


def test_a_hidden_layer_is_a_list_in_the_experiment() -> None:
    assert [parse_over("hidden=30;100 30").setting(v) for v in ("[30]", "[100, 30]")] == [[30], [100, 30]]
    assert parse_over("hidden=int:10..20").setting(12) == [12]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--over", "eta"], "--over takes KEY=SPEC"),
        ([], "say what to sweep over"),
        (["--over", "eta=log:0..1"], "begins above 0"),
        (["--over", "eta=lin:2..1"], "must be the smaller one"),
        (["--over", "eta=log:1.."], "a range is LOW..HIGH"),
        (["--over", "eta=a,b"], "isn't a number"),
        (["--over", "weights=int:1..3"], "takes words, so list them"),
        (["--over", "weights=scaled,wrong"], "must be one of"),
        (["--over", "eta=1,-1"], "must be greater than 0"),
        (["--over", "mini_batch=lin:1.5..3"], "whole numbers"),
        (["--over", "eta=1,2", "--over", "training.eta=3"], "is there twice"),
        (["--over", "etta=1"], "did you mean 'eta'"),
        (["--over", "mini_batch=10,1000"], "more than the 120 training examples"),
        ([*GRID, "--study", "../x"], "can't name a study"),
        ([*GRID, "--cluster", "nowhere"], r"takes an address such as tcp://host:8786, or local:N"),
    ],
)
def test_bad_input_is_one_sentence(preset: Path, arguments: list[str], said: str) -> None:
    assert re.search(said, refused(run_cli("sweep", preset, "--quiet", *arguments)))


def test_going_on_needs_a_study_that_exists() -> None:
    assert "there is no study 'nothing'" in refused(run_cli("sweep", "--study", "nothing"))
    assert "name a preset" in refused(run_cli("sweep"))


# -- all of it, and nothing twice -----------------------------------------------------------------------------


def test_a_grid_is_tried_completely_and_then_ends(preset: Path) -> None:
    outcome = run_cli("sweep", preset, *GRID, "--study", "s", "--json", "--quiet", "--trials", "100")
    trials = told(outcome)
    assert [t["number"] for t in sorted(trials, key=lambda t: t["number"])] == list(range(6))
    assert {(t["params"]["training.eta"], t["params"]["training.lambda"]) for t in trials} == {
        (eta, lmbda) for eta in (0.1, 0.5, 2) for lmbda in (0, 1)
    }
    assert {t["state"] for t in trials} == {"complete"}
    (done,) = outcome.of("done")
    assert done["best"]["value"] == max(t["value"] for t in trials)
    assert told(run_cli("sweep", preset, *GRID, "--study", "s", "--json", "--quiet")) == []


def test_a_study_goes_on_where_it_stopped_and_repeats_nothing(preset: Path) -> None:
    over = ["--over", "eta=log:0.1..1", "--over", "lambda=0,1", "--study", "s", "--json", "--quiet"]
    first = told(run_cli("sweep", preset, *over, "--trials", "3"))
    more = told(run_cli("sweep", "--study", "s", "--trials", "7", "--json", "--quiet"))
    assert sorted(t["number"] for t in first) == [0, 1, 2]
    assert sorted(t["number"] for t in more) == [3, 4, 5, 6]
    at_once = swept("whole", plan_of(preset, "eta=log:0.1..1", "lambda=0,1", trials=7))
    assert substance(find("s").rows()) == substance(at_once.rows)


def test_another_plan_is_another_study(preset: Path) -> None:
    told(run_cli("sweep", preset, *GRID, "--study", "s", "--json", "--quiet"))
    for changed in (["--seed", "4"], ["--sampler", "random"], ["--set", "epochs=9"], ["--over", "mini_batch=5,6"]):
        assert "exists and is another: it" in refused(run_cli("sweep", preset, *GRID, "--study", "s", "-q", *changed))
    assert "is fixed in the study" in refused(run_cli("sweep", "--study", "s", "--seeds", "3"))


def test_data_that_have_changed_are_not_the_studys(preset: Path, tmp_path: Path) -> None:
    told(run_cli("sweep", preset, *GRID, "--study", "s", "--json", "--quiet", "--trials", "2"))
    arrays = dict(np.load(tmp_path / "little.npz"))
    np.savez(tmp_path / "little.npz", **(arrays | {"x_train": arrays["x_train"] + 1}))
    assert "begun with other data" in refused(run_cli("sweep", "--study", "s", "--trials", "4", "--quiet"))


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_no_configuration_comes_twice(preset: Path, sampler: Any) -> None:
    table = swept("s", plan_of(preset, "eta=0.1,0.2,0.5,1", "lambda=0,1,10", sampler=sampler, trials=100, epochs=1))
    assert len({json.dumps(row.params) for row in table.rows}) == 12 == len(table.rows)


# -- whoever trains ---------------------------------------------------------------------------------------------


def test_a_trial_in_a_stack_comes_to_the_bits_it_has_alone(preset: Path) -> None:
    plan = plan_of(preset, "eta=0.1,0.5,2", "lambda=0,1", seeds=2)
    table = swept("s", plan, stack=12)
    alone = swept("alone", plan, stack=1)
    assert substance(table.rows) == substance(alone.rows)
    said = {t.number: t.user_attrs["weights_sha256"] for t in find("s").study.get_trials()}
    assert said == {t.number: t.user_attrs["weights_sha256"] for t in find("alone").study.get_trials()}
    row = table.rows[3]
    measures = list(train(plan.experiment_of(3, row.params)))
    assert row.value == pytest.approx(float(measures[-1].evaluation_accuracy.mean()), abs=0)


def test_no_trial_is_judged_on_the_test_set(preset: Path) -> None:
    read = parse(preset.read_text("utf-8"), "little", "little.toml").with_settings({"data.evaluate_on": "test"})
    plan = SweepPlan.of(without_arms(read), ["eta=0.1,1"])
    assert plan.experiment.data.evaluate_on is None
    assert plan.experiment_of(0, {"training.eta": 0.1}).data.evaluate_on is None


def test_seeds_come_from_the_studys_seed_and_the_number(preset: Path) -> None:
    seeds = [plan_of(preset, "eta=1,2", seeds=3).experiment_of(n, {"training.eta": 1}).seeds for n in range(50)]
    assert len({seed for each in seeds for seed in each}) == 150


def test_optuna_opens_the_study_as_it_is(preset: Path) -> None:
    import optuna

    swept("s", plan_of(preset, "eta=0.1,0.5", seeds=2))
    backend = optuna.storages.journal.JournalFileBackend(str(paths.studies() / "s" / "journal.log"))
    study = optuna.load_study(study_name="s", storage=optuna.storages.JournalStorage(backend))
    assert study.best_value == find("s").table().best.value  # type: ignore[union-attr]
    assert [len(t.intermediate_values) for t in study.trials] == [3, 3]


def test_a_database_can_hold_the_study(preset: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    logger, handlers = logging.getLogger("tunelab.records"), logging.root.handlers[:]
    outcome = run_cli("sweep", preset, *GRID, "--study", "s", "--storage", url, "--json", "--quiet", "--trials", "4")
    assert len(told(outcome)) == 4
    assert not logger.disabled  # a database's migrations configure logging; what records report is still heard
    assert logging.root.handlers == handlers
    assert len(told(run_cli("sweep", "--study", "s", "--storage", url, "--trials", "6", "--json", "-q"))) == 2
    assert "can't be opened" in refused(run_cli("sweep", "--study", "s", "--storage", "what://ever"))


# -- what didn't come to its end ----------------------------------------------------------------------------------


def test_what_diverged_and_what_was_pruned_is_said(preset: Path) -> None:
    plan = plan_of(preset, "eta=1e6,0.5,0.4", "lambda=0,1000", pruner="median", epochs=8)
    table = swept("s", plan)
    states = {(row.params["training.eta"], row.params["training.lambda"]): row.state for row in table.rows}
    assert states[(1e6, 1000)] == "diverged"
    assert states[(0.5, 0)] == "complete"
    text = summary(table, {})
    assert "Diverged: trial" in text


def test_what_a_pruner_leaves_comes_to_the_bits_of_an_unbroken_training(preset: Path) -> None:
    over, how = ("eta=lin:0.001..2",), {"epochs": 20, "trials": 16, "sampler": "random"}
    free = swept("free", plan_of(preset, *over, **how))
    pruned = swept("pruned", plan_of(preset, *over, pruner="median", **how))
    gone = [row for row in pruned.rows if row.state == "pruned"]
    assert gone
    assert all(0 < row.epochs < 20 for row in gone)
    assert f"{len(pruned.complete)} trials trained to their end; {len(gone)} pruned." in summary(pruned, {})
    assert "Pruned at epoch" in summary(pruned, {})
    for row in pruned.complete:
        assert row.value == free.rows[row.number].value
        assert row.steps == free.rows[row.number].steps


def test_values_that_dont_go_together_cost_one_trial_each(preset: Path) -> None:
    preset.write_text(preset.read_text("utf-8").replace("hidden", 'cost = "quadratic"\nhidden'), "utf-8")
    plan = plan_of(preset, "output=sigmoid,linear", "cost=quadratic,cross-entropy")
    table = swept("s", plan)
    failed = [row for row in table.rows if row.state == "failed"]
    assert [row.params for row in failed] == [{"network.output": "linear", "network.cost": "cross-entropy"}]
    assert "can't judge" in failed[0].why
    assert len(table.complete) == 3


def test_a_trial_opens_as_a_run(preset: Path) -> None:
    plan = plan_of(preset, "eta=0.1,0.5")
    table = swept("s", plan)
    run = as_run(find("s"), table.rows[1])
    assert run.state() == "epochs"
    measures = run.arms[0].events("measure")
    assert [m["evaluation_accuracy"] for m in measures] == list(table.rows[1].steps.values())
    assert run.preset.arms[0].experiment == plan.experiment_of(1, table.rows[1].params)
    again = parse(run.preset.to_toml(), "x", "x").arms[0].experiment
    assert list(train(again))[-1].evaluation_accuracy.mean() == table.rows[1].value


# -- what it means -----------------------------------------------------------------------------------------------


def table_of(preset: Path, values: dict[float, float | None], key: str = "training.eta", **about: Any) -> StudyTable:
    """A table of made-up trials, one a value of a parameter."""
    rows = tuple(
        TrialRow(n, {key: typed}, "complete" if value is not None else "diverged", value, finished=n, **about)
        for n, (typed, value) in enumerate(values.items())
    )
    return StudyTable(plan_of(preset, f"{key}={','.join(map(str, values))}"), rows)


def test_a_best_value_at_the_edge_is_suspect(preset: Path) -> None:
    inside = table_of(preset, {0.01: 0.3, 0.1: 0.8, 1: 0.9, 10: None}, total=1000)
    edge = table_of(preset, {0.01: 0.3, 0.1: 0.8, 1: 0.9, 10: 0.95}, total=1000)
    assert inside.edges == []
    assert [e.end for e in edge.edges] == ["highest"]
    assert "Suspect: the best η is the highest that was tried (10)" in summary(edge, {})
    least = table_of(preset, {0: 0.9, 1: 0.8, 10: 0.7}, "training.lambda", total=100)
    assert least.edges == []  # nothing lies below λ = 0


def test_what_cant_be_told_from_the_best_is_named(preset: Path) -> None:
    # One standard error of 0.9 on 100 examples is 0.03: two of the difference are 0.085
    one = table_of(preset, {0.01: 0.7, 0.1: 0.85, 1: 0.9, 10: 0.2}, total=100)
    assert [row.number for row in one.within_noise] == [2, 1]
    several = table_of(preset, {0.01: 0.7, 0.1: 0.85, 1: 0.9, 10: 0.2}, total=100, std=0.01, seeds=4)
    assert [row.number for row in several.within_noise] == [2]
    assert several.best_so_far() == [(1, 0.7), (2, 0.85), (3, 0.9), (4, 0.9)]


def test_importance_finds_the_parameter_that_matters(preset: Path) -> None:
    plan = plan_of(preset, "eta=log:0.0001..2", "gain=lin:0.99..1.01", trials=40, sampler="random")
    swept("s", plan)
    shares = importances(find("s").study, find("s").table())
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["training.eta"] > 0.6


def test_the_report_draws_a_map_with_the_contour_of_what_is_within_noise(preset: Path) -> None:
    outcome = run_cli("sweep", preset, *GRID, "--study", "s", "--plot", "--quiet")
    assert outcome.code == 0
    assert "λ up, η across" in outcome.out
    assert "★" in outcome.out.split("λ up")[1]
    assert "best so far" in outcome.out


def test_the_base_is_varied_or_an_arm_when_asked(preset: Path) -> None:
    with preset.open("a", encoding="utf-8") as file:
        file.write('[[arm]]\nname = "a"\ntraining.mini_batch = 7\n[[arm]]\nname = "b"\n')
    run_cli("sweep", preset, "--over", "eta=1,2", "--study", "base", "--quiet")
    run_cli("sweep", preset, "--over", "eta=1,2", "--study", "arm", "--quiet", "--arm", "a")
    batches = [find(name).plan.experiment.training.mini_batch for name in ("base", "arm")]
    assert batches == [10, 7]
