"""Themes of our own, beside Textual's: one whose colours stay apart for colour-blind eyes."""

from __future__ import annotations

from textual.theme import Theme

__all__ = ["THEMES"]

THEMES = (
    # Okabe & Ito 2008: blue, orange, bluish green, vermillion stay apart in every kind of colour blindness.
    Theme(
        name="colour-blind-safe",
        primary="#56B4E9",
        secondary="#E69F00",
        accent="#E69F00",
        success="#009E73",
        warning="#F0E442",
        error="#D55E00",
        background="#101418",
        surface="#161B20",
        panel="#1D242B",
        dark=True,
    ),
    Theme(
        name="high-contrast",
        primary="#FFFFFF",
        secondary="#FFFF00",
        accent="#00FFFF",
        success="#00FF00",
        warning="#FFFF00",
        error="#FF6060",
        background="#000000",
        surface="#000000",
        panel="#101010",
        foreground="#FFFFFF",
        dark=True,
    ),
)
