"""`tunelab report`: a run or a study as one page of HTML to take home."""

from __future__ import annotations

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.tui.cli.options.records import ReportOptions
from tunelab.tui.cli.output import print_text, say

__all__ = ["report_command"]


def report_command(options: ReportOptions) -> None:
    """Write the page to a file or stdout."""
    if options.to is not None and options.to.suffix.lower() not in {".html", ".htm"}:
        raise BadInput(f"--to takes a file that ends in .html, not {printable(options.to)}")
    from tunelab.tui.text.report_page import page_of

    page = page_of(options.name)
    if options.to is None:
        print_text(page, end="")
    else:
        paths.write_whole(options.to, page.encode())
        say(f"Written to {options.to}.")
