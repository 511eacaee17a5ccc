"""`tunelab learn`: the lecture on the screen, or as plain text with its experiments."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from tunelab.errors import ExitCode
from tunelab.tui.cli.following import attend
from tunelab.tui.cli.lab import has_screen, lab_app
from tunelab.tui.cli.options import DataName, Json, Quiet, from_anywhere, progress_report, say

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tunelab.tui.lecture import LectureProgress, Step
    from tunelab.tui.lecture.grading import Observations

__all__ = ["learn_command"]

_WIDTH = 78


def learn_command(
    part: Annotated[
        str | None, typer.Argument(metavar="[N]", help="A section (3) or a step (3.2), as plain text.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the steps, and how each went.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="Plain text on stdout, the whole lecture if no N.")] = False,
    predict: Annotated[
        int | None, typer.Option("--predict", metavar="K", min=0, help="Predict choice K of a step; 0: don't know.")
    ] = None,
    run: Annotated[bool, typer.Option("--run", help="Run the experiments too, and say what they answer.")] = False,
    anew: Annotated[bool, typer.Option("--start-over", help="Forget every prediction first; runs are kept.")] = False,
    plot: Annotated[bool, typer.Option("--plot", help="With --run: draw the curves.")] = False,
    data: DataName = None,
    low_bandwidth: Annotated[
        bool, typer.Option("--low-bandwidth", help="Draw rarely and without animation: for slow links.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Do the lecture: predict what an experiment will show, run it, and see the answer in its curves.

    On a terminal this opens the lab at the lecture; with N, --plain, or without a terminal it is plain text. --data is
    remembered: --data digits goes back to drawn ones.
    """
    from tunelab.tui.lecture import LectureProgress, find_steps, lecture

    if anew:
        LectureProgress(data=LectureProgress.load().data).save()
    if data is not None:
        _keep_data(data)
    on_screen = not (part or listed or plain or predict is not None or run or plot or as_json) and has_screen()
    if on_screen:
        raise typer.Exit(lab_app(None, low_bandwidth=low_bandwidth, opens="lecture.LectureScreen").run() or 0)
    progress = LectureProgress.load()
    if predict is not None:
        _predict(part, predict, progress)
    steps = find_steps(part) if part is not None else lecture()
    if listed:
        _list(steps, progress, as_json)
        return
    if not run:
        for step in steps:
            _tell(step, progress, as_json)
        return
    from tunelab.engine import process_pool

    with process_pool() as pool:
        for step in steps:
            _tell(step, progress, as_json)
            if step.asks and _do(step, progress, pool, as_json=as_json, plot=plot, quiet=quiet) == ExitCode.INTERRUPTED:
                raise typer.Exit(ExitCode.INTERRUPTED)


def _keep_data(data: str) -> None:
    """Learn from other data than drawn digits from now on, until somebody says otherwise."""
    from tunelab.data import counts
    from tunelab.tui.lecture import LectureProgress

    counts(data)  # a data set that isn't there is said now, and not in front of a class
    progress = LectureProgress.load()
    progress.data = "" if data == "digits" else from_anywhere(data)
    progress.save()


def _predict(part: str | None, choice: int, progress: LectureProgress) -> None:
    from tunelab.errors import BadInput
    from tunelab.tui.lecture import find_steps
    from tunelab.tui.lecture.progress import Outcome

    steps = find_steps(part) if part is not None else ()
    if len(steps) != 1 or not steps[0].asks:
        raise BadInput("--predict is for one step that asks something, such as `tunelab learn 1.1 --predict 2`")
    (step,) = steps
    if choice > len(step.choice):
        raise BadInput(f"--predict: step {step.number} has the choices 1 to {len(step.choice)}, and 0: don't know")
    known = progress.outcomes.get(step.number)
    if known is not None and known.right is not None:
        raise BadInput(f"step {step.number} has been run already, so its prediction stands")
    progress.outcomes[step.number] = Outcome(choice - 1 if choice else None)
    progress.at = step.number
    progress.save()


def _list(steps: Sequence[Step], progress: LectureProgress, as_json: bool) -> None:
    from tunelab.tui.lecture.step_text import contents_line

    section = ""
    for step in steps:
        if as_json:
            print(json.dumps(_about(step, progress), ensure_ascii=False))
            continue
        if step.section != section:
            section = step.section
            _print(f"{step.number.partition('.')[0]}  {section}")
        _print(contents_line(step, progress))
    if not as_json:
        say(f"{progress.tally}; `tunelab learn` goes on, `tunelab learn 1.1` is a step as text.")


