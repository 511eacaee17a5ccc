"""The terminal: command line, charts, and (soon) the screens."""
