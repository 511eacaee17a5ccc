"""What is remembered between starts: the last draft, and a person's settings in ``config.toml``."""

from __future__ import annotations

import json
import tomllib
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from tunelab import paths
from tunelab.errors import BadInput
from tunelab.experiment.preset import find
from tunelab.experiment.validation_errors import checked
from tunelab.files import MaxBytes, read_regular
from tunelab.tui.state.draft import Draft

__all__ = ["Config", "load_config", "load_session", "save_session"]


class Config(BaseModel):
    """``config.toml`` under TUNELAB_HOME: a person's own settings."""

    model_config = ConfigDict(extra="forbid", strict=True)

    theme: str = Field(default="textual-dark", description="Which theme to begin with.")
    engine: Literal["kernel", "numpy"] | None = Field(
        default=None, description="What trains: the compiled kernel, or numpy. TUNELAB_ENGINE goes before it."
    )
    keys: dict[str, str] = Field(default_factory=dict, description="Other keys for actions, by the action's id.")


def load_config() -> Config:
    """The person's settings; what stands as it is where there is no file."""
    path = paths.home() / "config.toml"
    try:
        tables = tomllib.loads(read_regular(path, MaxBytes.DESCRIPTION, follow=True).decode("utf-8"))
    except FileNotFoundError:
        return Config()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{path} can't be read as TOML: {error}") from None
    return checked(Config, tables, str(path))


def save_session(draft: Draft, theme: str) -> None:
    """Remember the draft. A home that can't be written loses the session, nothing else."""
    session = {"name": draft.preset.name, "changed": draft.changed, "toml": draft.to_toml(), "theme": theme}
    try:
        paths.write_whole(paths.home() / "session.json", json.dumps(session).encode())
    except BadInput:
        return


def load_session(config: Config) -> Draft:
    """The draft of the last session, or ``first-look`` where there is none that can be read."""
    try:
        session = json.loads(read_regular(paths.home() / "session.json", MaxBytes.DESCRIPTION))
        draft = Draft.from_toml(session["toml"], session["name"], session["changed"])
        config.theme = session.get("theme", config.theme)
    except (OSError, ValueError, KeyError, TypeError, BadInput):
        return Draft(find("first-look"))
    return draft
