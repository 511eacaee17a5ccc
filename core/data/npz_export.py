"""A Dataset as one .npz for use elsewhere; `load` reads it back to the same examples."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.errors import BadInput, printable

__all__ = ["to_npz"]


def to_npz(dataset: Dataset, file: Path, *, force: bool = False) -> None:
    """Write ``x_train, y_train, x_validation, y_validation, x_test, y_test`` to ``file``, whole or not at all.

    Pictures are (n, rows, columns), uint8 where they are pixels; other inputs are (n, features) float32 as a
    network sees them. Labels are integers where every class is called by one, else strings; regression
    targets are (n, outputs) float32 in the label's own unit. Raises :class:`BadInput` if ``file`` exists and
    ``force`` isn't given.
    """
    if file.suffix != ".npz":
        raise BadInput(f"'{printable(file)}' must end in .npz, the format that is written")
    if file.exists() and not force:
        raise BadInput(f"'{printable(file)}' is there already; --force replaces it")
    parts = {"train": dataset.training, "validation": dataset.validation, "test": dataset.test}
    arrays: dict[str, Array] = {}
    for part, examples in parts.items():
        shape = dataset.image_shape or (dataset.features,)
        arrays[f"x_{part}"] = examples.inputs.reshape(len(examples), *shape)
        arrays[f"y_{part}"] = _targets_of(dataset, examples)
    try:
        descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]  # the stub confuses names and options
                stream.flush()
                os.fsync(stream.fileno())
            temporary.chmod(0o644)
            temporary.replace(file)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as problem:
        raise BadInput(f"'{printable(file)}' can't be written: {printable(problem.strerror or problem)}") from None


def _targets_of(dataset: Dataset, examples: Examples) -> Array:
    if dataset.classes is None:
        return dataset.unscaled(examples.targets).astype(np.float32)
    if all(label.isascii() and label.isdigit() and len(label) < 19 for label in dataset.classes):
        return np.array([int(label) for label in dataset.classes])[examples.targets]
    return np.array(dataset.classes)[examples.targets]
