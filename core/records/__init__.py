"""A run on disk, as it happens: its experiment, environment, measurements, checkpoints and parameters."""

from tunelab.records.follow import Follower
from tunelab.records.measure_events import measure_fields
from tunelab.records.run import ArmRecord, Run, all_runs, create, find
from tunelab.records.writer import ArmWriter

__all__ = ["ArmRecord", "ArmWriter", "Follower", "Run", "all_runs", "create", "find", "measure_fields"]
