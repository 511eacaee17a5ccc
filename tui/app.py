"""The terminal application: what is being edited and trained, and which screen shows it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import Worker
from tunelab import paths
from tunelab.errors import BadInput, ExitCode, printable
from tunelab.tui.screens.opening import OpeningScreen
from tunelab.tui.state.actions import actions_of, bindings
from tunelab.tui.state.first_picture import Sketch
from tunelab.tui.state.themes import THEMES
from tunelab.tui.state.worker_failures import notify_failure, write_traceback
from tunelab.tui.widgets.ascii_filter import AsciiFilter
from tunelab.wording import did_you_mean

if TYPE_CHECKING:  # what takes long to import comes while the first picture stands
    from tunelab.engine import Job
    from tunelab.experiment.fields import Described
    from tunelab.tui.state.lab_state import LabState
    from tunelab.tui.state.settings import Config

__all__ = ["Tunelab"]

_PATIENCE = 3.0  # seconds for leaving in good order once a signal asks for it


class Tunelab(App[int]):
    """tunelab on the screen: themes, keys, signals, help; the lab's state is in ``state``."""

    TITLE = "tunelab"
    CSS_PATH = "styles/tunelab.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = bindings("app")

    state: LabState
    config: Config

    def __init__(
        self,
        state: LabState | None = None,
        config: Config | None = None,
        opens: str = "",
        *,
        sketch: Sketch | None = None,
        prepare: Callable[[], tuple[LabState, Config]] | None = None,
    ) -> None:
        """``opens``: the screen to begin with in front of the lab, as an action's ``opens`` names it.

        Without a state ``prepare`` makes one, in a thread, while ``sketch`` stands as the first picture.
        """
        super().__init__()
        if state is not None and config is not None:
            self.state, self.config = state, config
        self._opens, self._sketch, self._prepare = opens, sketch, prepare
        self.problem: BadInput | None = None
        """Why it ended before there was a lab."""
        self._ascii = AsciiFilter()

    @property
    def _has_state(self) -> bool:
        return hasattr(self, "state")

    # -- coming and going ---------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Themes, signals, and the lab: at once where its state is here, else as soon as that is made."""
        for theme in THEMES:
            self.register_theme(theme)
        self._watch_signals()
        if self._has_state:
            self._open_lab(())
            return
        sketch = self._sketch or Sketch("")
        self.theme = sketch.theme if sketch.theme in self.available_themes else "textual-dark"
        self.push_screen(OpeningScreen(sketch))
        self.call_after_refresh(self.run_worker, self._make_state, thread=True, exit_on_error=False)

    def _make_state(self) -> None:
        """Import what the lab needs and read what it opens; a preset that can't be used ends the program."""
        assert self._prepare is not None
        try:
            made = self._prepare()
            import_module("tunelab.tui.screens.lab")
        except BadInput as problem:
            self.call_from_thread(self._give_up, problem)
        else:
            self.call_from_thread(self._take_state, *made)

    def _give_up(self, problem: BadInput) -> None:
        self.problem = problem
        self.exit(ExitCode.BAD_INPUT)

    def _take_state(self, state: LabState, config: Config) -> None:
        self.state, self.config = state, config
        opening = self.screen
        keys = opening.keys if isinstance(opening, OpeningScreen) else []
        self._open_lab(keys)

    def _watch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        leaving = {signal.SIGTERM: 0, signal.SIGHUP: 0}
        if not self.is_headless:  # without a terminal ctrl+c is Python's own
            leaving[signal.SIGINT] = ExitCode.INTERRUPTED
        for number, code in leaving.items():
            # Without this Python ends on the spot and leaves the terminal in its alternate screen.
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self._leave, code)

    def _open_lab(self, keys: Sequence[str]) -> None:
        """Show the lab, and press the keys that were pressed before it was there; wake its workers after that."""
        from tunelab.tui.screens.lab import LabScreen

        wanted = self.config.theme
        self.theme = wanted if wanted in self.available_themes else "textual-dark"
        if wanted not in self.available_themes:
            known = did_you_mean(wanted, self.available_themes)
            sentence = f"there is no theme '{printable(wanted, 40)}'{known}; ctrl+t goes through those there are"
            self.notify(sentence, severity="warning", markup=False, timeout=10)
        self.set_keymap(self.config.keys)
        self.set_class(self.state.looks.ascii, "-ascii")
        lab = LabScreen(self.state)
        self.switch_screen(lab) if isinstance(self.screen, OpeningScreen) else self.push_screen(lab)
        if self._opens:
            self.call_after_refresh(lab.action_open, self._opens)
        for key in keys:
            lab.call_after_refresh(self.simulate_key, key)
        gc.freeze()  # modules and widgets are here to stay: looking through them again and again delays keys
        self.call_after_refresh(self.run_worker, self.state.wake_workers, thread=True, exit_on_error=False)

    def _leave(self, code: int) -> None:
        """End in good order: the record is whole, the terminal clean.

        Where the terminal has gone, writing to it may never return; then the process ends all the same, and its
        workers save where they stand when they notice.
        """
        watchdog = threading.Timer(_PATIENCE, os._exit, [code])
        watchdog.daemon = True
        watchdog.start()
        if self._has_state:
            self.state.stop_own()
        self.exit(code)

    def on_unmount(self) -> None:
        """Remember the session, stop what is being trained, and let the workers go."""
        if not self._has_state:
            return
        from tunelab.tui.state.settings import save_session

        save_session(self.state.draft, self.theme)
        self.state.leave()

    def action_ask_quit(self) -> None:
        """Leave, asking first what becomes of a training."""
        from tunelab.tui.screens.dialogs import Choose

        job = self.state.job if self._has_state else None
        if job is None or job.ended:
            self.exit(0)
            return
        choices = [("s", "stop", "stop it and leave"), ("l", "leave", "leave it running without the screen")]
        question = f"{job.run.name} is being trained."

        def chosen(choice: str | None) -> None:
            if choice == "stop":
                self.exit(0)
            elif choice == "leave":
                self.run_worker(lambda: self._hand_over(job), thread=True, exit_on_error=False)

        self.push_screen(Choose("Leave tunelab?", question, choices), chosen)

    def action_help_quit(self) -> None:
        """What ctrl+c gets where there is nothing to copy."""
        self.notify("q leaves tunelab, and asks first what becomes of a training.", timeout=4)

    def _hand_over(self, job: Job) -> None:
        """Stop the training here and go on with it, from its last bit, in a process of its own."""
        from tunelab import engine

        job.stop()
        job.wait()
        engine.resume_detached(job.run)
        self.call_from_thread(self.exit, 0, message=f"It goes on; `tunelab watch {job.run.name}` follows it.")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        notify_failure(self, event)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """A terminal without Unicode gets everything spelled in ASCII, whoever has written it."""
        filters = list(super().get_line_filters())
        return [*filters, self._ascii] if self._has_state and self.state.looks.ascii else filters

    # -- actions and palette ------------------------------------------------------------------------------

    def action_help(self) -> None:
        """Explain the parameter in focus and the keys of this screen."""
        from tunelab.tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen.id or "app", self.config.keys, self._focused_parameter()))

    def _focused_parameter(self) -> Described | None:
        from tunelab.experiment.fields import described
        from tunelab.tui.widgets.field import Field

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
        self._copy(self._text_of_focus(), "copied.txt")

    def _copy(self, text: str, name: str) -> None:
        self.copy_to_clipboard(text)
        path = paths.home() / name
        try:
            paths.write_whole(path, text.encode())
        except BadInput as problem:
            self.notify(f"Copied; {problem}", markup=False)
        else:
            self.notify(f"Copied, and written to {path}", markup=False)

    def _text_of_focus(self) -> str:
        from tunelab.tui.widgets.chart import Chart
        from tunelab.tui.widgets.epoch_log import EpochLog

        if isinstance(self.focused, Chart | EpochLog):
            return self.focused.plain()
        selected = self.screen.get_selected_text()
        return selected or self.state.draft.to_toml()

    def action_text_twin(self) -> None:
        """Show the screen as plain text, copied and written to a file as well."""
        from tunelab.tui.screens.text_twin import text_twin
        from tunelab.tui.screens.text_viewer import TextViewer

        if isinstance(self.screen, TextViewer):
            return
        text = text_twin(self.screen)
        self._copy(text, "screen.txt")
        self.push_screen(TextViewer("This screen as text", text))

    def action_picture(self) -> None:
        """Write the screen to an SVG file."""
        path = paths.home() / f"screen-{time.strftime('%Y%m%d-%H%M%S')}.svg"
        try:
            paths.write_whole(path, self.export_screenshot().encode())
        except BadInput as problem:
            self.notify(str(problem), markup=False)
        else:
            self.notify(f"Written to {path}", markup=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette holds every action of the screen, and Textual's own."""
        for where in (screen.id or "", "app"):
            for action in actions_of(where):

                async def do(name: str = action.method, target: Any = screen if where != "app" else self) -> None:
                    await self.run_action(name, target)

                yield SystemCommand(action.label.capitalize(), action.help, do)
        yield from super().get_system_commands(screen)

    def _fatal_error(self) -> None:
        """A bug of ours ends the program with a sentence; its traceback goes to a file."""
        self.bell()
        self.panic(write_traceback(self._exception) if self._exception else "Something went wrong inside tunelab.")

    def text_screenshot(self) -> str:
        """The screen as plain text, a line a row."""
        width, height = self.size
        lines = self.screen._compositor.render_strips()
        return "\n".join(strip.text[:width].rstrip() for strip in lines[:height]) + "\n"

    def write_screenshot(self, path: Path) -> None:
        """The screen as SVG or as text, by the file's ending."""
        text = self.export_screenshot() if path.suffix == ".svg" else self.text_screenshot()
        paths.write_whole(path, text.encode())
