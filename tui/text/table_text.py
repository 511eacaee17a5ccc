"""What is in a person's table, as text: columns with their kind, range and histogram, classes, warnings."""

from __future__ import annotations

from typing import Any

from tunelab.errors import printable
from tunelab.tui.text.tables import aligned
from tunelab.wording import quantity

__all__ = ["histogram_text", "table_text"]

_BLOCKS, _ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " .:-=+*#@"
_BAR = 24  # characters of the longest bar of a class
_MAX_COLUMNS, _MAX_CLASSES = 60, 30


def table_text(title: str, description: dict[str, Any], *, ascii: bool = False) -> str:
    """Return what :func:`tunelab.data.tables.describe_table` found out, for a terminal or a panel.

    ``ascii`` draws histograms and bars without block characters.
    """
    parts = [_heading(title, description)]
    if description["image_shape"]:
        rows, columns = description["image_shape"]
        parts.append(f"Each row is an image of {rows}×{columns} pixels.")
    parts.append(_columns(description["columns"], ascii))
    if description["classes"] is not None:
        parts.append(_classes(description["classes"], ascii))
    if description["warnings"]:
        parts.append("\n".join(f"! {warning}" for warning in description["warnings"]))
    return "\n\n".join(parts)


def histogram_text(counts: list[int], *, ascii: bool = False) -> str:
    """Return counts as a line of blocks, the tallest for the largest; only an empty bin is blank."""
    blocks = _ASCII_BLOCKS if ascii else _BLOCKS
    largest = max(counts, default=0)
    steps = len(blocks) - 1
    return "".join(blocks[-(-count * steps // largest)] if count else blocks[0] for count in counts)


def _heading(title: str, description: dict[str, Any]) -> str:
    parts = description["parts"]
    sizes = f"{parts['training']:,} training, {parts['validation']:,} validation, {parts['test']:,} test"
    used = sum(column["kind"] in ("number", "category") for column in description["columns"])
    inputs = "" if description["image_shape"] else f", {quantity(used, 'column')} used"
    header = "" if description["header"] else "; no header, columns are numbered from 0"
    return (
        f"{title}: {quantity(description['rows'], 'row')} ({sizes}){inputs}{header}\n"
        f"Label: {printable(description['label'], 60)} ({description['task']}); {description['label_why']}"
    )


def _columns(columns: list[dict[str, Any]], ascii: bool) -> str:
    rows = [["column", "kind", "missing", "values", ""]]
    for column in columns[:_MAX_COLUMNS]:
        picture = histogram_text(column.get("histogram", []), ascii=ascii)
        missing = f"{column['missing']:,}" if column["missing"] else ""
        name = printable(column["name"], 24) or "(unnamed)"
        rows.append([name, column["kind"], missing, printable(_values(column), 44), picture])
    text = aligned(rows, right=frozenset({2}))
    more = len(columns) - _MAX_COLUMNS
    return text + (f"\n… and {quantity(more, 'more column')}; --json lists them all" if more > 0 else "")


def _values(column: dict[str, Any]) -> str:
    """The range of numbers, the commonest texts, or why a column is left out."""
    if column["kind"] == "left-out":
        return str(column["why"])
    if "min" in column:
        return f"{column['min']:.4g} to {column['max']:.4g}, mean {column['mean']:.4g}"
    common = ", ".join(printable(value, 14) for value in list(column.get("values", []))[:3])
    return f"{column.get('distinct', 0):,}: {common}{', …' if column.get('distinct', 0) > 3 else ''}"


def _classes(classes: dict[str, int], ascii: bool) -> str:
    total, largest = max(sum(classes.values()), 1), max(classes.values(), default=1)
    rows = [["class", "rows", "share", ""]]
    for name, count in list(classes.items())[:_MAX_CLASSES]:
        bar = ("#" if ascii else "█") * round(_BAR * count / largest)
        rows.append([printable(name, 40), f"{count:,}", f"{100 * count / total:.1f} %", bar])
    text = aligned(rows, right=frozenset({1, 2}))
    more = len(classes) - _MAX_CLASSES
    return text + (f"\n… and {quantity(more, 'more class', 'more classes')}" if more > 0 else "")
