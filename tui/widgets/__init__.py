"""Widgets: the form and its fields, charts, logs, lines of keys and status."""
