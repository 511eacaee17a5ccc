"""The lecture as something to do: its steps, what a run's curves answer, and how far a person has come."""

from __future__ import annotations

from tunelab.tui.lecture.grading import Answer, judged
from tunelab.tui.lecture.progress import Progress
from tunelab.tui.lecture.steps import Choice, Step, find_steps, lecture

__all__ = ["Answer", "Choice", "Progress", "Step", "find_steps", "judged", "lecture"]
