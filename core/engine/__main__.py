"""A training in the background: resume the run in a directory and train it to its end."""

import sys

from tunelab.engine import process_pool, resume
from tunelab.records import Run

if __name__ == "__main__":
    with process_pool() as pool:
        for _ in resume(Run(sys.argv[1]), pool).follow():
            pass
