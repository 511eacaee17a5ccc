"""The line at the top: what is looked at on the left, how it stands on the right."""

from __future__ import annotations

from textual.widgets import Static

__all__ = ["StatusLine"]


class StatusLine(Static):
    """One line of two texts. Where both don't fit, shorter ones take their place."""

    def __init__(self) -> None:
        super().__init__(id="status", markup=False)

    def show(self, left: str, right: str, *, short: str = "") -> None:
        """Show both texts; ``short`` stands in for ``left``, then ``right`` loses its last parts,
        which double spaces separate.

        Nothing is drawn again where the line stays the same.
        """
        width = self.app.size.width
        if short and width < len(left) + len(right) + 3:
            left = short
            while width < len(left) + len(right) + 3 and "  " in right:
                right = right.rpartition("  ")[0]
        room = width - len(left) - len(right) - 1
        text = f"{left[: len(left) + min(room - 2, 0)]}{' ' * max(room, 2)}{right}"
        if text != self.content:
            self.update(text, layout=False)
