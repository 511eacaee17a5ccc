"""`tunelab data`: what data sets there are, what is in them, getting them here and taking them elsewhere.

Everything heavy is imported where it is used, so that `tunelab --help` need not wait for it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tunelab.data import Dataset
    from tunelab.data.dataset import Array

__all__ = ["data_app"]

data_app = typer.Typer(name="data", help="Data sets: list them, look into them, fetch and export them.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON lines and nothing else.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A data set's name, or a path.")]

_STATES = {"kept": "here", "made": "made when asked for", "missing": "not here", "damaged": "damaged"}
_FEATURES_SHOWN = 20


@data_app.callback(invoke_without_command=True)
def data(context: typer.Context) -> None:
    """Data sets: list them, look into them, fetch and export them."""
    if context.invoked_subcommand is None:
        list_(as_json=False, check=False)


@data_app.command("list")
def list_(
    as_json: Json = False,
    check: Annotated[bool, typer.Option("--check", help="Verify every checksum of what is here.")] = False,
) -> None:
    """Say which data sets there are, and whether they are here."""
    from tunelab.data.catalogue import entries

    found = entries(check)
    if as_json:
        for entry in found:
            training, validation, test = entry.counts or (None, None, None)
            _line(
                event="dataset",
                name=entry.name,
                title=entry.title,
                about=entry.about,
                state=entry.state,
                training=training,
                validation=validation,
                test=test,
                bytes=entry.bytes,
            )
        return
    width = max(len(entry.name) for entry in found)
    for entry in found:
        counts = " + ".join(f"{n:,}" for n in entry.counts) if entry.counts else ""
        size = f"{entry.bytes / 1e6:,.0f} MB" if entry.bytes >= 1e6 else f"{entry.bytes / 1e3:,.0f} kB"
        facts = [_STATES[entry.state], counts, size if entry.bytes else "", entry.about]
        if entry.state in ("missing", "damaged") and entry.name in ("mnist", "fashion-mnist"):
            facts.append(f"get it with: tunelab data fetch {entry.name}")
        _say(f"{entry.name:{width}}  {entry.title} · {' · '.join(fact for fact in facts if fact)}")


@data_app.command()
def show(
    name: Name,
    label: Annotated[str | None, typer.Option("--class", metavar="CLASS", help="Only examples of this class.")] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="How many examples.")] = None,
    as_json: Json = False,
) -> None:
    """Draw examples of a data set in the terminal, and say what is in it."""
    import numpy as np
    from tunelab.data import load
    from tunelab.tui.cli.options import progress_report

    # All 70,000 drawings take half a minute; the first thousand say enough.
    few = name == "digits"
    training, evaluation = (1000, 100) if few else (None, None)
    dataset = load(name, training=training, evaluation=evaluation, report=progress_report(quiet=False))
    if as_json:
        _line(event="dataset", **_facts(dataset))
        return
    rows = np.arange(len(dataset.training))
    if label is not None:
        rows = rows[dataset.training.targets == dataset.position(label)]
    if dataset.image_shape is not None:
        _pictures(dataset, rows, count)
    else:
        _summaries(dataset, rows[: count or 5])
    facts = _facts(dataset)
    whole = "the first " if few else ""
    _say(
        f"{dataset.title}: {whole}{facts['training']:,} training and {facts['validation']:,} validation examples, "
        f"{dataset.features:,} inputs, {dataset.outputs} outputs"
    )
    if facts["classes"]:
        width = max(len("class"), *(len(name) for name in facts["classes"]))
        _say(f"{'class':{width}}  {'training':>8}  {'validation':>10}")
        for name, (training, validation) in facts["classes"].items():
            _say(f"{name:{width}}  {training:>8,}  {validation:>10,}")


@data_app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="mnist or fashion-mnist.")],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="URL|DIR", help="Another address, or a directory with the four IDX files."),
    ] = None,
    allow_http: Annotated[
        bool, typer.Option("--allow-http", help="Permit an address that is plain http; checksums are verified anyway.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Get MNIST or Fashion-MNIST here, verified; a download that was cut off goes on."""
    from tunelab.data.fetch import fetch as bring
    from tunelab.tui.cli.options import progress_report

    place = bring(name, source, progress_report(quiet=False), allow_http=allow_http)
    if as_json:
        _line(event="fetched", name=name, path=str(place))
    else:
        _say(f"{name} is in {place}")


