"""How a training without a screen shows that it lives: a bar in a terminal, the book's plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tunelab.records.measure_events import metric_of
from tunelab.tui.cli.output import say
from tunelab.tui.text.numbers import cost_text, metric_text, number_text

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID
    from tunelab.experiment import Preset

__all__ = ["Progress"]


class Progress:
    """Sees the events of a run. This one shows nothing: what ``--quiet`` asks for."""

    @staticmethod
    def of(preset: Preset, *, quiet: bool) -> Progress:
        """The kind of progress that fits where stderr goes."""
        if quiet:
            return Progress()
        return Bars(preset) if sys.stderr.isatty() else Lines(several=len(preset.arms) > 1)

    def see(self, event: dict[str, Any]) -> None:
        """Take note of one event of the record."""

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to tidy."""


class Lines(Progress):
    """A line a measurement, in the words of the book's program."""

    def __init__(self, *, several: bool, write: Callable[[str], None] = say) -> None:
        self._several = several
        self._write = write

    def see(self, event: dict[str, Any]) -> None:
        """Write a measurement, or the end, as a line."""
        arm = f"[{event['arm']}] " if self._several else ""
        if event["event"] == "measure":
            epoch = event["epoch"]
            when = f"Epoch {epoch - 1:.0f} training complete" if epoch == int(epoch) else f"Epoch {epoch:.2f}"
            text = f"{when}; cost on training data: {cost_text(event)}; {_metric(event)}"
        elif event["event"] == "done":
            text = f"Ended: {event['reason']}, after {event['seconds']:.1f} s"
        else:
            return
        self._write(arm + text)


class Bars(Progress):
    """A bar an arm, with the last cost and accuracy beside it."""

    def __init__(self, preset: Preset) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bars: RichProgress = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("epoch {task.completed:.4g}/{task.total:g}", markup=False),
            TextColumn("{task.fields[latest]}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            refresh_per_second=8,
        )
        self._tasks: dict[str, TaskID] = {
            arm.name: self._bars.add_task(arm.name, total=arm.experiment.training.epochs, latest="")
            for arm in preset.arms
        }

    def see(self, event: dict[str, Any]) -> None:
        """Move the arm's bar."""
        task = self._tasks[event["arm"]]
        if event["event"] == "measure":
            latest = f"cost {cost_text(event)}  {metric_of(event).title} {metric_text(event)}"
            self._bars.update(task, completed=event["epoch"], latest=latest)
        elif event["event"] == "done" and event["reason"] != "epochs":
            self._bars.update(task, latest=f"{event['reason']}")
            self._bars.stop_task(task)

    def __enter__(self) -> Bars:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bars as they are and give the cursor back."""
        self._bars.stop()


def _metric(event: dict[str, Any]) -> str:
    """The metric on evaluation data: right answers where they are counted, and what else decides."""
    metric = metric_of(event)
    if metric.name == "accuracy":
        return f"accuracy on evaluation data: {_correct(event)}"
    aside = f"{_correct(event)} right" if metric.percent else f"RMSE {number_text(event, 'evaluation_rmse')}"
    return f"{metric.title} on evaluation data: {metric_text(event)} ({aside})"


def _correct(event: dict[str, Any]) -> str:
    correct, total = event.get("evaluation_correct"), event["evaluation_total"]
    if correct is None:  # a damaged record may lack it
        return metric_text(event)
    spread = event.get("evaluation_correct_std")
    return f"{correct:g} / {total}" if spread is None else f"{correct:.1f} ± {spread:.1f} / {total}"
