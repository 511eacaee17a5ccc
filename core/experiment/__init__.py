"""The one declaration of every parameter; presets are files of it, with arms."""

from tunelab.experiment.assembly import assemble, load_data, stacks
from tunelab.experiment.declaration import Experiment
from tunelab.experiment.preset import Arm, Preset
from tunelab.experiment.stacked_training import StackedTraining, train

__all__ = ["Arm", "Experiment", "Preset", "StackedTraining", "assemble", "load_data", "stacks", "train"]
