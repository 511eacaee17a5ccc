"""tunelab as a library: small networks, their training, and what to make of it. Nothing here knows a screen.

    >>> from tunelab import Experiment, train
    >>> experiment = Experiment(data={"train": 200, "evaluation": 100}, training={"eta": 0.5, "epochs": 2})
    >>> for measurement in train(experiment):
    ...     print(measurement.epoch, measurement.evaluation_accuracy.shape)
    1.0 (1,)
    2.0 (1,)

What is listed in ``__all__`` is public. Everything else may change from version to version. Whatever a person got wrong
raises :class:`BadInput`, whose text is one sentence: what, where, and what would be right.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunelab.data import Dataset, Examples
    from tunelab.errors import BadInput
    from tunelab.experiment import Experiment, Preset, load_data, train
    from tunelab.records import History, Run
    from tunelab.run_comparison import Comparison, compare
    from tunelab.search import SearchResult, find_eta
    from tunelab.training import Measurement

__all__ = [
    "BadInput",
    "Comparison",
    "Dataset",
    "Examples",
    "Experiment",
    "History",
    "Measurement",
    "Preset",
    "Run",
    "SearchResult",
    "compare",
    "find_eta",
    "load_data",
    "train",
]

_MODULES = {
    "BadInput": "errors",
    "Comparison": "run_comparison",
    "Dataset": "data",
    "Examples": "data",
    "Experiment": "experiment",
    "History": "records",
    "Measurement": "training",
    "Preset": "experiment",
    "Run": "records",
    "SearchResult": "search",
    "compare": "run_comparison",
    "find_eta": "search",
    "load_data": "experiment",
    "train": "experiment",
}


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line wants `tunelab.errors` without waiting for numpy and pydantic.
    if name not in _MODULES:
        raise AttributeError(f"module 'tunelab' has no attribute '{name}'")
    return getattr(import_module(f"tunelab.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
