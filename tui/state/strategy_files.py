"""What a strategy leaves beside its journal for a person: the report and the winner as a preset."""

from __future__ import annotations

from pathlib import Path

from tunelab import paths
from tunelab.experiment.preset import resolved
from tunelab.strategy.state import State
from tunelab.tui.text.strategy_report import report_text

__all__ = ["WINNER", "write_report"]

WINNER = "winner.toml"


def write_report(directory: Path, state: State) -> str:
    """Write ``report.md`` and ``winner.toml`` into a strategy's directory; return the report.

    Raises :class:`tunelab.BadInput` where they can't be written.
    """
    winner = directory / WINNER
    text = report_text(state, preset=winner)
    paths.write_whole(directory / "report.md", text.encode())
    title = f"Found by the broad strategy on {state.about['data']['title']}"
    tables = {"title": title[:200], "source": f"tunelab tune, {directory.name}"} | state.winner.to_dict()
    paths.write_whole(winner, resolved("winner", tables, str(winner)).to_toml().encode())
    return text
