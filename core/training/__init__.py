"""The loop: mini-batch gradient descent as a generator of measurements; schedules; stopping."""

from core.training.loop import Training
from core.training.measurement import Measurement
from core.training.rules import Constant, EarlyStopping, Plateau, Schedule

__all__ = ["Constant", "EarlyStopping", "Measurement", "Plateau", "Schedule", "Training"]
