"""`tunelab learn`: the lecture on the screen, or as plain text with its experiments."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import Executor
from textwrap import fill, wrap
from typing import Any

from tunelab import engine, records
from tunelab.data import counts
from tunelab.errors import BadInput, ExitCode
from tunelab.experiment import load_data
from tunelab.tui.charts.from_history import run_charts_text, z_charts_text
from tunelab.tui.charts.picture import ascii_only
from tunelab.tui.cli.following import follow
from tunelab.tui.cli.lab import has_screen, open_lab
from tunelab.tui.cli.options.lab import LearnOptions
from tunelab.tui.cli.output import print_json, print_text, progress_report, say
from tunelab.tui.cli.preset_options import absolute_data_path
from tunelab.tui.lecture import LectureProgress, Step, find_steps, grade, lecture
from tunelab.tui.lecture.grading import Observations
from tunelab.tui.lecture.pictures import picture_text
from tunelab.tui.lecture.progress import Outcome
from tunelab.tui.lecture.run_step import observe, sample_z
from tunelab.tui.lecture.step_text import contents_line, question, verdict
from tunelab.tui.lecture.steps import flowed

__all__ = ["learn_command"]

_WIDTH = 78


def learn_command(options: LearnOptions) -> int:
    """Open the lecture, or print steps and run their experiments; return the exit code."""
    if options.start_over:
        LectureProgress(data=LectureProgress.load().data).save()
    if options.data is not None:
        _save_data_choice(options.data)
    as_text = options.part or options.list_steps or options.plain or options.predict is not None or options.run
    if not (as_text or options.plot or options.as_json) and has_screen():
        return open_lab(None, low_bandwidth=options.low_bandwidth, opens="lecture.LectureScreen")
    progress = LectureProgress.load()
    if options.predict is not None:
        _predict(options.part, options.predict, progress)
    steps = find_steps(options.part) if options.part is not None else lecture()
    if options.list_steps:
        _list(steps, progress, options.as_json)
    elif not options.run:
        for step in steps:
            _print_step(step, progress, options.as_json)
    else:
        with engine.process_pool() as pool:
            for step in steps:
                _print_step(step, progress, options.as_json)
                if step.asks and (code := _run_step(step, progress, pool, options)):
                    return code
    return 0


def _save_data_choice(data: str) -> None:
    """Train on other data than drawn digits from now on, until another choice."""
    counts(data)  # a data set that isn't there is reported now, and not in front of a class
    progress = LectureProgress.load()
    progress.data = "" if data == "digits" else absolute_data_path(data)
    progress.save()


def _predict(part: str | None, choice: int, progress: LectureProgress) -> None:
    steps = find_steps(part) if part is not None else ()
    if len(steps) != 1 or not steps[0].asks:
        raise BadInput("--predict is for one step that asks something, such as `tunelab learn 1.1 --predict 2`")
    (step,) = steps
    if choice > len(step.choice):
        raise BadInput(f"--predict: step {step.number} has the choices 1 to {len(step.choice)}, and 0: don't know")
    earlier = progress.outcomes.get(step.number)
    if earlier is not None and earlier.right is not None:
        raise BadInput(f"step {step.number} has been run already, so its prediction stands")
    progress.outcomes[step.number] = Outcome(choice - 1 if choice else None)
    progress.at = step.number
    progress.save()


def _list(steps: Sequence[Step], progress: LectureProgress, as_json: bool) -> None:
    section = ""
    for step in steps:
        if as_json:
            print_json(_about(step, progress))
            continue
        if step.section != section:
            section = step.section
            _print_unicode(f"{step.number.partition('.')[0]}  {section}")
        _print_unicode(contents_line(step, progress))
    if not as_json:
        say(f"{progress.tally}; `tunelab learn` continues, `tunelab learn 1.1` prints a step.")


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


def _print_step(step: Step, progress: LectureProgress, as_json: bool) -> None:
    if as_json:
        print_json(_about(step, progress) | {"text": flowed(step.text)})
        return
    head = f"{step.number}  {step.title}"
    _print_unicode(f"{head}\n{'-' * len(head)}\n{_wrapped(flowed(step.text))}\n")
    if step.picture:
        print_text(f"{picture_text(step.picture, colour=sys.stdout.isatty())}\n")
    if step.asks:
        _print_unicode(f"{_wrapped(' '.join(f'Predict first: {step.ask}'.split()))}\n")
        _print_unicode(question(step, progress.outcomes.get(step.number), width=_WIDTH))
        _print_unicode(
            f"\nRun it: tunelab learn {step.number} --predict K --run\nThe same by hand:\n{_command(step)}\n"
        )
    if step.further:
        _print_unicode(f"Further:\n{step.further}\n")


def _print_unicode(text: str) -> None:
    """A text on stdout, spelled out where that can't show η."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print_text(text if unicode else ascii_only(text))


def _wrapped(text: str) -> str:
    """A text broken at the width of a plain page; what is indented stays as it is."""
    lines = text.split("\n")
    return "\n".join(
        line if line.startswith(" ") else fill(line, _WIDTH, subsequent_indent="  " if line.startswith("- ") else "")
        for line in lines
    )


def _command(step: Step) -> str:
    """The command on lines that can be copied to a shell as they are."""
    lines = wrap(step.command, _WIDTH - 6, break_long_words=False, break_on_hyphens=False)
    return " \\\n    ".join(lines)


def _run_step(step: Step, progress: LectureProgress, pool: Executor, options: LearnOptions) -> int:
    """Run a step's experiment and print its answer; return the exit code."""
    run = ""
    if step.sampled is not None:
        observations = sample_z(step.sampled)
    else:
        preset = step.experiment(progress.data)
        load_data(preset.arms[0].experiment, progress_report(options.quiet))
        job = engine.start(preset, pool)
        follow(job, as_json=False, quiet=options.quiet)
        if job.run.request() == "stop":
            say(f"Interrupted; all measurements are kept as {job.run.name}.")
            return ExitCode.INTERRUPTED
        observations, run = observe(step, job.run), job.run.name
    answer = grade(step, observations)
    outcome = progress.outcomes.setdefault(step.number, Outcome())
    outcome.right, outcome.run = outcome.predicted in answer.right, run
    progress.at = step.number
    progress.save()
    if options.as_json:
        about = _about(step, progress)
        fields = {"number": step.number, "run": run or None, "predicted": about["predicted"], "right": outcome.right}
        answered = {"seen": answer.sentences, "answers": [place + 1 for place in sorted(answer.right)]}
        print_json({"event": "answer"} | fields | answered)
        return 0
    if options.plot:
        print_text(f"{_plotted(observations, run)}\n")
    _print_unicode(f"{_wrapped(verdict(step, outcome, answer))}\n")
    return 0


def _plotted(observations: Observations, run: str) -> str:
    colour = sys.stdout.isatty()
    if observations.effects:
        return z_charts_text([(name, [effect]) for name, effect in observations.effects], colour=colour)
    return run_charts_text(records.Run(run), colour=colour)