def _about(step: Step, progress: LectureProgress) -> dict[str, Any]:
    outcome = progress.outcomes.get(step.number)
    return {
        "event": "step",
        "number": step.number,
        "section": step.section,
        "title": step.title,
        "preset": step.preset or None,
        "settings": step.settings,
        "command": step.command or None,
        "question": " ".join(step.ask.split()) or None,
        "choices": [choice.text for choice in step.choice],
        "predicted": None if outcome is None or outcome.predicted is None else outcome.predicted + 1,
        "right": None if outcome is None else outcome.right,
    }


def _tell(step: Step, progress: LectureProgress, as_json: bool) -> None:
    from tunelab.tui.lecture.step_text import question
    from tunelab.tui.lecture.steps import flowed

    if as_json:
        print(json.dumps(_about(step, progress) | {"text": flowed(step.text)}, ensure_ascii=False), flush=True)
        return
    head = f"{step.number}  {step.title}"
    _print(f"{head}\n{'-' * len(head)}\n{_filled(flowed(step.text))}\n")
    if step.asks:
        _print(f"{_filled(' '.join(f'Predict first: {step.ask}'.split()))}\n")
        _print(question(step, progress.outcomes.get(step.number), width=_WIDTH))
        _print(
            f"\nSee what it says: tunelab learn {step.number} --predict K --run\nThe same by hand:\n{_command(step)}\n"
        )
    if step.more:
        _print(f"To go on:\n{step.more.strip()}\n")


def _print(text: str) -> None:
    """A text on stdout, spelled out where that can't show η."""
    from tunelab.tui.charts.picture import ascii_only

    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(text if unicode else ascii_only(text))


def _filled(text: str) -> str:
    """A text broken at the width of a plain page; what is indented stays as it is."""
    from textwrap import fill

    lines = text.split("\n")
    return "\n".join(
        line if line.startswith(" ") else fill(line, _WIDTH, subsequent_indent="  " if line.startswith("- ") else "")
        for line in lines
    )


def _command(step: Step) -> str:
    """The command on lines that can be copied to a shell as they are."""
    from textwrap import wrap

    lines = wrap(step.command, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    return " \\\n    ".join(lines)


def _do(step: Step, progress: LectureProgress, pool: Executor, *, as_json: bool, plot: bool, quiet: bool) -> int:
    """Run a step's experiment and say what it answers; 130 where it was interrupted."""
    from tunelab import engine
    from tunelab.experiment import load_data
    from tunelab.tui.lecture import grade
    from tunelab.tui.lecture.progress import Outcome
    from tunelab.tui.lecture.run_step import observe, sample_z
    from tunelab.tui.lecture.step_text import verdict

    run = ""
    if step.sampled is not None:
        observations = sample_z(step.sampled)
    else:
        preset = step.experiment(progress.data)
        load_data(preset.arms[0].experiment, progress_report(quiet))
        job = engine.start(preset, pool)
        attend(job, as_json=False, quiet=quiet)
        if job.run.request() == "stop":
            say(f"Interrupted; what was measured is kept as {job.run.name}.")
            return ExitCode.INTERRUPTED
        observations, run = observe(step, job.run), job.run.name
    answer = grade(step, observations)
    outcome = progress.outcomes.setdefault(step.number, Outcome())
    outcome.right, outcome.run = outcome.predicted in answer.right, run
    progress.at = step.number
    progress.save()
    if as_json:
        about = _about(step, progress)
        fields = {"number": step.number, "run": run or None, "predicted": about["predicted"], "right": outcome.right}
        answered = {"seen": answer.sentences, "answers": [place + 1 for place in sorted(answer.right)]}
        print(json.dumps({"event": "answer"} | fields | answered, ensure_ascii=False), flush=True)
        return 0
    if plot:
        print(f"{_plotted(observations, run)}\n")
    _print(f"{_filled(verdict(step, outcome, answer))}\n")
    return 0


def _plotted(observations: Observations, run: str) -> str:
    from tunelab.records import Run
    from tunelab.tui.charts.from_history import plotted, z_plotted

    colour = sys.stdout.isatty()
    if observations.effects:
        return z_plotted([(name, [effect]) for name, effect in observations.effects], colour=colour)
    return plotted(Run(run), colour=colour)
