"""What a person may decide about a file of data: its label, its task, how its columns are read, how it is split."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

__all__ = ["FileOptions"]


@dataclass(frozen=True)
class FileOptions:
    """The keys of ``[data]`` that say how a table, an .npz or IDX files are read; see the declaration for each.

    ``label`` is a column's name or its number from 0, negative from the end. ``columns`` maps a name to ``number``,
    ``category`` or ``ignore``.
    """

    label: int | str | None = None
    task: str = "auto"
    standardize: bool = True
    split_seed: int = 0
    validation_share: float = 0.15
    test_share: float = 0.15
    columns: Mapping[str, str] = field(default_factory=dict)

    def key(self) -> str:
        """A text that two options share exactly where they are equal: part of a prepared set's name."""
        return json.dumps(asdict(self), sort_keys=True, default=dict)
