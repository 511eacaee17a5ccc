"""Where trainings run: worker processes that write records, and the following of what they write.

A worker gets the run's directory and the numbers of the arms it is to train, nothing else: what to do stands in
the record, and what it finds goes there. So a screen, a script and another terminal all see the same thing.
"""

from tunelab.engine.background_run import resume_detached
from tunelab.engine.branch import branch, branched
from tunelab.engine.job import Job, check, resume, start
from tunelab.engine.pool import process_pool, usable_cores
from tunelab.engine.training_worker import train_stack

__all__ = [
    "Job",
    "branch",
    "branched",
    "check",
    "process_pool",
    "resume",
    "resume_detached",
    "start",
    "train_stack",
    "usable_cores",
]
