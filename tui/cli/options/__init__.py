"""The options of every command: a dataclass each, from which typer makes the parser and the help. Light to import."""
