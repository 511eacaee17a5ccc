"""How rows of a file become a network's inputs: kept with a data set and with each run as plain values, and applied."""

from __future__ import annotations

from typing import Any

from tunelab.data.dataset import Dataset

__all__ = ["encoder_of", "table_facts"]


def encoder_of(dataset: Dataset) -> dict[str, Any]:
    """The data set's encoder, fit for JSON; where rows are taken as they are, one that says only that.

    ``kind`` is ``table`` or ``arrays``. Both have ``task``, ``classes`` (in the order of the outputs), ``target_mean``
    and ``target_std`` (empty: unscaled), ``scale`` and ``image_shape``. A table has ``header``, ``width``, ``label``
    and ``columns`` (see :mod:`tunelab.data.tables.encoder`); arrays have ``features``, and ``mean`` and ``std`` where
    features were standardized.
    """
    return dataset.encoder or {
        "format": 1,
        "kind": "arrays",
        "task": "regression" if dataset.classes is None else "classification",
        "classes": None if dataset.classes is None else list(dataset.classes),
        "target_mean": list(dataset.target_mean),
        "target_std": list(dataset.target_std),
        "features": dataset.features,
        "scale": dataset.training.scale,
        "image_shape": None if dataset.image_shape is None else list(dataset.image_shape),
        "mean": [],
        "std": [],
    }


def table_facts(encoder: dict[str, Any]) -> dict[str, Any]:
    """What a ``start`` event says of a table: its ``columns`` (name, kind, missing, why) and its ``label``."""
    if encoder["kind"] != "table":
        return {}
    keys = ("name", "kind", "missing", "why")
    return {
        "columns": [{key: column[key] for key in keys} for column in encoder["columns"]],
        "label": encoder["label"]["name"],
        "label_why": encoder["why"],
    }
