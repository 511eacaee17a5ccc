"""``python -m tests.benchmarks.sweeps``: trials an hour, against Optuna with scikit-learn and with PyTorch.

All tune η and λ of a 784-30-10 network at random, 5 epochs of 10,000 images with mini-batches of 10, judged on 1,000.
Each is the whole program from start to end, its processes and imports included. Of the others fewer trials are run,
and their time is reckoned for as many. Ours measures after every epoch, unless it says "judged once", as the others
always are; they are given processes that share a study, as Optuna advises, and are written the fast way their users
would. Seconds of processor time stand beside the trials an hour: on a machine that has other work they are what can be
compared, by their lowest, and of the trials an hour the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from . import __main__ as common

TRIALS, THEIRS = 64, 12
EPOCHS, TRAIN, EVALUATION, MINI_BATCH = 5, 10_000, 1_000, 10
PRESET = f"""
[data]
name = "DATA"
train = {TRAIN}
evaluation = {EVALUATION}
[network]
hidden = [30]
[training]
mini_batch = {MINI_BATCH}
epochs = {EPOCHS}
"""
OVER = ["--over", "eta=log:0.01..1", "--over", "lambda=log:0.01..10", "--trials", str(TRIALS)]


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sweeps", description=__doc__)
    parser.add_argument("--data", default="digits", help="a data set's name, or a directory of IDX files")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--workers", type=int, default=2, help="worker processes of each")
    parser.add_argument("--contend", nargs=3, metavar=("WHO", "JOURNAL", "TRIALS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(common.THREADS, "1"))
    if options.contend:
        contend(*options.contend[:2], int(options.contend[2]), options.data)
        return
    from tunelab.data import load

    load(options.data, training=TRAIN, evaluation=EVALUATION)  # drawn or unpacked before anybody's clock runs
    rates: dict[str, list[tuple[float, float]]] = {}
    for _ in range(options.rounds):
        for workers, often in ((1, True), (options.workers, True), (options.workers, False)):
            name = f"tunelab sweep, {workers} worker{'s' if workers > 1 else ''}{'' if often else ', judged once'}"
            rates.setdefault(name, []).append(ours(options.data, workers, often))
        for who in ("scikit-learn", "PyTorch"):
            rate = theirs(who, options.data, options.workers)
            if rate is not None:
                rates.setdefault(f"Optuna + {who}, {options.workers} workers", []).append(rate)
    _, fastest, *_ = rates.values()
    best, least = max(hour for hour, _ in fastest), min(cost for _, cost in fastest)
    print("| 64 trials of 784-30-10, 5 × 10,000 images | trials an hour, highest (median) | tunelab is |", end="")
    print(" processor seconds a trial, lowest (median) | tunelab is |\n| --- | --- | --- | --- | --- |")
    for who, found in rates.items():
        hour, cost = zip(*found, strict=True)
        print(
            f"| {who} | {max(hour):,.0f} ({statistics.median(hour):,.0f}) | {best / max(hour):.1f}× "
            f"| {min(cost):.3f} ({statistics.median(cost):.3f}) | {min(cost) / least:.1f}× |"
        )


def _processor() -> float:
    """Seconds of processor time that children which have ended took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(data: str, workers: int, often: bool) -> tuple[float, float]:
    """Trials an hour of ``tunelab sweep``, and processor seconds a trial."""
    with tempfile.TemporaryDirectory() as folder:
        preset = Path(folder) / "bench.toml"
        preset.write_text(PRESET.replace("DATA", data), "utf-8")
        begin, used = time.perf_counter(), _processor()
        subprocess.run(
            [
                sys.executable,
                "-m",
                "tunelab.tui.cli.main",
                "sweep",
                str(preset),
                *OVER,
                *([] if often else ["--set", f"training.monitor_every={EPOCHS * TRAIN}"]),
                "--workers",
                str(workers),
                "--quiet",
                "--study",
                f"bench-{os.getpid()}-{time.time_ns()}",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return TRIALS / (time.perf_counter() - begin) * 3600, (_processor() - used) / TRIALS


def theirs(who: str, data: str, workers: int) -> tuple[float, float] | None:
    """The same of another library; None where it isn't installed."""
    used = _processor()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        journal = str(Path(folder) / "journal.log")
        each = str(max(1, THEIRS // workers))
        processes = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.sweeps", "--data", data, "--contend", who, journal, each],
                stdout=subprocess.PIPE,
            )
            for _ in range(workers)
        ]
        said = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        return None
    spans = [json.loads(text) for text in said]
    begin, end, count = min(s[0] for s in spans), max(s[1] for s in spans), sum(s[2] for s in spans)
    inside = sum(s[3] for s in spans)  # processor seconds in trials
    start = _processor() - used - inside
    whole = begin - begun + (end - begin) * TRIALS / count
    return TRIALS / whole * 3600, start / TRIALS + inside / count


def contend(who: str, journal: str, trials: int, data: str) -> None:
    """One process of Optuna with another library; prints its begin, its end, its trials and their processor seconds."""
    import optuna
    from tunelab.data import load

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    dataset = load(data, training=TRAIN, evaluation=EVALUATION)
    x, xv = (part.scaled(slice(None), np.float32) for part in (dataset.training, dataset.validation))
    y, yv = np.asarray(dataset.training.targets, np.int64), np.asarray(dataset.validation.targets, np.int64)
    train = {"scikit-learn": _scikit_learn, "PyTorch": _pytorch}[who]()

    def objective(trial: Any) -> float:
        eta = trial.suggest_float("eta", 0.01, 1, log=True)
        lmbda = trial.suggest_float("lambda", 0.01, 10, log=True)
        answers = train(x, y, xv, eta, lmbda, trial.number)
        return float((answers == yv).mean())

    study = optuna.create_study(
        study_name="race",
        storage=optuna.storages.JournalStorage(optuna.storages.journal.JournalFileBackend(journal)),
        sampler=optuna.samplers.RandomSampler(),
        direction="maximize",
        load_if_exists=True,
    )
    begin, used = time.monotonic(), time.process_time()
    study.optimize(objective, n_trials=trials)
    print(json.dumps([begin, time.monotonic(), trials, time.process_time() - used]))


def _scikit_learn() -> Any:
    import warnings

    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore")  # that 5 epochs aren't enough to converge is known

    def train(x: Any, y: Any, xv: Any, eta: float, lmbda: float, seed: int) -> Any:
        one_hot = np.eye(10, dtype=np.int64)[y]
        model = MLPClassifier(
            (30,),
            activation="logistic",
            solver="sgd",
            alpha=lmbda * MINI_BATCH / TRAIN,
            momentum=0.0,
            nesterovs_momentum=False,
            learning_rate_init=eta,
            batch_size=MINI_BATCH,
            max_iter=EPOCHS,
            n_iter_no_change=EPOCHS + 1,
            random_state=seed,
        )
        model.fit(x, one_hot)
        return model.predict_proba(xv).argmax(axis=1)

    return train


def _pytorch() -> Any:
    import torch

    torch.set_num_threads(1)

    def train(x: Any, y: Any, xv: Any, eta: float, lmbda: float, seed: int) -> Any:
        torch.manual_seed(seed)
        inputs, targets = torch.from_numpy(x), torch.eye(10)[torch.from_numpy(y)]
        model = torch.nn.Sequential(torch.nn.Linear(784, 30), torch.nn.Sigmoid(), torch.nn.Linear(30, 10))
        weights = [p for p in model.parameters() if p.ndim == 2]
        biases = [p for p in model.parameters() if p.ndim == 1]
        optimizer = torch.optim.SGD([{"params": weights, "weight_decay": lmbda / TRAIN}, {"params": biases}], lr=eta)
        loss = torch.nn.BCEWithLogitsLoss(reduction="sum")
        for _ in range(EPOCHS):
            for rows in torch.split(torch.randperm(TRAIN), MINI_BATCH):
                optimizer.zero_grad()
                (loss(model(inputs[rows]), targets[rows]) / len(rows)).backward()
                optimizer.step()
        with torch.no_grad():
            return model(torch.from_numpy(xv)).argmax(dim=1).numpy()

    return train


if __name__ == "__main__":
    main()
