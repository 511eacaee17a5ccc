"""The loop: mini-batch gradient descent as a generator of measurements; schedules; stopping."""

from tunelab.training.loop import Training
from tunelab.training.measurement import Measurement
from tunelab.training.schedules import Constant, Plateau, Schedule
from tunelab.training.stopping_rules import EarlyStopping

__all__ = ["Constant", "EarlyStopping", "Measurement", "Plateau", "Schedule", "Training"]
