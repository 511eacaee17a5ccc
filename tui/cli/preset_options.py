"""From what was typed to a preset or a run: a preset with the changes asked for, or a run by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tunelab import paths, records
from tunelab.data import Dataset, counts
from tunelab.data.catalogue import NAMED
from tunelab.data.fetch import known_name
from tunelab.diagnose import known_before_training
from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset, load_data
from tunelab.experiment import preset as presets
from tunelab.experiment.assembly import data_key
from tunelab.experiment.dotted_keys import parse_settings
from tunelab.experiment.fitting import fitted_preset
from tunelab.tui.cli.output import progress_report, say
from tunelab.wording import did_you_mean

__all__ = ["absolute_data_path", "default_preset", "fitted_to_data", "load_preset", "run_or_preset"]


def load_preset(
    name: str,
    *,
    settings: list[str] | None = None,
    arms: list[str] | None = None,
    data: str | None = None,
    seeds: int | None = None,
    seed: int | None = None,
    quiet: bool = False,
) -> Preset:
    """Return the preset with everything that was asked for on the command line."""
    preset = presets.find(name)
    if data is not None and preset.expect:
        preset = preset.expecting_on(known_name(data))
    values: dict[str, Any] = parse_settings(settings or [])
    options = {
        "data.name": data and absolute_data_path(data),
        "initialization.seeds": seeds,
        "initialization.seed": seed,
    }
    values |= {key: value for key, value in options.items() if value is not None}
    preset = preset.with_settings(values)
    if arms:
        preset = preset.only(arms)
    if data is not None:
        preset = _limited_to_available(preset, set(values), quiet)
    for key in values:
        if not quiet and (own := preset.overridden(key)):
            say(f"{key} is set by the arms of {preset.name} themselves ({', '.join(own)}): your value is unused there.")
    return preset


def default_preset(data: str) -> str:
    """Return the preset where none is named: one network for data of a person's own, else the first look."""
    return "first-look" if data in NAMED else "table"


def fitted_to_data(preset: Preset, quiet: bool) -> Preset:
    """Return the preset with what it leaves open chosen for its data, which are prepared here, where progress shows."""
    dataset = load_data(preset.arms[0].experiment, progress_report(quiet))
    preset, sentences = fitted_preset(preset, dataset)
    for sentence in [*sentences, *_warnings(preset, dataset)] if not quiet else ():
        say(sentence)
    return preset


def _warnings(preset: Preset, dataset: Dataset) -> list[str]:
    """What is known to go wrong before a single step, a sentence each; of the arms that learn from ``dataset``."""
    arms_of: dict[str, list[str]] = {}
    first = data_key(preset.arms[0].experiment)
    for arm in preset.arms:
        if data_key(arm.experiment) == first:
            for verdict in known_before_training(arm.experiment, dataset):
                if verdict.cause:
                    arms_of.setdefault(verdict.text, []).append(arm.name)
    several = len(preset.arms) > 1
    return [f"Note{' (' + ', '.join(arms) + ')' if several else ''}: {text}" for text, arms in arms_of.items()]


def run_or_preset(name: str) -> records.Run | Preset:
    """Return the run of this name or path ('last' is the newest), else the preset of this name or file."""
    path = paths.expanded(name)
    is_path = "/" in name or name.startswith((".", "~"))
    try:
        is_run = name == "last" or ((path if is_path else paths.runs() / name) / "run.json").is_file()
        is_run = is_run or (is_path and path.is_dir())
    except (OSError, ValueError):  # a name too long for the file system, or one with a zero byte
        is_run = False
    if is_run:
        return records.Run(name)
    try:
        return presets.find(name)
    except BadInput:
        if is_path or name.endswith(".toml") or name in presets.available():
            raise
    names = [*presets.available(), *(run.name for run in records.all_runs())]
    raise BadInput(
        f"there is no run or preset '{printable(name)}'{did_you_mean(name, names)}; `tunelab runs` and "
        "`tunelab presets` list them"
    )


def absolute_data_path(data: str) -> str:
    """Return a path as it reads from every directory, since a record or preset is used again from another one."""
    path = paths.expanded(data)
    try:
        return str(path.absolute()) if data not in NAMED and path.exists() else data
    except OSError:  # a name too long for the file system: loading it fails with a sentence
        return data


def _limited_to_available(preset: Preset, given: set[str], quiet: bool) -> Preset:
    """Return a preset moved to other data, its sizes lowered where there are fewer examples, with a notice."""
    lowered: dict[str, Any] = {}
    data = preset.arms[0].experiment.data
    training, evaluation = counts(data.name, data.classes, data.file_options)
    sizes = (("data.train", data.train, training), ("data.evaluation", data.evaluation, evaluation))
    for key, wanted, available in sizes:
        if wanted is not None and wanted > available and key not in given:
            lowered[key] = available
            if not quiet:
                name = printable(Path(data.name).name, 60)
                say(f"{key} is {wanted:,} in {preset.name}; {name} has {available:,}, and all of them are used.")
    if "data.train" in lowered and data.train and "training.lambda" not in given:
        factor = lowered["data.train"] / data.train
        scaled = preset.with_lambda_scaled(factor)
        if scaled.tables != preset.tables and not quiet:
            say(f"λ is scaled by {factor:.3g} too, which keeps λ/n.")
        preset = scaled
    return preset.with_settings(lowered) if lowered else preset
