"""How sentences are worded: a number with its noun, and the known word that somebody probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

__all__ = ["did_you_mean", "masked_url", "quantity", "sentence"]


def quantity(n: float, noun: str, plural: str = "") -> str:
    """Return a count with its noun in the right number: "1 arm", "2 arms", "1,000 examples", "0.5 seconds".

    ``plural`` is needed only where it isn't ``noun`` with an s.
    """
    text = f"{n:,.0f}" if float(n).is_integer() or n >= 100 else f"{n:.3g}"
    return f"{text} {noun if n == 1 else plural or noun + 's'}"


def sentence(text: str) -> str:
    """Return a text with a capital at its beginning, but for a symbol: η stays η."""
    return text[:1].upper() + text[1:] if text[:1].isascii() else text


def masked_url(url: str) -> str:
    """Return a URL as it may be shown or kept in a log: a password in it is three dots."""
    return re.sub(r"(://[^:/@\s]*):[^/\s]*@", r"\1:…@", url)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a tail such as " (did you mean 'eta'?)" for the known word most like ``word``, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else ""
