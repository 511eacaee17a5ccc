"""`tunelab snippet`: a run or a preset as a script for another library."""

from __future__ import annotations

import sys

from tunelab import paths
from tunelab.errors import BadInput, printable
from tunelab.experiment import Preset, load_data
from tunelab.snippets import recipe, script
from tunelab.tui.cli.options.records import SnippetOptions
from tunelab.tui.cli.output import print_text, progress_report, say
from tunelab.tui.cli.preset_options import run_or_preset

__all__ = ["snippet_command"]


def snippet_command(options: SnippetOptions) -> None:
    """Write the script to a file or stdout."""
    out = options.out
    if out is not None and out.name in {"sklearn.py", "keras.py", "torch.py"}:
        raise BadInput(f"--out: Python would take {printable(out.name)} for the library itself; give it another name")
    source = run_or_preset(options.name)
    preset = source if isinstance(source, Preset) else source.preset
    arm = (preset.only([options.arm]) if options.arm is not None else preset).arms[0]
    title = preset.title if len(preset.arms) == 1 else f"{preset.title}: {arm.name}"
    dataset = load_data(arm.experiment, progress_report(quiet=not sys.stderr.isatty()))
    text = script(options.library.value, recipe(title, arm.experiment, dataset))
    if out is None:
        print_text(text, end="")
    else:
        paths.write_whole(out, text.encode())
        say(f"Written to {out}; what it needs is listed at its top.")
    if options.arm is None and len(preset.arms) > 1:
        others = ", ".join(f"'{printable(other.name, 60)}'" for other in preset.arms[1:])
        say(f"This is the arm '{printable(arm.name, 60)}'; --arm takes {others}.")
