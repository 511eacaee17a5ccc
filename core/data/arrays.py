"""Arrays from outside, with a test part of their own, become a data set: labels, scaled inputs, a validation part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from tunelab.data.dataset import Array, Dataset, Examples
from tunelab.data.encoding import arrays_encoder
from tunelab.data.labels import Label, decide
from tunelab.data.limits import MAX_NUMBER
from tunelab.data.options import FileOptions
from tunelab.data.splitting import absent_classes, split, strata_of_numbers
from tunelab.data.store import Origin
from tunelab.errors import BadInput
from tunelab.wording import quantity

__all__ = ["MIN_TRAINING", "dataset_of_arrays", "too_few"]

MIN_TRAINING = 6
_VALIDATION_SHARE = 1 / 6  # of a training part that comes without one: for MNIST's 60,000 the book's 10,000
_PIXEL = 1 / 255
_MNIST_PIXELS = 784


def dataset_of_arrays(
    name: str,
    title: str,
    where: str,
    inputs: Mapping[str, Array],
    targets: Mapping[str, Array],
    source: str,
    options: FileOptions,
) -> tuple[Dataset, Origin]:
    """A data set of arrays by part: ``train``, ``test``, and ``validation`` or a shuffled sixth of ``train`` for it.

    ``inputs``: (n, features) or images (n, rows, columns), integers or floats. Images, and 784 numbers in a row, of 0
    to 255 or 0 to 1 are pixels. Other features are left alone where those of the training examples lie within [0, 1],
    else standardized by them. ``targets``: (n,) labels or numbers, as :func:`tunelab.data.labels.decide` decides;
    (n, classes) of one 1 a row are labels, other (n, outputs) floats are regression. ``where`` begins every sentence.
    """
    for part, array in inputs.items():
        _check_finite(array, f"{where}: x_{part}")
    sizes = {part: len(array) for part, array in inputs.items()}
    label = _label(targets, options.task, where)
    notes = [_capital(label.why)] if label.guessed else []
    by_part = dict(zip(targets, np.split(label.targets, np.cumsum(list(sizes.values()))[:-1]), strict=True))
    rows = {part: np.arange(size) for part, size in sizes.items()}
    own_validation = "validation" in inputs
    if not own_validation:
        if sizes["train"] < MIN_TRAINING:
            raise too_few(where, sizes["train"], sizes["test"])
        strata = by_part["train"] if label.classes is not None else strata_of_numbers(by_part["train"])
        set_by_person = options.validation_share != FileOptions.validation_share
        share = options.validation_share if set_by_person else _VALIDATION_SHARE
        rows["train"], rows["validation"] = split(
            strata, (share,), options.split_seed, in_every_part=label.classes is not None
        )
        notes.append(
            f"{len(rows['validation']):,} of {sizes['train']:,} training examples are kept for validation, shuffled by "
            f"data.split_seed = {options.split_seed}"
        )
    origin_of = {"train": "train", "validation": "validation" if own_validation else "train", "test": "test"}
    xs = [inputs[of][rows[part]] for part, of in origin_of.items()]
    ys = [by_part[of][rows[part]] for part, of in origin_of.items()]
    features, shape, scale, mean, std = _as_inputs(xs)
    if len(mean):
        notes.append(f"Features are standardized by the mean and spread of {quantity(len(xs[0]), 'training example')}")
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    if label.classes is None:
        target_mean, target_std, ys = scaled_targets(ys)
        notes.append("Targets are standardized for training")
    else:
        notes += absent_classes(dict(zip(("training", "validation", "test"), ys, strict=True)), label.classes)
    training, validation, test = (Examples(x, y, scale) for x, y in zip(features, ys, strict=True))
    dataset = Dataset(name, title, training, validation, test, label.classes, shape, 0.0, target_mean, target_std)
    encoder = arrays_encoder(dataset) | {"mean": mean.tolist(), "std": std.tolist()}
    return dataset.with_encoder(encoder), Origin(source, tuple(notes), tuple(mean.tolist()), tuple(std.tolist()))


def too_few(where: str, training: int, test: int) -> BadInput:
    """The error for a set that is too small to be split in three parts."""
    return BadInput(
        f"{where} has {training:,} training and {quantity(test, 'test example')}; at least {MIN_TRAINING} "
        f"and 1 are needed, "
        "for a sixth of the training examples is kept for validation"
    )


def scaled_targets(parts: Sequence[Array]) -> tuple[tuple[float, ...], tuple[float, ...], list[Array]]:
    """Mean and standard deviation by output of the training targets, parts[0]; all parts (n, outputs) so scaled."""
    columns = [part.reshape(len(part), -1) for part in parts]
    mean, std = columns[0].mean(axis=0), _spread(columns[0])
    return tuple(mean.tolist()), tuple(std.tolist()), [((part - mean) / std).astype(np.float32) for part in columns]


def _spread(values: Array) -> Array:
    """The standard deviation by column; 1 where a column never changes."""
    mean, std = values.mean(axis=0), values.std(axis=0)
    # Rounding leaves a constant column with a spread of about 1e-16 of its size.
    return np.where(std > 1e-12 * np.abs(mean), std, 1.0)


# -- labels -------------------------------------------------------------------------------------------------


def _label(targets: Mapping[str, Array], task: str, where: str) -> Label:
    """The label of all parts one after the other."""
    for part, array in targets.items():
        _check_finite(array, f"{where}: y_{part}")
    together = np.concatenate(list(targets.values()))
    if together.ndim == 2 and together.shape[1] == 1:
        together = together[:, 0]
    if together.ndim == 2:
        if task != "regression" and _is_one_hot(together):
            together = together.argmax(axis=1)
            label = decide(together, task="classification", called="y", where=where)
            return Label(label.task, label.targets, label.classes, "y is one-hot: classification", task == "auto")
        if (together.dtype.kind != "f" and task != "regression") or task == "classification":
            raise BadInput(
                f"{where}: y has {quantity(together.shape[1], 'column')} that aren't one-hot; give labels "
                f"(n,), one 1 a row, or "
                "for regression floats (n, outputs)"
            )
        why = f"y has {together.shape[1]} numbers a row: regression"
        return Label("regression", together.astype(np.float64), None, why, task == "auto")
    return decide(together, task=task, called="y", where=where, cure="")


def _is_one_hot(values: Array) -> bool:
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all())


# -- inputs -------------------------------------------------------------------------------------------------


def _as_inputs(inputs: Sequence[Array]) -> tuple[list[Array], tuple[int, int] | None, float, Array, Array]:
    """Flat inputs, the shape of an image, the scale, and the mean and std used (empty where none were)."""
    shape = inputs[0].shape[1:]
    image = (28, 28) if shape == (_MNIST_PIXELS,) else (shape[0], shape[1]) if len(shape) == 2 else None
    flat = [x.reshape(len(x), -1) for x in inputs]
    none = np.empty(0)
    least, most = min(x.min() for x in flat), max(x.max() for x in flat)
    if image and least >= 0 and 1 < most <= 255:
        whole = all(x.dtype.kind != "f" or (x == np.floor(x)).all() for x in flat)
        dtype = np.uint8 if whole else np.float32
        return [x.astype(dtype, copy=False) for x in flat], image, _PIXEL, none, none
    if flat[0].min() >= 0 and flat[0].max() <= 1:
        return [x.astype(np.float32) for x in flat], image, 1.0, none, none
    mean, std = flat[0].mean(axis=0, dtype=np.float64), _spread(flat[0].astype(np.float64))
    # A training column that hardly moves makes others huge; they are held to what float32 can multiply.
    scaled = [np.clip((x - mean) / std, -MAX_NUMBER, MAX_NUMBER).astype(np.float32) for x in flat]
    return scaled, image, 1.0, mean, std


def _check_finite(array: Array, name: str) -> None:
    """Refuse NaN, infinity and what would overflow among floats, naming the first place."""
    if array.dtype.kind != "f":
        return
    fine = np.abs(array) <= MAX_NUMBER  # NaN fails this too
    if not fine.all():
        place = tuple(int(i) for i in np.argwhere(~fine)[0])
        inside = ", ".join(map(str, place))
        raise BadInput(f"{name}[{inside}] is {array[place]:g}; every number must be finite, and below 1e30")


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
