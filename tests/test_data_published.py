"""Real tables as they are published: each is read for what it is, and training reaches what it should."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.tables import TABLES, Published, reached
from tunelab.data import load
from tunelab.data.options import FileOptions

TRAINED = (
    "penguins.csv",
    "titanic.csv",
    "tips.csv",
    "auto-insurance-comma.txt",
    "mammography-3000.csv",
    "housing.data",
)


@pytest.fixture(scope="module")
def directory() -> Path:
    """The directory of the published tables; tests that need it are skipped where it isn't there."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "tables"
    place = Path(os.environ.get("TUNELAB_TABLES") or beside)
    if not (place / "penguins.csv").is_file():
        pytest.skip("the published tables aren't on this machine: set TUNELAB_TABLES to their directory")
    return place


@pytest.mark.parametrize("published", TABLES, ids=lambda table: f"{table.file} {table.data}")
def test_a_published_table_is_read_for_what_it_is(directory: Path, published: Published) -> None:
    dataset = load(str(directory / published.file), options=FileOptions(**published.data))
    assert dataset.classes == published.classes
    assert all(np.isfinite(part.inputs).all() for part in (dataset.training, dataset.validation, dataset.test))


@pytest.mark.parametrize(
    ("variant", "parent", "label"),
    [
        ("penguins-index.csv", "penguins.csv", "species"),
        ("penguins-decimal-comma.csv", "penguins.csv", "species"),
        ("penguins.parquet", "penguins.csv", "species"),
        ("titanic.tsv", "titanic.csv", "Survived"),
        ("tips-bom-crlf.csv", "tips.csv", "tip"),
        ("abalone.csv.gz", "abalone.csv", None),
        ("pima-integer-headers.csv", "pima-indians-diabetes.csv", None),
        ("../auto-insurance-comma.txt", "auto-insurance.csv", None),
    ],
)
def test_another_form_of_a_table_is_the_same_data(
    directory: Path, variant: str, parent: str, label: str | None
) -> None:
    options = FileOptions(label=label)
    one, other = (load(str(directory / name), options=options) for name in (f"variants/{variant}", parent))
    for part in ("training", "validation", "test"):
        np.testing.assert_array_equal(getattr(one, part).inputs, getattr(other, part).inputs)
        np.testing.assert_array_equal(getattr(one, part).targets, getattr(other, part).targets)


@pytest.mark.parametrize("published", [t for t in TABLES if t.file in TRAINED], ids=lambda table: table.file)
def test_what_is_reached_is_near_the_linear_model_on_the_same_rows(directory: Path, published: Published) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn comes with the test tools")
    ours, linear = np.array([reached(published, directory, seed) for seed in range(3)]).mean(axis=0)
    assert ours > linear - published.margin
