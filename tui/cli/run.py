"""`tunelab run`: train presets without a screen."""

from __future__ import annotations

from tunelab import engine
from tunelab.errors import BadInput, ExitCode
from tunelab.tui.cli.following import follow_and_report
from tunelab.tui.cli.options.training import RunOptions
from tunelab.tui.cli.preset_options import default_preset, fitted_to_data, load_preset

__all__ = ["run_command"]


def run_command(options: RunOptions) -> int:
    """Train presets one after the other; return the largest of their exit codes."""
    if not options.presets and options.data is None:
        raise BadInput(
            "PRESET is missing; `tunelab run --help` lists its options, and --data FILE trains on a file alone"
        )
    names = options.presets or [default_preset(options.data or "")]
    if options.out is not None and len(names) > 1:
        raise BadInput("--out names the directory of one run; give one preset")
    # All are read before the first is trained: a slip in the last name shouldn't cost an hour.
    presets = [
        load_preset(
            name,
            settings=options.settings,
            arms=options.arms,
            data=options.data,
            seeds=options.seeds,
            seed=options.seed,
            quiet=options.quiet,
        )
        for name in names
    ]
    code = 0
    with engine.process_pool(options.workers) as pool:
        for preset in presets:
            # Drawing or unpacking data may take a while the first time; here it shows, and the workers find it done.
            job = engine.start(fitted_to_data(preset, options.quiet), pool, out=options.out, workers=options.workers)
            code = max(code, follow_and_report(job, as_json=options.as_json, plot=options.plot, quiet=options.quiet))
            if code == ExitCode.INTERRUPTED:
                break
    return code
