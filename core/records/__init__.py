"""A run on disk, as it happens: its experiment, environment, measurements, checkpoints and parameters."""

from tunelab.records.follow import Follower
from tunelab.records.history import History
from tunelab.records.new_run import create_run
from tunelab.records.run import ArmRecord, Run, all_runs
from tunelab.records.writer import ArmWriter

__all__ = ["ArmRecord", "ArmWriter", "Follower", "History", "Run", "all_runs", "create_run"]
