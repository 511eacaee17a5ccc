"""`tunelab schema`: the JSON schema of a preset file, for editors and scripts."""

from __future__ import annotations

__all__ = ["schema_command"]


def schema_command() -> None:
    """Print the JSON schema of a preset: every parameter, its type, range and meaning."""
    import json

    from tunelab.experiment.preset import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
