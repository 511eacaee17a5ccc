"""The terminal application: what is being edited and trained, and which screen shows it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from textual import work
from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen
from textual.worker import Worker

from core import engine, home
from core.errors import BadInput
from core.experiment.fields import Described, described
from tui.actions import actions_of, bindings
from tui.draft import Draft
from tui.failures import keep_details, tell_failure
from tui.runview import RunView
from tui.screens.dialogs import AskText, Choose
from tui.screens.help import HelpScreen
from tui.screens.lab import LabScreen
from tui.session import Config, save_session
from tui.terminal import Looks
from tui.themes import THEMES
from tui.widgets.field import Field

__all__ = ["RunDone", "Tunelab"]


class RunDone(Message):
    """A training begun here has ended, one way or another."""


class Tunelab(App[int]):
    """tunelab on the screen.

    ``draft`` is the experiment in the form, ``job`` a training begun here, ``view`` the run whose curves are
    shown (it may be old, or another terminal's), ``overlays`` old runs laid over it.
    """

    TITLE = "tunelab"
    CSS_PATH = "styles/tunelab.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = bindings("app")

    def __init__(self, draft: Draft, looks: Looks, config: Config, *, session: bool = True) -> None:
        super().__init__()
        self.draft = draft
        self.looks = looks
        self.config = config
        self.job: engine.Job | None = None
        self.view: RunView | None = None
        self.overlays: list[RunView] = []
        # Made before Textual takes stderr over: multiprocessing wants a real one when it is first used.
        self.pool: Executor = engine.process_pool()
        self._paused = False
        self._starting = False
        self._told_end = False
        self._session = session

    # -- coming and going ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Themes, keys, signals, the lab; worker processes are woken after the first paint."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.config.theme if self.config.theme in self.available_themes else "textual-dark"
        self.set_keymap(self.config.keys)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Without this Python ends on the spot and leaves the terminal in its alternate screen.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._leave)
        self.push_screen(LabScreen())
        self.call_after_refresh(self._wake_workers)

    @property
    def lab(self) -> LabScreen:
        """The lab's screen."""
        return next(screen for screen in self.screen_stack if isinstance(screen, LabScreen))

    @work(thread=True, exit_on_error=False)
    def _wake_workers(self) -> None:
        """Let the workers load numpy while the person reads, so that the first curve comes at once."""
        for _ in range(engine.usable_cores()):
            self.pool.submit(engine.usable_cores)

    def _leave(self) -> None:
        """End in good order: the record is whole, the terminal clean."""
        if self.job is not None and not self.job.ended:
            self.job.stop()
        self.exit(0)

    def on_unmount(self) -> None:
        """Remember the session and let the workers go."""
        if self._session:
            save_session(self.draft, self.theme)
        self.pool.shutdown(wait=False, cancel_futures=True)

    def action_ask_quit(self) -> None:
        """Leave, asking first what becomes of a training."""
        if self.job is None or self.job.ended:
            self.exit(0)
            return
        choices = [("s", "stop", "stop it and leave"), ("l", "leave", "leave it running without the screen")]
        question = f"{self.job.run.name} is being trained."
        self.push_screen(Choose("Leave tunelab?", question, choices), self._quit_chosen)

    def _quit_chosen(self, choice: str | None) -> None:
        if choice is None or self.job is None:
            return
        self.job.stop()
        if choice == "leave":
            self._hand_over(self.job)
        else:
            self.exit(0)

    @work(thread=True)
    def _hand_over(self, job: engine.Job) -> None:
        """Stop the training here and go on with it, from its last bit, in a process of its own."""
        job.wait()
        engine.resume_detached(job.run)
        self.call_from_thread(self.exit, 0, message=f"It goes on; `tunelab watch {job.run.name}` follows it.")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self, event)

    # -- training -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Train the draft."""
        if self._starting or (self.job is not None and not self.job.ended):
            self.notify("A training is running: s stops it, space holds it.", timeout=3)
            return
        self._starting = True
        self._start(self.draft)

    @work(thread=True, exit_on_error=False, group="start")
    def _start(self, draft: Draft) -> None:
        """Check, make the record and start the workers, away from the keys."""
        try:
            job = engine.start(draft.preset, self.pool)
        except BadInput as problem:
            self.call_from_thread(self._not_started, str(problem))
        else:
            self.call_from_thread(self._started, job)

    def _not_started(self, sentence: str) -> None:
        self._starting = False
        self.notify(sentence, title="Not trained", severity="warning", markup=False, timeout=10)

    def _started(self, job: engine.Job) -> None:
        self._starting = False
        self._paused = False
        self._told_end = False
        self.job = job
        self.watch_run(RunView(job.run))

    def watch_run(self, view: RunView) -> None:
        """Show a run's curves: one begun here, an old one, or another terminal's."""
        self.view = view
        self.lab.new_view()
        self.lab.refresh_bindings()

    def run_state(self) -> str:
        """A word and a sign for how the run on the charts stands."""
        if self.view is None:
            return ""
        if self.view.ended:
            reasons = {str(arm.done["reason"]) for arm in self.view.arms}
            return "✗ diverged" if "diverged" in reasons else "■ stopped" if "stopped" in reasons else "✓ done"
        if self._paused:
            return "‖ paused"
        if self.job is not None and self.job.run.name == self.view.run.name:
            return "● running"
        return f"○ {self.view.run.state()}"

    def job_may_have_ended(self) -> None:
        """Notice the end of a training begun here, and say so if a worker came to grief."""
        job = self.job
        if job is None or not job.ended or self._told_end:
            return
        self._told_end = True
        if (problem := job.problem()) is not None:
            self.notify(problem, title="The training was cut off", severity="error", markup=False, timeout=20)
        self.post_message(RunDone())

    def pause_or_go(self) -> None:
        """Hold the training, or let it go on."""
        if self.view is None or self.view.ended:
            return
        self._paused = not self._paused
        self.view.run.tell("pause" if self._paused else "go")

    def stop_training(self) -> None:
        """End the training on the charts, whoever began it."""
        if self.view is not None and not self.view.ended:
            self._paused = False
            self.view.run.tell("stop")

    # -- questions ----------------------------------------------------------------------------------------

    def ask_arms(self) -> None:
        """A parameter and its values, an arm each; an empty line goes back to one network."""
        hint = (
            "A parameter and its values, one arm each:\n  eta = 0.025, 0.25, 2.5\n  initialization.weights = standard, "
        )
        hint += "scaled\nAn empty line goes back to a single network."

        def accept(text: str) -> None:
            if text.strip():
                self.draft.vary(text)
            else:
                self.draft.drop_arms()

        self.push_screen(AskText("Arms", hint, accept), self._draft_answered)

    def ask_save(self) -> None:
        """A name for the draft as a preset."""
        from core.experiment.preset import save

        def accept(text: str) -> None:
            save(self.draft.preset, text.strip(), replace_old=True)

        def saved(name: str | None) -> None:
            if name is not None:
                self.notify(f"Saved; `tunelab {name}` opens it.", markup=False)

        self.push_screen(AskText("Save as a preset", "A name, letters, digits and -", accept), saved)

    def _draft_answered(self, answer: str | None) -> None:
        if answer is not None:
            self.lab.load_draft()

    def take_draft(self, draft: Draft) -> None:
        """Edit another experiment."""
        self.draft = draft
        self.view = None
        self.lab.load_draft()
        self.lab.new_view()

    # -- screens and palette ------------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Open one of the other screens, loaded when it is first wanted."""
        if name == "explorer":
            from tui.screens.explorer import ExplorerScreen

            self.push_screen(ExplorerScreen(self.draft))
            return
        from tui.screens.inside import InsideScreen
        from tui.screens.presets import PresetsScreen
        from tui.screens.runs import RunsScreen

        kinds: dict[str, type[Screen[Any]]] = {
            "inside": InsideScreen,
            "presets": PresetsScreen,
            "runs": RunsScreen,
        }
        self.push_screen(kinds[name]())

    def action_help(self) -> None:
        """Explain the parameter in focus and the keys of this screen."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.id or "app", self.config.keys, self._focused_parameter()))

    def _focused_parameter(self) -> Described | None:
        widget = self.focused
        while widget is not None:
            if isinstance(widget, Field):
                return described()[widget.about.key]
            widget = widget.parent  # type: ignore[assignment]
        return None

    def action_theme(self) -> None:
        """The next theme."""
        names = ["textual-dark", "textual-light", *(theme.name for theme in THEMES), "ansi-dark", "ansi-light"]
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else names[0]
        self.notify(f"Theme: {self.theme}", timeout=2)

    def action_copy(self) -> None:
        """Copy what is in focus to the clipboard and to a file: over SSH a terminal may refuse the one."""
        text = self._text_of_focus()
        self.copy_to_clipboard(text)
        path = home.home() / "copied.txt"
        try:
            home.write_whole(path, text.encode())
        except BadInput as problem:
            self.notify(f"Copied; {problem}", markup=False)
        else:
            self.notify(f"Copied, and written to {path}", markup=False)

    def _text_of_focus(self) -> str:
        from tui.widgets.chart import Chart

        if isinstance(self.focused, Chart):
            return self.focused.plain()
        selected = self.screen.get_selected_text()
        return selected or self.draft.to_toml()

    def action_picture(self) -> None:
        """Write the screen to an SVG file."""
        path = home.home() / f"screen-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        try:
            home.write_whole(path, self.export_screenshot().encode())
        except BadInput as problem:
            self.notify(str(problem), markup=False)
        else:
            self.notify(f"Written to {path}", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette holds every action of the screen, and Textual's own."""
        for where in (screen.id or "", "app"):
            for action in actions_of(where):
                name = action.id

                async def do(name: str = name, target: Any = screen if where != "app" else self) -> None:
                    await self.run_action(name, target)

                yield SystemCommand(action.label.capitalize(), action.help, do)
        yield from super().get_system_commands(screen)

    def _fatal_error(self) -> None:
        """A bug of ours ends the program with a sentence; its traceback goes to a file."""
        self.bell()
        self.panic(keep_details(self._exception) if self._exception else "Something went wrong inside tunelab.")

    def text_screenshot(self) -> str:
        """The screen as plain text, a line a row."""
        width, height = self.size
        lines = self.screen._compositor.render_strips()
        return "\n".join(strip.text[:width].rstrip() for strip in lines[:height]) + "\n"

    def write_screenshot(self, path: Path) -> None:
        """The screen as SVG or as text, by the file's ending."""
        text = self.export_screenshot() if path.suffix == ".svg" else self.text_screenshot()
        home.write_whole(path, text.encode())
