"""`tunelab presets`: experiments as files, listed, shown, checked and saved."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from tunelab.tui.cli.options import DataName, Json, Seed, Seeds, Settings, chosen, say

__all__ = ["presets_app"]

presets_app = typer.Typer(help="Experiments as TOML files: list, show, check and save them.", no_args_is_help=False)


@presets_app.callback(invoke_without_command=True)
def _default(context: typer.Context) -> None:
    """List the presets where no command is given."""
    if context.invoked_subcommand is None:
        list_presets()


@presets_app.command("list")
def list_presets(as_json: Json = False) -> None:
    """List every preset: its name, then what it shows."""
    from tunelab.errors import BadInput
    from tunelab.experiment.preset import available, find

    names = available()
    width = max(map(len, names), default=0)
    for name in names:
        try:
            preset = find(name)
        except BadInput as problem:  # one bad file of a person's own must not hide the others
            title, arms = f"can't be used: {problem}", []
        else:
            title, arms = preset.title, [arm.name for arm in preset.arms]
        if as_json:
            print(json.dumps({"preset": name, "title": title, "arms": arms}, ensure_ascii=False))
        else:
            print(f"{name:<{width}}  {title}")


@presets_app.command("show")
def show_preset(name: Annotated[str, typer.Argument(metavar="PRESET")], as_json: Json = False) -> None:
    """Print a preset as the file it is; with --json also every arm's experiment in full."""
    from tunelab.experiment.preset import find

    preset = find(name)
    if as_json:
        arms = [{"name": arm.name, "experiment": arm.experiment.to_dict()} for arm in preset.arms]
        print(json.dumps({"preset": preset.name, "tables": preset.tables, "arms": arms}, default=str))
    else:
        print(preset.to_toml(), end="")


@presets_app.command("check")
def check_presets(names: Annotated[list[str], typer.Argument(metavar="PRESET")]) -> None:
    """Check presets without training: every key, every value, every arm."""
    from tunelab.experiment.preset import find

    for name, preset in [(name, find(name)) for name in names]:
        count = len(preset.arms)
        print(f"{name}  fine: {count} arm{'s' if count > 1 else ''}, {preset.title}")


@presets_app.command("save")
def save_preset(
    name: Annotated[str, typer.Argument(metavar="PRESET", help="The preset to begin with.")],
    new: Annotated[str, typer.Argument(metavar="NAME", help="What to call yours.")],
    settings: Settings = None,
    data: DataName = None,
    seeds: Seeds = None,
    seed: Seed = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a preset of yours that has this name.")] = False,
) -> None:
    """Save a preset, with changes, as one of your own."""
    from tunelab.experiment.preset import save

    path = save(chosen(name, settings, None, data, seeds, seed), new, replace_old=force)
    print(new)
    say(f"Written to {path}; `tunelab run {new}` trains it.")
