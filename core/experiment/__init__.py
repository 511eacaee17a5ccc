"""The one declaration of every parameter; presets are files of it, with arms."""

from tunelab.experiment.assembly import assemble, load_data, stacks, train
from tunelab.experiment.declaration import Experiment
from tunelab.experiment.preset import Arm, Preset

__all__ = ["Arm", "Experiment", "Preset", "assemble", "load_data", "stacks", "train"]
