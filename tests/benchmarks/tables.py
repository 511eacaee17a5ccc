"""``python -m tests.benchmarks.tables DIR``: what ``tunelab run --data FILE`` reaches on published tables.

Beside it, on the same splits, scikit-learn's logistic regression or ridge, and the reference of the tables' README.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["TABLES", "Published", "reached"]

CLASSIFICATION_MARGIN = 0.03  # accuracy below the reference that is allowed
REGRESSION_MARGIN = 0.05  # R² below the reference that is allowed


@dataclass(frozen=True)
class Published:
    """A published table: what has to be said of it, since no guess could know, and what is then right.

    ``reference`` is the accuracy of a logistic regression, or the R² of ridge, in the tables' README; ``classes`` are
    None for regression.
    """

    file: str
    reference: float
    classes: tuple[str, ...] | None = None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def margin(self) -> float:
        """How far below the reference a result may be."""
        return REGRESSION_MARGIN if self.classes is None else CLASSIFICATION_MARGIN


_SPECIES = ("Adelie", "Chinstrap", "Gentoo")
_LONG_SPECIES = (
    "Adelie Penguin (Pygoscelis adeliae)",
    "Chinstrap penguin (Pygoscelis antarctica)",
    "Gentoo penguin (Pygoscelis papua)",
)
_PENGUINS: dict[str, Any] = {"reference": 0.991, "classes": _SPECIES, "data": {"label": "species"}}
_TITANIC: dict[str, Any] = {"reference": 0.789, "classes": ("0", "1"), "data": {"label": "Survived"}}
_TIPS: dict[str, Any] = {"reference": 0.374, "data": {"label": "tip"}}
_PIMA: dict[str, Any] = {"reference": 0.775, "classes": ("0", "1")}

TABLES = (
    Published("penguins.csv", **_PENGUINS),
    Published("variants/penguins-index.csv", **_PENGUINS),
    Published("variants/penguins-decimal-comma.csv", **_PENGUINS),
    Published("variants/penguins.parquet", **_PENGUINS),
    Published("penguins_raw.csv", 0.997, _LONG_SPECIES, {"label": "Species"}),
    Published("titanic.csv", **_TITANIC),
    Published("variants/titanic.tsv", **_TITANIC),
    Published("tips.csv", **_TIPS),
    Published("variants/tips-bom-crlf.csv", **_TIPS),
    Published("abalone.csv", 0.523),
    Published("variants/abalone.csv.gz", 0.523),
    Published("auto-insurance.csv", 0.750),
    Published("auto-insurance-comma.txt", 0.750),
    Published("winequality-red.csv", 0.593, ("3", "4", "5", "6", "7", "8")),
    Published("winequality-red.csv", 0.341, data={"task": "regression"}),
    Published("sonar.csv", 0.731, ("M", "R")),
    Published("pima-indians-diabetes.csv", **_PIMA),
    Published("variants/pima-integer-headers.csv", **_PIMA),
    Published("breast-cancer.csv", 0.713, ("no-recurrence-events", "recurrence-events")),
    Published("adult-5000.csv", 0.843, ("<=50K", ">50K")),
    Published("mammography-3000.csv", 0.985, ("-1", "1")),
    Published("horse-colic.csv", 0.817, ("1", "2"), {"label": 23}),
    Published("housing.data", 0.709),
    Published("auto-mpg.data", 0.813, data={"label": 0}),
)


def reached(published: Published, directory: Path, seed: int) -> tuple[float, float]:
    """Return what the preset ``table`` reaches on validation data, and the linear model on the same split.

    ``seed`` splits the rows and draws the weights. Accuracy for classes, R² for regression.
    """
    import numpy as np
    from sklearn.linear_model import LogisticRegression, Ridge
    from tunelab.experiment import load_data, train
    from tunelab.experiment.preset import find

    path = str(directory / published.file)
    settings = {"data.name": path, "data.split_seed": seed, "initialization.seed": seed}
    experiment = (
        find("table").with_settings(settings | {f"data.{k}": v for k, v in published.data.items()}).arms[0].experiment
    )
    dataset = load_data(experiment)
    assert dataset.classes == published.classes, dataset.classes
    (*_, last) = train(experiment, dataset)
    x, y = np.asarray(dataset.training.inputs), np.asarray(dataset.training.targets)
    x_validation, y_validation = np.asarray(dataset.validation.inputs), np.asarray(dataset.validation.targets)
    linear = Ridge() if dataset.classes is None else LogisticRegression(max_iter=2000)
    reference = float(linear.fit(x, y).score(x_validation, y_validation))
    if dataset.classes is not None:
        return float(last.evaluation_accuracy[0]), reference
    # The quadratic cost is half the squared error, and R² the share of the variance that it leaves out
    return float(1 - 2 * last.evaluation.data_cost[0] / y_validation.var()), reference


def main() -> None:
    """Print a Markdown table on stdout."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tables", description=__doc__)
    parser.add_argument("directory", type=Path, help="the directory of the published tables")
    parser.add_argument("--seeds", type=int, default=5, help="how many splits")
    parser.add_argument("--only", default="", help="only files with this in their name")
    options = parser.parse_args()

    import numpy as np

    print("| table | measure | tunelab | linear, same splits | reference | against it |")
    print("| --- | --- | --- | --- | --- | --- |")
    missed = 0
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNELAB_HOME"] = home
        for published in (table for table in TABLES if options.only in table.file):
            results = np.array([reached(published, options.directory, seed) for seed in range(options.seeds)])
            (ours, linear), (spread, _) = (
                results.mean(axis=0),
                results.std(axis=0, ddof=1) if len(results) > 1 else (0, 0),
            )
            against = ours - published.reference
            missed += against < -published.margin
            mark = " ✗" if against < -published.margin else ""
            measure = "R²" if published.classes is None else "accuracy"
            print(
                f"| {published.file} | {measure} | {ours:.3f} ± {spread:.3f} | {linear:.3f} | "
                f"{published.reference:.3f} | {against:+.3f}{mark} |",
                flush=True,
            )
    print(f"\n{missed} of the tables further below their reference than allowed.", file=sys.stderr)


if __name__ == "__main__":
    main()
