"""The keys of a playback, and which keys of the lab can do something now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.run_view import Playback

__all__ = ["PlaybackKeys"]


class PlaybackKeys:
    """What the lab's screen does with a playback: faster, slower, forward, back."""

    if TYPE_CHECKING:  # what the screen gives
        state: LabState

        def log_events(self, events: list[dict[str, Any]]) -> None: ...
        def clear_log(self) -> None: ...
        def show_curves(self) -> None: ...
        def show_status(self) -> None: ...

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Offer the keys of a playback only there, and pause and stop only where something runs."""
        view = self.state.view
        if action in {"faster", "slower", "seek"}:
            return isinstance(view, Playback)
        if action in {"pause", "stop"}:
            return view is not None and (isinstance(view, Playback) or not view.ended)
        return True

    def action_faster(self) -> None:
        """Play twice as fast."""
        self._set_speed(2.0)

    def action_slower(self) -> None:
        """Play half as fast."""
        self._set_speed(0.5)

    def _set_speed(self, factor: float) -> None:
        if isinstance(view := self.state.view, Playback):
            view.speed = min(max(view.speed * factor, 1 / 16), 64.0)
            self.show_status()

    def action_seek(self, by: int) -> None:
        """Go forward or back by a twentieth."""
        if isinstance(view := self.state.view, Playback):
            events = view.seek(view.position + by * view.length / 20)
            if by < 0:
                self.clear_log()
            self.log_events(events)
            self.show_curves()
            self.show_status()
