"""A person's own table, as published: read by polars, understood here (dialect, columns, label, split, encoding)."""

from tunelab.data.tables.describing import describe_table
from tunelab.data.tables.preparing import read

__all__ = ["describe_table", "read"]
