"""`tunelab run` from end to end, on small real trainings: its events, its record, its exit codes."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import re
import signal
import statistics
import subprocess
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from commandline import Outcome, command, environment, recorded, run_cli, tunelab_process, write_npz
from conftest import MakeExamples
from tunelab import engine, records
from tunelab.experiment.preset import Measure, find

TINY = """
title = "Two networks on [red]tiny[/] data"
description = "Which one is ahead?"

[data]
name = "{data}"

[network]
hidden = [5]

[training]
eta = 0.5
lambda = 0.5
epochs = 3

[[arm]]
name = "old: N(0, 1)"
initialization.weights = "standard"

[[arm]]
name = "[bold]new"
training.lambda = 0.0
"""
ARMS = ["old: N(0, 1)", "[bold]new"]
MEASURES = {f"{part}_{what}" for part in ("training", "evaluation") for what in ("cost", "data_cost", "accuracy")} | {
    "eta",
    "evaluation_correct",
}
HEAD = {"event", "run", "arm", "time"}


@pytest.fixture
def npz(tmp_path: Path, make_examples: MakeExamples) -> Path:
    """120 training pictures of 4×4 in three classes: 100 to train, 20 to validate."""
    return write_npz(tmp_path / "mine.npz", make_examples(120, 16), make_examples(10, 16, seed=1))


@pytest.fixture
def tiny(tmp_path: Path, npz: Path) -> Path:
    """A preset of two arms that trains on them in a moment."""
    path = tmp_path / "tiny.toml"
    path.write_text(TINY.format(data=npz))
    return path


def fine(outcome: Outcome) -> Outcome:
    """The outcome, if all went well."""
    assert outcome.code == 0, outcome
    return outcome


# -- events -----------------------------------------------------------------------------------------------


def test_events_are_those_of_the_contract(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json"))
    (run,) = recorded()
    for arm in ARMS:
        own = [event for event in outcome.events if event["arm"] == arm]
        kinds = [event["event"] for event in own if event["event"] not in ("initial", "verdict")]
        assert kinds == ["start", *["measure"] * 3, "done"]
        assert all(event.keys() >= HEAD and event["run"] == run for event in own)
        times = [event["time"] for event in own]
        assert times == sorted(times)
        assert 0 <= times[0] <= times[-1] < 60
        start, done = own[0], own[-1]
        assert start["seeds"] == [0]
        assert start["parameters"] == 16 * 5 + 5 + 5 * 3 + 3
        assert start["experiment"]["training"]["eta"] == 0.5
        assert start["experiment"]["training"]["lambda"] == (0.5 if arm == ARMS[0] else 0.0)
        assert start["experiment"]["initialization"]["weights"] == ("standard" if arm == ARMS[0] else "scaled")
        measures = [event for event in own if event["event"] == "measure"]
        assert [(m["epoch"], m["examples"]) for m in measures] == [(1.0, 100), (2.0, 200), (3.0, 300)]
        for measure in measures:
            assert measure.keys() >= MEASURES
            assert not [key for key in measure if key.endswith("_std")]
            assert measure["eta"] == 0.5
            assert measure["evaluation_total"] == 20
            assert measure["evaluation_accuracy"] == measure["evaluation_correct"] / 20
            assert 0 <= measure["training_accuracy"] <= 1
            penalty = measure["training_cost"] - measure["training_data_cost"]
            assert penalty == pytest.approx(measure["evaluation_cost"] - measure["evaluation_data_cost"])
            assert (penalty > 0) == (arm == ARMS[0])
            assert "diverged" not in measure
        assert done["reason"] == "epochs"
        assert done["seconds"] >= 0
        plain = [{key: value for key, value in m.items() if key not in HEAD} for m in measures]
        assert done["final"] == plain[-1]
        assert done["best"] == max(plain, key=lambda m: m["evaluation_accuracy"])


def test_whatever_is_measured_can_be_expected(tiny: Path) -> None:
    measured = fine(run_cli("run", tiny, "--json")).of("measure")[0]
    numbers = {key for key, value in measured.items() if isinstance(value, int | float) and key not in HEAD}
    other_data = {
        f"{part}_{name}" for part in ("training", "evaluation") for name in ("balanced_accuracy", "r2", "rmse")
    }
    assert set(get_args(Measure)) == (numbers - {"examples", "training_total", "evaluation_total"}) | other_data


def test_verdicts_have_a_code_and_a_sentence(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--set", "eta=0.000001"))
    for verdict in outcome.of("verdict"):
        assert verdict.keys() >= HEAD | {"code", "text"}
        assert verdict["arm"] in ARMS
        assert verdict["text"].endswith(".")
        assert verdict["text"].isprintable()
    assert outcome.of("verdict", ARMS[0])
    assert outcome.of("verdict", ARMS[1])


def test_it_learns(tiny: Path) -> None:
    measures = fine(run_cli("run", tiny, "--json", "--set", "epochs=20")).of("measure", ARMS[1])
    assert measures[-1]["training_cost"] < 0.5 * measures[0]["training_cost"]
    assert measures[-1]["evaluation_accuracy"] > 0.6  # three classes: a third would be chance


@pytest.mark.parametrize(("every", "points"), [("30", [30, 60, 90, 120, 150, 180, 200]), ("epoch", [100, 200])])
def test_monitoring_every_so_many_examples(tiny: Path, every: str, points: list[int]) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--set", f"monitor_every={every}", "--set", "epochs=2"))
    for arm in ARMS:
        measures = outcome.of("measure", arm)
        assert [m["examples"] for m in measures] == points
        assert [m["epoch"] for m in measures] == [examples / 100 for examples in points]


def test_seeds_give_means_and_their_spread(tiny: Path) -> None:
    together = fine(run_cli("run", tiny, "--json", "--seeds", "3", "--seed", "4"))
    alone = [fine(run_cli("run", tiny, "--json", "--seed", seed)) for seed in ("4", "5", "6")]
    for arm in ARMS:
        assert together.of("start", arm)[0]["seeds"] == [4, 5, 6]
        assert together.of("start", arm)[0]["parameters"] == 103
        for at, measure in enumerate(together.of("measure", arm)):
            for name in MEASURES:
                singles = [outcome.of("measure", arm)[at][name] for outcome in alone]
                assert measure[name] == pytest.approx(statistics.mean(singles), rel=1e-5, abs=1e-9)
                assert measure[f"{name}_std"] == pytest.approx(statistics.stdev(singles), rel=1e-4, abs=1e-9)
            assert measure["evaluation_total"] == 20
    different = {outcome.of("done", arm)[0]["weights_sha256"] for outcome in alone for arm in ARMS}
    assert len(different) == 6


def test_the_same_seed_gives_the_same_weights_and_numbers(tiny: Path) -> None:
    def told(outcome: Outcome) -> list[Any]:
        kept = [{k: v for k, v in e.items() if k not in ("run", "time", "seconds")} for e in outcome.events]
        return sorted(kept, key=lambda e: (e["arm"], e["event"], e.get("examples", 0)))

    first, again = (fine(run_cli("run", tiny, "--json")) for _ in range(2))
    assert told(first) == told(again)
    other = fine(run_cli("run", tiny, "--json", "--seed", "1"))
    assert other.of("done")[0]["weights_sha256"] not in {e["weights_sha256"] for e in first.of("done")}


@pytest.mark.parametrize("options", [[], ["--seeds", "2"], ["--set", "precision=float64"], ["--set", "hidden=[]"]])
def test_the_hash_is_that_of_the_exported_parameters(tiny: Path, tmp_path: Path, options: list[str]) -> None:
    outcome = fine(run_cli("run", tiny, "--json", *options))
    fine(run_cli("runs", "export", "last", "--format", "npz", "--to", tmp_path / "p.npz"))
    with np.load(tmp_path / "p.npz", allow_pickle=False) as saved:
        for position, arm in enumerate(ARMS):
            (done,) = outcome.of("done", arm)
            layers = 1 if "hidden=[]" in options else 2
            digest = hashlib.sha256()
            for replicate in range(2 if "--seeds" in options else 1):
                for layer in range(layers):
                    for kind in ("weights", "biases"):
                        parameters = saved[f"arm{position}_{kind}_{layer}"][replicate]
                        digest.update(parameters.astype("<f4").tobytes())
            assert digest.hexdigest() == done["weights_sha256"]
            expected = (16, 3) if layers == 1 else (16, 5)
            assert saved[f"arm{position}_weights_0"].shape[1:] == expected


def test_early_stopping_and_schedules_say_why_they_ended(tiny: Path) -> None:
    settings = ["--set", "epochs=60", "--set", "early_stopping.patience=2"]
    for done in fine(run_cli("run", tiny, "--json", *settings)).of("done"):
        assert done["reason"] == "early-stop"
        assert done["final"]["epoch"] == done["best"]["epoch"] + 2
    settings = ["--set", "epochs=90", "--set", "schedule.patience=1", "--set", "stop_at=8"]
    outcome = fine(run_cli("run", tiny, "--json", *settings))
    for arm in ARMS:
        (done,) = outcome.of("done", arm)
        assert done["reason"] == "schedule-end"
        assert {m["eta"] for m in outcome.of("measure", arm)} == {0.5, 0.25, 0.125}


def test_points_are_judged_by_their_distance() -> None:
    settings = ["data.name=points", "cost=quadratic", "output=linear", "hidden=[]", "train=100", "evaluation=50"]
    words = [word for s in [*settings, "epochs=2", "eta=0.1"] for word in ("--set", s)]
    outcome = fine(run_cli("run", "first-look", "--json", *words))
    for measure in outcome.of("measure"):
        assert measure["evaluation_total"] == 50
        assert measure["training_cost"] < math.inf


# -- divergence -------------------------------------------------------------------------------------------

DIVERGING = ["--set", "eta=1000", "--set", "output=linear", "--set", "cost=quadratic", "--set", "epochs=30"]


def test_divergence_is_told_by_exit_code_null_and_word(tiny: Path) -> None:
    outcome = run_cli("run", tiny, "--json", *DIVERGING)
    assert outcome.code == 3
    for arm in ARMS:
        *before, last = outcome.of("measure", arm)
        assert last["training_cost"] is None
        assert last["diverged"] is True
        assert all(m["training_cost"] is not None and "diverged" not in m for m in before)
        (done,) = outcome.of("done", arm)
        assert done["reason"] == "diverged"
        assert done["final"]["diverged"] is True
    assert "Warning" not in outcome.err


def test_one_arm_that_diverges_does_not_stop_the_other(tiny: Path) -> None:
    tiny.write_text(tiny.read_text().replace("training.lambda = 0.0", "training.eta = 1000.0"))
    outcome = run_cli("run", tiny, "--json", *DIVERGING[2:], "--set", "eta=0.01")
    assert outcome.code == 3
    assert [outcome.of("done", arm)[0]["reason"] for arm in ARMS] == ["epochs", "diverged"]
    assert len(outcome.of("measure", ARMS[0])) == 30


def test_a_diverged_run_can_be_shown_and_exported(tiny: Path) -> None:
    assert run_cli("run", tiny, *DIVERGING).code == 3
    for words in (["show", "last"], ["list"], *(["export", "last", "--format", f] for f in ("csv", "json", "md"))):
        assert fine(run_cli("runs", *words)).out
    assert "not finite" in fine(run_cli("runs", "show", "last")).out


# -- what is printed where --------------------------------------------------------------------------------


def test_without_json_the_results_are_a_table_and_progress_is_the_books_lines(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny))
    for arm in ARMS:
        assert arm in outcome.out
        assert f"[{arm}] Epoch 0 training complete; cost on training data: " in outcome.err
        assert f"[{arm}] Epoch 2 training complete; cost on training data: " in outcome.err
    assert "20 evaluation examples" in outcome.out
    assert f"Recorded as {recorded()[0]}." in outcome.err
    assert "Epoch" not in outcome.out


def test_seeds_are_shown_with_their_spread(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--seeds", "2"))
    assert "± is the standard deviation over 2 seeds" in outcome.out
    assert re.search(r"old: N\(0, 1\)  +\d+\.\d+ ± \d+\.\d+ %", outcome.out)
    assert not re.search(r"\d ± \d+\.\d+ %", fine(run_cli("run", tiny)).out)


def test_quiet_says_nothing_on_stderr(tiny: Path) -> None:
    for options in ([], ["--json"]):
        outcome = fine(run_cli("run", tiny, "--quiet", *options, "--set", "weights=zeros"))
        assert outcome.err == ""
        assert outcome.out


def test_plot_draws_the_curves_after_the_table(tiny: Path) -> None:
    plain, plotted = (fine(run_cli("run", tiny, *options)) for options in ([], ["--plot"]))
    assert len(plotted.out.splitlines()) > len(plain.out.splitlines()) + 10
    assert "\x1b" not in plotted.out


def test_what_is_set_but_belongs_to_the_arms_is_said(tiny: Path) -> None:
    said = fine(run_cli("run", tiny, "--set", "lambda=3", "--set", "weights=zeros")).err
    assert "training.lambda is set by the arms of tiny themselves ([bold]new)" in said
    assert "initialization.weights is set by the arms of tiny themselves (old: N(0, 1))" in said


# -- what is asked for ------------------------------------------------------------------------------------


def test_only_some_arms(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--arm", ARMS[1]))
    assert {event["arm"] for event in outcome.events} == {ARMS[1]}


def test_one_arm_of_a_preset_that_expects_something_of_both(tiny: Path) -> None:
    with tiny.open("a") as file:
        for arm in ARMS:
            file.write(f'[expect."{arm}"]\nfinal.evaluation_accuracy = [0, 1]\n')
    fine(run_cli("run", tiny, "--quiet", "--arm", ARMS[0]))
    assert ARMS[0] in fine(run_cli("runs", "show", "last")).out


def test_several_presets_are_several_runs(tiny: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(tiny.read_text())
    outcome = fine(run_cli("run", tiny, other, "--json"))
    runs = list(dict.fromkeys(event["run"] for event in outcome.events))
    assert sorted(runs) == recorded()
    assert [run.rsplit("-", 1)[1] for run in runs] == ["tiny", "other"]
    assert len(outcome.of("done")) == 4


def test_a_slip_in_the_last_of_several_presets_trains_none(tiny: Path) -> None:
    outcome = run_cli("run", tiny, "frist-look")
    assert (outcome.code, outcome.out, recorded()) == (2, "", [])


def test_out_puts_the_record_where_it_is_wanted(tiny: Path, tmp_path: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--out", tmp_path / "here" / "mine"))
    assert {event["run"] for event in outcome.events} == {"mine"}
    assert recorded() == []
    assert (tmp_path / "here" / "mine" / "run.json").is_file()
    shown = fine(run_cli("runs", "show", tmp_path / "here" / "mine", "--json"))
    assert shown.events == sorted(outcome.events, key=lambda event: event["time"])


def test_data_by_path_with_fewer_examples_than_the_preset_asks_for(
    npz: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = fine(run_cli("run", "first-look", "--data", "mine.npz", "--json", "--set", "epochs=1"))
    assert "data.train is 1,000 in first-look; mine.npz has 100, and all of them are used." in outcome.err
    assert "data.evaluation is 1,000 in first-look; mine.npz has 20" in outcome.err
    for start in outcome.of("start"):
        assert start["experiment"]["data"]["train"] == 100
        assert start["experiment"]["data"]["name"] == str(npz)  # good from any directory
    assert outcome.of("measure")[0]["evaluation_total"] == 20


def test_fewer_examples_are_not_quietly_taken_where_a_number_was_asked_for(npz: Path) -> None:
    outcome = run_cli("run", "first-look", "--data", npz, "--set", "train=101", "--set", "evaluation=20")
    assert (outcome.code, outcome.out, recorded()) == (2, "", [])
    assert "data.train is 101, but there are 100 training examples" in outcome.err


def test_classes_and_first_examples(tiny: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--set", "classes=[2, 0]", "--set", "train=30"))
    start = outcome.of("start")[0]
    assert start["parameters"] == 16 * 5 + 5 + 5 * 2 + 2
    assert outcome.of("measure")[0]["examples"] == 30


# -- the record -------------------------------------------------------------------------------------------


def test_the_record_holds_what_was_printed_and_how_to_do_it_again(tiny: Path, tmp_path: Path) -> None:
    outcome = fine(run_cli("run", tiny, "--json", "--seeds", "2"))
    (run,) = recorded()
    assert fine(run_cli("runs", "show", run, "--json")).events == sorted(outcome.events, key=lambda e: e["time"])
    directory = Path(os.environ["TUNELAB_HOME"]) / "runs" / run
    environment_ = json.loads((directory / "environment.json").read_text())
    assert {"python", "numpy", "platform"} <= environment_.keys()
    (tmp_path / "again.toml").write_text((directory / "preset.toml").read_text())
    again = fine(run_cli("run", tmp_path / "again.toml", "--json"))
    assert [e["weights_sha256"] for e in again.of("done")] == [e["weights_sha256"] for e in outcome.of("done")]
    assert not [path for path in directory.rglob("*") if path.name.endswith(".part")]


# -- processes of their own -------------------------------------------------------------------------------


def test_first_look_in_processes_of_its_own() -> None:
    options = ["--set", "epochs=2", "--set", "train=200", "--set", "evaluation=100", "--workers", "2"]
    outcome = fine(tunelab_process("run", "first-look", "--json", *options))
    arms = {event["arm"] for event in outcome.events}
    assert arms == {"old: N(0, 1)", "new: N(0, 1/n)"}
    for arm in arms:
        assert outcome.of("start", arm)[0]["parameters"] == 23_860
        assert [m["epoch"] for m in outcome.of("measure", arm)] == [1.0, 2.0]
        assert "evaluation_accuracy_std" in outcome.of("measure", arm)[0]
    here = fine(run_cli("run", "first-look", "--json", *options[:-2]))
    for arm in arms:  # the same bits, wherever it is trained
        assert outcome.of("done", arm)[0]["weights_sha256"] == here.of("done", arm)[0]["weights_sha256"]
    exported = tunelab_process("runs", "export", "last", "--format", "csv")
    assert len(list(csv.DictReader(exported.out.splitlines()))) == 4


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_terminal_without_utf8_gets_its_table_too(tiny: Path, locale: str) -> None:
    outcome = fine(tunelab_process("run", tiny, "--plot", LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"))
    assert "evaluation accuracy" in outcome.out
    assert "Traceback" not in outcome.err


def test_a_divergence_in_a_worker_process_warns_nobody(tiny: Path) -> None:
    outcome = tunelab_process("run", tiny, "--json", "--quiet", *DIVERGING, PYTHONWARNINGS="always")
    assert (outcome.code, outcome.err) == (3, "")
    assert {done["reason"] for done in outcome.of("done")} == {"diverged"}


def test_ctrl_c_keeps_everything_measured(tiny: Path, tmp_path: Path) -> None:
    """SIGINT goes to every process of a terminal's foreground, the workers too."""
    words = command("run", tiny, "--json", "--set", "epochs=1000000", "--workers", "2")
    with (
        (tmp_path / "stderr").open("w+") as err,
        subprocess.Popen(
            words, env=environment(), stdout=subprocess.PIPE, stderr=err, text=True, start_new_session=True
        ) as process,
    ):
        assert process.stdout is not None
        out = ""
        for line in iter(process.stdout.readline, ""):
            out += line
            if '"measure"' in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        out += process.stdout.read()
        code = process.wait(60)
        err.seek(0)
        outcome = Outcome(code, out, err.read())
    assert outcome.code == 130
    assert "Traceback" not in outcome.err
    assert recorded()[0] in outcome.err
    for arm in ARMS:
        kinds = [event["event"] for event in outcome.events if event["arm"] == arm]
        assert kinds[0] == "start"
        assert kinds[-1] == "done"
        (done,) = outcome.of("done", arm)
        assert done["reason"] == "stopped"
        measures = outcome.of("measure", arm)  # none where its worker had only just begun
        last = {k: v for k, v in measures[-1].items() if k not in HEAD} if measures else None
        assert done["final"] == last
    assert len(outcome.of("measure")) >= 1
    shown = fine(run_cli("runs", "show", "last", "--json"))
    assert len(shown.events) == len(outcome.events)
    assert fine(run_cli("runs", "list")).out.split()[1] == "stopped"


