"""`tunelab presets`: experiments as files, listed, shown, checked and saved."""

from __future__ import annotations

from tunelab.errors import BadInput
from tunelab.experiment import preset as presets
from tunelab.tui.cli.options.records import CheckPresetsOptions, ListOptions, SavePresetOptions, ShowPresetOptions
from tunelab.tui.cli.output import print_json, print_text, say
from tunelab.tui.cli.preset_options import load_preset
from tunelab.wording import quantity

__all__ = ["check_presets", "list_presets", "save_preset", "show_preset"]


def list_presets(options: ListOptions) -> None:
    """List every preset: its name, then what it shows."""
    names = presets.available()
    width = max(map(len, names), default=0)
    for name in names:
        try:
            preset = presets.find(name)
        except BadInput as problem:  # one bad file of a person's own must not hide the others
            title, arms = f"can't be used: {problem}", []
        else:
            title, arms = preset.title, [arm.name for arm in preset.arms]
        if options.as_json:
            print_json({"preset": name, "title": title, "arms": arms})
        else:
            print_text(f"{name:<{width}}  {title}")


def show_preset(options: ShowPresetOptions) -> None:
    """Print a preset."""
    preset = presets.find(options.name)
    if options.as_json:
        arms = [{"name": arm.name, "experiment": arm.experiment.to_dict()} for arm in preset.arms]
        print_json({"preset": preset.name, "tables": preset.tables, "arms": arms})
    else:
        print_text(preset.to_toml(), end="")


def check_presets(options: CheckPresetsOptions) -> None:
    """Check presets, all of them before the first is reported."""
    for name, preset in [(name, presets.find(name)) for name in options.names]:
        print_text(f"{name}  valid: {quantity(len(preset.arms), 'arm')}, {preset.title}")


def save_preset(options: SavePresetOptions) -> None:
    """Save a preset, with changes, as one of a person's own."""
    preset = load_preset(
        options.name, settings=options.settings, data=options.data, seeds=options.seeds, seed=options.seed
    )
    path = presets.save(preset, options.new, replace_old=options.force)
    print_text(options.new)
    say(f"Written to {path}; `tunelab run {options.new}` trains it.")
