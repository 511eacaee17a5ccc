"""The engine of tunelab: networks, their training and its record; it knows no screen.

``from core import Experiment, train`` is the whole interface that a script or a notebook needs::

    for measurement in train(Experiment()):
        print(measurement.epoch, measurement.evaluation_accuracy)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.experiment import Experiment, train
    from core.training import Measurement

__all__ = ["Experiment", "Measurement", "train"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line wants `core.errors` without waiting for numpy and pydantic.
    if name in {"Experiment", "train"}:
        import core.experiment

        return getattr(core.experiment, name)
    if name == "Measurement":
        from core.training import Measurement

        return Measurement
    raise AttributeError(f"module 'core' has no attribute '{name}'")
