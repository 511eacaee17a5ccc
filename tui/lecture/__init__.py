"""The lecture as something to do: its steps, what a run's curves answer, and how far a person has come."""

from __future__ import annotations

from tunelab.tui.lecture.grading import Answer, grade
from tunelab.tui.lecture.progress import LectureProgress
from tunelab.tui.lecture.steps import Choice, Step, find_steps, lecture

__all__ = ["Answer", "Choice", "LectureProgress", "Step", "find_steps", "grade", "lecture"]
