"""`tunelab data`: the data sets, listed, shown, fetched and exported."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tunelab import paths
from tunelab.data import Dataset, fetch, load
from tunelab.data.catalogue import NAMED, entries, is_table
from tunelab.data.dataset import Array
from tunelab.data.npz_export import to_npz
from tunelab.data.options import FileOptions
from tunelab.data.tables import describe_table
from tunelab.errors import BadInput, os_error_sentence, printable
from tunelab.experiment import Experiment
from tunelab.experiment.dotted_keys import changed, parse_settings
from tunelab.tui.charts import halfblocks
from tunelab.tui.cli.options.records import ExportDataOptions, FetchDataOptions, ListDataOptions, ShowDataOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report
from tunelab.tui.text.table_text import table_text
from tunelab.wording import quantity

__all__ = ["STATE_TEXTS", "export_data", "fetch_data", "list_data", "show_data"]

STATE_TEXTS = {"kept": "here", "made": "made when asked for", "missing": "not here", "damaged": "damaged"}
_MAX_FEATURES = 20  # rows of the table of features


def list_data(options: ListDataOptions) -> None:
    """List the data sets, and whether they are here."""
    data_sets = entries(options.check)
    if options.as_json:
        for entry in data_sets:
            training, validation, test = entry.counts or (None, None, None)
            about = {"name": entry.name, "title": entry.title, "about": entry.about, "state": entry.state}
            counts = {"training": training, "validation": validation, "test": test}
            print_json({"event": "dataset"} | about | counts | {"bytes": entry.bytes})
        return
    width = max(len(entry.name) for entry in data_sets)
    for entry in data_sets:
        counts_text = " + ".join(f"{n:,}" for n in entry.counts) if entry.counts else ""
        size = f"{entry.bytes / 1e6:,.0f} MB" if entry.bytes >= 1e6 else f"{entry.bytes / 1e3:,.0f} kB"
        facts = [STATE_TEXTS[entry.state], counts_text, size if entry.bytes else "", entry.about]
        if entry.state in ("missing", "damaged") and entry.name in ("mnist", "fashion-mnist"):
            facts.append(f"get it with: tunelab data fetch {entry.name}")
        print_text(f"{entry.name:{width}}  {entry.title} · {' · '.join(fact for fact in facts if fact)}")


def show_data(options: ShowDataOptions) -> None:
    """Draw examples, and count examples and classes."""
    path = paths.expanded(options.name)
    examples_wanted = options.label is not None or options.count is not None
    if options.name not in NAMED and is_table(path) and path.is_file() and not examples_wanted:
        _show_table(path, options)
        return
    # All 70,000 drawings take half a minute; the first thousand say enough.
    few = options.name == "digits"
    training, evaluation = (1000, 100) if few else (None, None)
    dataset = load(options.name, training=training, evaluation=evaluation, report=progress_report(quiet=False))
    facts = _facts(dataset)
    if options.as_json:
        print_json({"event": "dataset"} | facts)
        return
    rows = np.arange(len(dataset.training))
    if options.label is not None:
        rows = rows[dataset.training.targets == dataset.position(options.label)]
    if dataset.image_shape is not None:
        _print_pictures(dataset, rows, options.count)
    else:
        _print_summaries(dataset, rows[: options.count or 5])
    whole = "the first " if few else ""
    print_text(
        f"{dataset.title}: {whole}{facts['training']:,} training and {facts['validation']:,} validation examples, "
        f"{quantity(dataset.features, 'input')}, {quantity(dataset.outputs, 'output')}"
    )
    if facts["classes"]:
        width = max(len("class"), *(len(name) for name in facts["classes"]))
        print_text(f"{'class':{width}}  {'training':>8}  {'validation':>10}")
        for name, (in_training, in_validation) in facts["classes"].items():
            print_text(f"{name:{width}}  {in_training:>8,}  {in_validation:>10,}")


def _show_table(path: Path, options: ShowDataOptions) -> None:
    """Print what is in a table, and the command that trains on it."""
    description = describe_table(path, _file_options(options.settings), progress_report(quiet=False))
    words = ["tunelab", "run", "--data", options.name]
    words += [word for setting in options.settings or [] for word in ("--set", setting)]
    if options.as_json:
        print_json({"event": "table", "name": options.name} | description | {"command": shlex.join(words)})
        return
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print_text(table_text(printable(path.name, 60), description, ascii=not unicode))
    print_text(f"\nTrain on it with: {shlex.join(words)}")


def _file_options(texts: list[str] | None) -> FileOptions:
    """Return what ``--set`` says about reading a file; :class:`BadInput` for keys that aren't about that."""
    settings = parse_settings(texts or [])
    for key in settings:
        if not key.startswith("data."):
            raise BadInput(f"--set {key}: only the keys of [data] say how a file is read")
    return changed(Experiment(), settings).data.file_options


