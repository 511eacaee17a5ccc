"""The one declaration of every parameter; presets are files of it, with arms."""

from core.experiment.assembly import assemble, load_data, stacks, train
from core.experiment.declaration import Experiment
from core.experiment.preset import Arm, Preset

__all__ = ["Arm", "Experiment", "Preset", "assemble", "load_data", "stacks", "train"]
