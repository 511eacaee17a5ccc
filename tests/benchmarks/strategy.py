"""``python -m tests.benchmarks.strategy DIR``: ``tunelab tune`` against random search and TPE, given the same seconds.

All begin from the preset ``table``, use the same processors and the same training, and judge settings as the strategy
does: in folds where validation examples are few. The searches are Optuna's, over η, λ, m, the hidden layer, the
activation, the output and the number of epochs. Each one's winner is then trained with three seeds and scored on the
test set, which no choice has seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from . import __main__ as common
from .tables import TABLES, Published

CHOSEN = ("penguins.csv", "titanic.csv", "sonar.csv", "pima-indians-diabetes.csv", "adult-5000.csv", "horse-colic.csv")
SEEDS = 3
OUTPUTS = {"sigmoid": "cross-entropy", "softmax": "log-likelihood"}
WIDTHS = (0, 10, 30, 100, 200)


def main() -> None:
    """Measure and print a Markdown table on stdout."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.strategy", description=__doc__)
    parser.add_argument("directory", type=Path, help="the directory of the published tables")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each contender for each table")
    parser.add_argument("--splits", type=int, default=1, help="how many splits of each table")
    parser.add_argument("--only", default="", help="only files with this in their name")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(common.THREADS, "1"))
    contenders: dict[str, Callable[[Any, float], Any]] = {
        "tunelab tune": _tuned,
        "random search": lambda experiment, seconds: _searched(experiment, seconds, "random"),
        "TPE": lambda experiment, seconds: _searched(experiment, seconds, "tpe"),
    }
    print(f"| table, {options.seconds:g} s | {' | '.join(contenders)} | ± of one |\n| --- |{' --- |' * 4}")
    scores: list[list[float]] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNELAB_HOME"] = home
        for table in (t for t in TABLES if t.file in CHOSEN and t.classes and options.only in t.file):
            rows = [_scores(table, options, split, contenders) for split in range(options.splits)]
            means = np.mean(rows, axis=0)
            scores.append(means[:-1].tolist())
            print(f"| {table.file} | {' | '.join(f'{100 * value:.1f}' for value in means)} |", flush=True)
    print(f"| mean | {' | '.join(f'{100 * value:.1f}' for value in np.mean(scores, axis=0))} | |")


def _scores(table: Published, options: argparse.Namespace, split: int, contenders: dict[str, Any]) -> list[float]:
    """Each contender's winner on the test set, and the standard error of one of them."""
    from tunelab.experiment.preset import find

    settings = {f"data.{key}": value for key, value in table.data.items()} | {"data.split_seed": split}
    settings["data.name"] = str(options.directory / table.file)
    experiment = find("table").with_settings(settings).arms[0].experiment
    results = []
    for name, contender in contenders.items():
        began = time.monotonic()
        winner = contender(experiment, options.seconds)
        value, error = _on_test(winner)
        results.append(value)
        print(f"{table.file}, split {split}, {name}: {value:.4f}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return [*results, error]


def _tuned(experiment: Any, seconds: float) -> Any:
    """The strategy's winner."""
    from tunelab.experiment.preset import Preset, resolved

    with tempfile.TemporaryDirectory() as place:
        path, study = Path(place) / "asked.toml", Path(place) / "study"
        tables = {"title": "asked"} | experiment.to_dict()
        path.write_text(resolved("asked", tables, str(path)).to_toml(), "utf-8")
        command = [sys.executable, "-m", "tunelab.tui.cli.main", "tune", str(path), "--budget", str(seconds)]
        done = subprocess.run(
            [*command, "--out", str(study), "--json", "--quiet"], stdout=subprocess.PIPE, check=True, text=True
        )
        report = json.loads(done.stdout.splitlines()[-1])
        return Preset.load(report["preset"]).arms[0].experiment


def _searched(experiment: Any, seconds: float, sampler: str) -> Any:
    """The best of what Optuna tries in this time, on all processors."""
    import optuna
    from tunelab.engine import usable_cores
    from tunelab.strategy.dataset_info import dataset_info
    from tunelab.strategy.local_trainer import LocalTrainer

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    info = dataset_info(experiment)

    def objective(trial: Any) -> float:
        trainer = LocalTrainer(lambda *_: None, lambda: None, metric=info.metric, folds=info.folds)
        (curve,) = trainer.run({"trial": experiment.changed(_suggested(trial, experiment))})
        return trainer.evaluate(curve).value

    samplers = {"random": optuna.samplers.RandomSampler, "tpe": optuna.samplers.TPESampler}
    study = optuna.create_study(direction="maximize", sampler=samplers[sampler](seed=0))
    study.optimize(objective, timeout=seconds, n_jobs=usable_cores(), catch=(Exception,))
    return experiment.changed(_suggested(optuna.trial.FixedTrial(study.best_params), experiment))


def _suggested(trial: Any, experiment: Any) -> dict[str, Any]:
    width = trial.suggest_categorical("width", WIDTHS)
    activation = trial.suggest_categorical("activation", ["sigmoid", "tanh", "relu"])
    output = trial.suggest_categorical("output", list(OUTPUTS))
    return {
        "training.eta": trial.suggest_float("eta", 1e-3, 10.0, log=True),
        "training.lambda": trial.suggest_float("lambda", 1e-4, 100.0, log=True),
        "training.mini_batch": trial.suggest_int("mini_batch", 1, 100, log=True),
        "training.epochs": trial.suggest_int("epochs", 5, 10 * experiment.training.epochs, log=True),
        "network.hidden": [width] if width else [],
        "network.activation": activation,
        "network.output": output,
        "network.cost": OUTPUTS[output],
        "initialization.weights": "he-normal" if activation == "relu" else "scaled",
    }


def _on_test(winner: Any) -> tuple[float, float]:
    """Accuracy on the test set, mean over seeds, and its standard error."""
    from tunelab.experiment import train

    on_test = {"data.evaluate_on": "test", "data.evaluation": None, "training.early_stopping": None}
    (*_, last) = train(winner.changed(on_test | {"initialization.seeds": SEEDS}))
    value = float(last.evaluation_accuracy.mean())
    return value, float(np.sqrt(value * (1 - value) / last.evaluation.total))


if __name__ == "__main__":
    main()