@data_app.command()
def export(
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE.npz", help="The file to write.")],
    force: Annotated[bool, typer.Option("--force", help="Replace FILE.npz if it is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a data set as x_train, y_train, x_validation, y_validation, x_test, y_test."""
    from tunelab.data import load
    from tunelab.data.npz_export import to_npz
    from tunelab.tui.cli.options import progress_report

    to_npz(load(name, report=progress_report(quiet=False)), file, force=force)
    if as_json:
        _line(event="exported", name=name, path=str(file), bytes=file.stat().st_size)
    else:
        _say(f"{name} is in {file}")


def _facts(dataset: Dataset) -> dict[str, Any]:
    """What --json says. The test part is left alone: counting it would be looking at it."""
    import numpy as np

    classes: dict[str, tuple[int, int]] = {}
    if dataset.classes is not None:
        parts = (dataset.training, dataset.validation)
        counts = [np.bincount(part.targets, minlength=len(dataset.classes)).tolist() for part in parts]
        classes = dict(zip(dataset.classes, zip(*counts, strict=True), strict=True))
    return {
        "name": dataset.name,
        "title": dataset.title,
        "training": len(dataset.training),
        "validation": len(dataset.validation),
        "features": dataset.features,
        "outputs": dataset.outputs,
        "image_shape": dataset.image_shape,
        "classes": classes,
    }


def _pictures(dataset: Dataset, rows: Array, count: int | None) -> None:
    import shutil

    from tunelab.tui.charts import halfblocks

    assert dataset.image_shape is not None
    columns = dataset.image_shape[1]
    manner = halfblocks.manner_for(sys.stdout)
    in_a_row = halfblocks.wide(columns, shutil.get_terminal_size().columns)
    chosen = rows[: count or 2 * in_a_row]
    for start in range(0, len(chosen), in_a_row):
        some = chosen[start : start + in_a_row]
        drawn = [halfblocks.picture(dataset.training.inputs[i].reshape(dataset.image_shape), manner) for i in some]
        labels = [_answer(dataset, i) for i in some]
        _say("\n".join(halfblocks.beside(drawn, labels, columns)))


def _summaries(dataset: Dataset, rows: Array) -> None:
    """A line a feature and a target coordinate, over the training examples, and a few examples."""
    import numpy as np

    training = dataset.training
    columns = [(f"input {i + 1}", training.inputs[:, i]) for i in range(min(dataset.features, _FEATURES_SHOWN))]
    if dataset.classes is None:
        columns += [(f"target {i + 1}", training.targets[:, i]) for i in range(dataset.outputs)]
    _say(f"{'':12}{'mean':>12}{'std':>12}{'least':>12}{'most':>12}")
    for title, values in columns:
        numbers = (values.mean(dtype=np.float64), values.std(dtype=np.float64), values.min(), values.max())
        _say(f"{title:12}" + "".join(f"{number:>12.4g}" for number in numbers))
    if dataset.features > _FEATURES_SHOWN:
        _say(f"… and {dataset.features - _FEATURES_SHOWN:,} more inputs")
    for i in rows:
        inputs = ", ".join(f"{x:.4g}" for x in training.inputs[i, :8]) + (", …" if dataset.features > 8 else "")
        _say(f"({inputs}) → {_answer(dataset, i)}")


def _answer(dataset: Dataset, row: int) -> str:
    target = dataset.training.targets[row]
    if dataset.classes is not None:
        return dataset.classes[target]
    return ", ".join(f"{coordinate:.4g}" for coordinate in target)


def _say(text: str) -> None:
    """A result on stdout, whatever characters it can show."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, "replace").decode(encoding))


def _line(**fields: Any) -> None:
    print(json.dumps(fields))