def test_whoever_leaves_does_not_wait_for_trainings_that_nobody_follows(tiny: Path) -> None:
    """Ctrl+c between the start of a job and its following, or a second one: workers save and go."""
    preset = find(str(tiny)).with_settings({"training.epochs": 1_000_000})

    def leave_after_the_first_measurement() -> None:
        with engine.process_pool(1) as pool:
            jobs.append(engine.start(preset, pool, workers=1))
            for events in jobs[0].follow():
                if any(event["event"] == "measure" for event in events):
                    raise KeyboardInterrupt

    jobs: list[engine.Job] = []
    with pytest.raises(KeyboardInterrupt):
        leave_after_the_first_measurement()
    assert jobs[0].ended
    assert jobs[0].run.state() == "cut off"
    assert all(arm.events("measure") for arm in jobs[0].run.arms)


def test_a_reader_that_goes_away_interrupts_without_a_word() -> None:
    with subprocess.Popen(
        command("schema"), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert process.wait(60) == 130


def test_a_training_whose_reader_goes_away_stops_and_says_how_to_resume(tiny: Path) -> None:
    words = command("run", tiny, "--set", "epochs=1000000", "--json", "--quiet")
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["event"] == "start"
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(60) == 130
    [name] = recorded()
    assert said == (
        f"tunelab: the reader of stdout went away; all measurements are kept. Resume it with: tunelab resume {name}\n"
    )
    assert records.Run(name).state() == "stopped"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("words", [["schema"], ["--help"], ["run", "first-look", "--json", "--quiet"]], ids=" ".join)
def test_a_full_stdout_is_a_sentence(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*words), env=environment(), stdout=full, stderr=subprocess.PIPE, text=True, timeout=100
        )
    assert done.returncode == 2
    assert done.stderr.startswith("tunelab: stdout can't be written: no space left on device; ")
    assert done.stderr.count("\n") == 1
    for name in recorded():
        assert done.stderr.endswith(f"Resume it with: tunelab resume {name}\n")


def test_closed_streams_are_no_reason_for_a_traceback() -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *command("schema")], env=environment(), capture_output=True, text=True
    )
    assert (closed.returncode, closed.stderr.count("\n")) == (2, 1)
    assert "stdout is closed" in closed.stderr
    silent = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&- <&-', "sh", *command("schema")], env=environment(), capture_output=True, text=True
    )
    assert silent.returncode == 0
    assert json.loads(silent.stdout)["title"] == "PresetFile"
