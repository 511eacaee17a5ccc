"""The engine of tunelab: networks, their training and its record; it knows no screen.

``from tunelab import Experiment, train`` is the whole interface that a script or a notebook needs::

    for measurement in train(Experiment()):
        print(measurement.epoch, measurement.evaluation_accuracy)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tunelab.experiment import Experiment, train
    from tunelab.training import Measurement

__all__ = ["Experiment", "Measurement", "train"]


def __getattr__(name: str) -> Any:
    # Imported when asked for: the command line wants `tunelab.errors` without waiting for numpy and pydantic.
    if name in {"Experiment", "train"}:
        import tunelab.experiment

        return getattr(tunelab.experiment, name)
    if name == "Measurement":
        from tunelab.training import Measurement

        return Measurement
    raise AttributeError(f"module 'tunelab' has no attribute '{name}'")
