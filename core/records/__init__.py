"""A run on disk, as it happens: its experiment, environment, measurements, checkpoints and parameters."""

from core.records.events import measure_fields
from core.records.follow import Follower
from core.records.run import ArmRecord, Run, all_runs, create, find
from core.records.writer import ArmWriter

__all__ = ["ArmRecord", "ArmWriter", "Follower", "Run", "all_runs", "create", "find", "measure_fields"]
