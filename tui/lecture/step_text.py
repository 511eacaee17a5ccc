"""A step in words, the same for the screen and for plain text: the question, the prediction, what was seen."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap

from tunelab.data.catalogue import NAMED
from tunelab.errors import printable
from tunelab.tui.lecture.grading import Answer
from tunelab.tui.lecture.progress import LectureProgress, Outcome
from tunelab.tui.lecture.steps import Step, flowed, lecture
from tunelab.wording import quantity

__all__ = ["comparison", "contents_line", "experiment_line", "following", "page_text", "question", "verdict"]


def question(step: Step, outcome: Outcome | None, answer: Answer | None = None, *, width: int = 78) -> str:
    """The choices with the prediction marked ▸, and once an experiment has answered, what was right marked ✓."""
    lines = []
    for place, text in [*enumerate(choice.text for choice in step.choice), (None, "I don't know")]:
        chosen = "▸" if outcome is not None and outcome.predicted == place else " "
        right = "  ✓" if answer is not None and place in answer.right else ""
        number = 0 if place is None else place + 1
        lines += wrap(f"{chosen} {number}  {text}{right}", max(width, 20), subsequent_indent="     ")
    return "\n".join(lines)


def page_text(
    step: Step, outcome: Outcome | None, answer: Answer | None, *, width: int, next_key: str
) -> list[tuple[str, str]]:
    """Return the page of a step as pieces of text, each with its style."""
    parts: list[tuple[str, str]] = [(flowed(step.text), "")]
    if step.asks:
        parts += [
            ("\n\nPredict first  ", "bold $text-accent"),
            (" ".join(step.ask.split()), "bold"),
            (f"\n\n{question(step, outcome, answer, width=width)}", ""),
            (f"\n\n{next_key}", "bold"),
        ]
    if step.further:
        parts.append((f"\n\nTo continue\n{step.further}", "dim"))
    return parts


def comparison(step: Step, outcome: Outcome | None, answer: Answer) -> str:
    """The prediction beside what was seen."""
    results = " or ".join(f"“{step.choice[place].text}”" for place in sorted(answer.right))
    verdict = f"The run says {results}." if results else "The run says none of these."
    if outcome is None or outcome.predicted is None:
        return verdict
    if outcome.predicted in answer.right:
        return f"As you predicted. {verdict}" if len(answer.right) > 1 else f"As you predicted: {results}."
    return f"You predicted “{step.choice[outcome.predicted].text}”. {verdict}"


def verdict(step: Step, outcome: Outcome | None, answer: Answer) -> str:
    """The prediction beside what came; the numbers it rests on; what it teaches."""
    return "\n\n".join([comparison(step, outcome, answer), "\n".join(answer.sentences), flowed(step.answer)])


def experiment_line(step: Step, data: str = "") -> str:
    """What will be run: the preset, its data, how many networks and epochs."""
    if step.sampled is not None:
        schemes = " and ".join(step.sampled.weights)
        return (
            f"Sampled before any training: {quantity(step.sampled.inputs, 'input')}, "
            f"{step.sampled.active:,} on, {schemes}."
        )
    preset = step.experiment(data)
    first = preset.arms[0].experiment
    name = first.data.name
    title = NAMED[name].title if name in NAMED else printable(Path(name).name, 40)
    arms, seeds = len(preset.arms), first.initialization.seeds
    networks = f"{quantity(arms, 'arm')} × {quantity(seeds, 'seed')}"
    many = f"{first.data.train:,}/{first.data.evaluation:,}"
    return f"{step.preset} on {title} ({many}): {networks}, {quantity(first.training.epochs, 'epoch')}."


def contents_line(step: Step, progress: LectureProgress) -> str:
    """A step in the list: a mark for how it went, its number, its title."""
    outcome = progress.outcomes.get(step.number)
    mark = " " if outcome is None or outcome.right is None else "✓" if outcome.right else "·"
    here = "▸" if progress.at == step.number else " "
    return f"{here}{mark} {step.number}  {step.title}"


def following(step: Step, by: int) -> Step:
    """The step after (or before) another; the last one stays where it is."""
    steps = lecture()
    return steps[min(max(steps.index(step) + by, 0), len(steps) - 1)]
