"""Pages to take home, written under the home: of a run, of a study."""

from __future__ import annotations

from pathlib import Path

from tunelab import paths
from tunelab.records import Run

__all__ = ["save_run_page", "save_study_page"]


def save_study_page(directory: Path) -> Path:
    """Write the page of a strategy into its directory; return where it lies. Raises :class:`tunelab.BadInput`."""
    from tunelab.tui.text.report_page import study_page

    return _written(directory / "report.html", study_page(directory))


def save_run_page(run: Run) -> Path:
    """Write the page of a run under the home; return where it lies. Raises :class:`tunelab.BadInput`."""
    from tunelab.tui.text.report_page import run_page

    return _written(paths.home() / "reports" / f"{run.name}.html", run_page(run))


def _written(path: Path, page: str) -> Path:
    paths.write_whole(path, page.encode())
    return path
