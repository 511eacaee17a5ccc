"""`tunelab schema`: the JSON schema of a preset file, for editors and scripts."""

from __future__ import annotations

from tunelab.experiment import preset as presets
from tunelab.tui.cli.options.records import SchemaOptions
from tunelab.tui.cli.output import print_json

__all__ = ["schema_command"]


def schema_command(_options: SchemaOptions) -> None:
    """Print the schema."""
    print_json(presets.schema(), indent=2)