def fetch_data(options: FetchDataOptions) -> None:
    """Download a data set, verified."""
    report = progress_report(quiet=False)
    place = fetch.fetch(options.name, options.source, report, allow_http=options.allow_http)
    if options.as_json:
        print_json({"event": "fetched", "name": options.name, "path": str(place)})
    else:
        print_text(f"{options.name} is in {place}")


def export_data(options: ExportDataOptions) -> None:
    """Write a data set as one .npz."""
    file = options.file
    try:
        file.exists()  # a name that can't be is found before 70,000 digits are drawn
    except OSError as error:
        raise BadInput(os_error_sentence(error, file)) from None
    file_options = _file_options(options.settings)
    to_npz(load(options.name, options=file_options, report=progress_report(quiet=False)), file, force=options.force)
    if options.as_json:
        print_json({"event": "exported", "name": options.name, "path": str(file), "bytes": file.stat().st_size})
    else:
        print_text(f"{options.name} is in {file}")


def _facts(dataset: Dataset) -> dict[str, Any]:
    """What --json prints. The test part is left alone: counting it would be looking at it."""
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


def _print_pictures(dataset: Dataset, rows: Array, count: int | None) -> None:
    assert dataset.image_shape is not None
    columns = dataset.image_shape[1]
    manner = halfblocks.manner_for(sys.stdout)
    in_a_row = halfblocks.wide(columns, shutil.get_terminal_size().columns)
    chosen = rows[: count or 2 * in_a_row]
    for start in range(0, len(chosen), in_a_row):
        row = chosen[start : start + in_a_row]
        drawn = [halfblocks.picture(dataset.training.inputs[i].reshape(dataset.image_shape), manner) for i in row]
        labels = [_target_text(dataset, i) for i in row]
        print_text("\n".join(halfblocks.beside(drawn, labels, columns)))


def _print_summaries(dataset: Dataset, rows: Array) -> None:
    """A line a feature and a target coordinate, over the training examples, and a few examples."""
    training = dataset.training
    columns = [(f"input {i + 1}", training.inputs[:, i]) for i in range(min(dataset.features, _MAX_FEATURES))]
    if dataset.classes is None:
        columns += [(f"target {i + 1}", training.targets[:, i]) for i in range(dataset.outputs)]
    print_text(f"{'':12}{'mean':>12}{'std':>12}{'least':>12}{'most':>12}")
    for title, values in columns:
        numbers = (values.mean(dtype=np.float64), values.std(dtype=np.float64), values.min(), values.max())
        print_text(f"{title:12}" + "".join(f"{number:>12.4g}" for number in numbers))
    if dataset.features > _MAX_FEATURES:
        print_text(f"… and {dataset.features - _MAX_FEATURES:,} more inputs")
    for i in rows:
        inputs = ", ".join(f"{x:.4g}" for x in training.inputs[i, :8]) + (", …" if dataset.features > 8 else "")
        print_text(f"({inputs}) → {_target_text(dataset, i)}")


def _target_text(dataset: Dataset, row: int) -> str:
    target = dataset.training.targets[row]
    if dataset.classes is not None:
        return dataset.classes[target]
    return ", ".join(f"{coordinate:.4g}" for coordinate in target)
