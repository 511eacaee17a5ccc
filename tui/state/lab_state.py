"""What the lab works with, whatever shows it: the draft, the training begun here, the run on the charts."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from itertools import islice
from typing import TYPE_CHECKING, Any

from tunelab import engine
from tunelab.errors import BadInput
from tunelab.tui.charts.terminal import Looks
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.text.run_text import status_line

if TYPE_CHECKING:
    from tunelab.records import Run
    from tunelab.tui.state.sweep_view import SweepView

__all__ = ["LabState", "still_training"]


_RECENT = 5  # runs that are looked at when the lab opens


class LabState:
    """The state of the lab; it knows no widget.

    ``draft`` is the experiment in the form, ``job`` a training begun here, ``view`` the run whose curves are
    shown (it may be old, or another terminal's), ``overlays`` old runs laid over it, ``sweep`` the study that the
    sweep's screen shows.
    """

    def __init__(self, draft: Draft, looks: Looks) -> None:
        self.draft = draft
        self.looks = looks
        self.job: engine.Job | None = None
        self.view: RunView | None = None
        self.overlays: list[RunView] = []
        self.paused = False
        self.sweep: SweepView | None = None
        with _real_stderr():
            self._pool = engine.process_pool(polite=True)

    @property
    def training(self) -> bool:
        """Whether a training begun here is at work."""
        return self.job is not None and not self.job.ended

    def wake_workers(self) -> None:
        """Let the workers load numpy while the person reads, so that the first curve comes at once."""
        for _ in range(engine.usable_cores()):
            self._pool.submit(engine.usable_cores)

    def begin(self, draft: Draft) -> engine.Job:
        """Check a draft, make its record and start the workers. Takes a moment: not for the screen's own thread.

        Raises :class:`tunelab.errors.BadInput` where the draft can't be trained.
        """
        return engine.start(draft.preset, self.executor())

    def branch(self, values: dict[str, Any]) -> engine.Job:
        """Stop the run on the charts where it is, and go on from there with other values, as a run of its own.

        Takes a moment. Raises :class:`tunelab.errors.BadInput` where it left nothing to go on from.
        """
        self.check_branch(values)
        assert self.view is not None
        if self.job is not None and self.training and self.job.run.name == self.view.run.name:
            self.job.stop()
            self.job.wait()
        return engine.resume(engine.branch(self.view.run, values), self.executor())

    def check_branch(self, values: dict[str, Any]) -> None:
        """Raise :class:`tunelab.errors.BadInput` where :meth:`branch` can't be, before anything is stopped for it."""
        if self.view is None:
            raise BadInput("nothing is trained yet: r trains the form")
        engine.branched(self.view.run.preset, values)

    def executor(self) -> Executor:
        """The worker processes; new ones where somebody has killed one of the old, which ends them all."""
        try:
            self._pool.submit(engine.usable_cores)
        except BrokenExecutor:
            self._pool = engine.process_pool(polite=True)
        return self._pool

    def show(self, job: engine.Job) -> None:
        """Put a training begun here on the charts."""
        self.job = job
        self.paused = False
        self.view = RunView(job.run)

    def pause_or_resume(self) -> None:
        """Pause the training on the charts, or resume it."""
        if self.view is not None and not self.view.ended:
            self.paused = not self.paused
            self.view.run.send("pause" if self.paused else "go")

    def stop(self) -> None:
        """End the training on the charts, whoever began it."""
        if self.view is not None and not self.view.ended:
            self.paused = False
            self.view.run.send("stop")

    def stop_own(self) -> None:
        """Ask a training begun here to stop; it saves where it stands."""
        if self.job is not None and self.training:
            self.job.stop()

    def leave(self) -> None:
        """Stop a training begun here, and let the workers go when they are done."""
        self.stop_own()
        if self.sweep is not None:
            self.sweep.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def status(self) -> tuple[str, str, str]:
        """Return the line at the top: what is looked at, how it stands, and a shorter text for the first."""
        draft, view = self.draft, self.view
        left, short = f" tunelab  {draft.name}", f" {draft.name}"
        if view is None:
            arms, seeds = len(draft.arms), draft.base.initialization.seeds
            networks = f"{arms} arm{'s' if arms > 1 else ''} × {seeds} network{'s' if seeds > 1 else ''}"
            return left, f"{networks} · r trains them", short
        right = status_line(view.arms, view.state if isinstance(view, Playback) else self.run_state())
        if view.title:
            left += f" · {view.title}"
        if (remaining := self.seconds_left()) is not None:
            right += f"  ~{int(remaining) // 60}:{int(remaining) % 60:02} left"
        return left, right, short

    def run_state(self) -> str:
        """Return a sign and a word for how the run on the charts stands."""
        if self.view is None:
            return ""
        if self.view.ended:
            reasons = {str(arm.done["reason"]) for arm in self.view.arms}
            return "✗ diverged" if "diverged" in reasons else "■ stopped" if "stopped" in reasons else "✓ done"
        if self.paused:
            return "‖ paused"
        if self.job is not None and self.training and self.job.run.name == self.view.run.name:
            return "● running"
        return f"○ {self.view.run.state()}"

    def cure(self) -> tuple[str, dict[str, Any]] | None:
        """Return the arm and the values of the first cure that a verdict on the charts has; None without one."""
        for arm in self.view.arms if self.view is not None else []:
            cures = [verdict.cure for verdict in arm.verdicts()[:1] if verdict.cure] if len(arm) else []
            if cures:
                return arm.name, dict(cures[0])
        return None

    def seconds_left(self) -> float | None:
        """About how long the training begun here will still take; None where nothing can be said."""
        if self.view is None or self.job is None or not self.training or not 0.02 < self.view.progress < 1:
            return None
        passed = time.time() - float(self.job.run.about["began"])
        return passed * (1 - self.view.progress) / self.view.progress


@contextlib.contextmanager
def _real_stderr() -> Iterator[None]:
    """Multiprocessing wants a real stderr when it is first used, and on a screen stderr is Textual's."""
    taken = sys.stderr
    sys.stderr = sys.__stderr__ or taken
    try:
        yield
    finally:
        sys.stderr = taken


def still_training() -> Run | None:
    """Return the newest run that somebody trains, such as a lab that was left; only the latest few are asked."""
    from tunelab.records import all_runs

    return next((run for run in islice(all_runs(), _RECENT) if run.is_running()), None)
