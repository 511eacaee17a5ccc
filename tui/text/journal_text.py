"""Where a strategy stands, in words: the way as a map in a line, its accuracies so far, its decisions."""

from __future__ import annotations

from typing import Any

from tunelab.experiment.fields import described, value_of
from tunelab.statistics import accuracy_error
from tunelab.strategy.evaluation import score_text
from tunelab.strategy.stages import declaration
from tunelab.strategy.state import StageState, State

__all__ = ["beginning", "journal_text", "plain_change", "plain_values", "so_far", "way", "whole_problem"]

_SIGNS = {"decided": " ✓", "skipped": " –", "left-out": " ·", "stale": " ~"}


def way(state: State, width: int) -> str:
    """The stages in a line, where one stands in brackets; what doesn't fit before and after is left out."""
    now = state.now
    stages = list(state.stages.values())
    if len(stages) == 1:
        return f" One question: {stages[0].title}"
    at = stages.index(now) if now is not None else len(stages)
    words = [_word(stage, stage is now) for stage in stages]
    first = last = min(at, len(stages) - 1)
    while True:
        # Outwards from where one stands, as far as the line allows
        grown = [(first, last + 1)] * (last + 1 < len(words)) + [(first - 1, last)] * (first > 0)
        fitting = [span for span in grown if len(_joined(words, *span)) <= width]
        if not fitting:
            return " " + _joined(words, first, last)
        first, last = fitting[0] if last - at <= at - first else fitting[-1]


def _word(stage: StageState, here: bool) -> str:
    declared = declaration(stage.name)
    name = declared.short if declared else stage.name
    return f"[{name}]" if here else f"{name}{_SIGNS.get(stage.status, '')}"


def _joined(words: list[str], first: int, last: int) -> str:
    line = " ─ ".join(words[first : last + 1])
    return ("… ─ " if first else "") + line + (" ─ …" if last < len(words) - 1 else "")


def so_far(state: State) -> str:
    """Return the scores on the way, those about the whole problem, and how much of the last is noise."""
    scores = [
        stage.recommendation["validation"]
        for stage in state.stages.values()
        if stage.recommendation is not None
        and stage.recommendation.get("validation")
        and stage.status in ("asking", "decided")
        and stage.name != "test"  # those are other examples
        and whole_problem(state, stage)
    ]
    if not scores:
        return ""
    texts = [score_text(score | {"error": 0.0}).replace(" ± 0.0", "").replace(" ± 0.000", "") for score in scores]
    last = scores[-1]
    error = last.get("error") or accuracy_error(last["accuracy"], int(last["total"]))
    line = f" So far: {' → '.join(texts)}   ± {100 * error:.1f} points, one standard error on {last['total']:,}"
    return line.replace(f"± {100 * error:.1f} points", f"± {error:.3f}") if last.get("metric") == "r2" else line


def whole_problem(state: State, stage: StageState) -> bool:
    """Return whether a stage's score is about all the classes that were asked about, and not about two of them."""
    return stage.experiment.get("data", {}).get("classes") == state.base.get("data", {}).get("classes")


def journal_text(state: State) -> str:
    """Every stage that was reached: what it asked, saw, recommended, and what was decided."""
    parts = [f"From {beginning(state.base)}"]
    for number, stage in enumerate(state.stages.values(), 1):
        if stage.status == "ahead":
            continue
        lines = [f"{number} · {stage.title}  ({stage.status})", stage.question]
        lines += [f"    {row['label']}: {row['text']}" for row in stage.rows]
        if stage.recommendation is not None:
            lines.append(f"  {stage.recommendation['because']}")
            if stage.recommendation["sure"]:
                lines.append(f"  {stage.recommendation['sure']}")
        if stage.decision is not None:
            who = "you" if stage.decision["by"] == "person" else "tunelab"
            lines.append(f"  → {who}: {stage.decision['action']} {plain_values(stage.decision['chosen'])}".rstrip())
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


_LABELS = {
    "data.train": "training examples",
    "data.evaluation": "validation examples",
    "network.hidden": "hidden neurons",
    "training.monitor_every": "measured every",
    "training.schedule": "schedule",
    "training.early_stopping": "early stopping",
}


def plain_values(values: dict[str, Any]) -> str:
    """Dotted keys and values in a line, as a person says them: η = 0.25, 4,000 training examples."""
    return ", ".join(f"{_label(key)} = {_value_words(key, value)}" for key, value in values.items())


def plain_change(before: dict[str, Any], key: str, value: Any) -> str:
    """A changed value with the one before, which nested tables hold: η 10 → 0.5."""
    return f"{_label(key)} {_value_words(key, value_of(before, key))} → {_value_words(key, value)}"


def beginning(base: dict[str, Any]) -> str:
    """What a strategy began from, in a line."""
    network, training = base.get("network", {}), base.get("training", {})
    values = {"network.hidden": network.get("hidden", [])}
    values |= {f"training.{key}": training[key] for key in ("eta", "lambda", "mini_batch", "epochs") if key in training}
    return f"{network.get('activation', '')}, {plain_values(values)}".lstrip(", ")


def _label(key: str) -> str:
    about = described().get(key)
    return _LABELS.get(key) or (about.symbol or about.name if about else key.rsplit(".", 1)[-1])


def _table_words(table: dict[str, Any]) -> str:
    """A schedule or a stopping rule: halve-on-plateau (patience 6, stop_at 128)."""
    rule = str(table.get("rule", ""))
    rest = ", ".join(f"{key} {_value_words(key, value)}" for key, value in table.items() if key != "rule")
    return f"{rule} ({rest})" if rule and rest else rule or rest


def _value_words(key: str, value: Any) -> str:
    if value is None:
        return "all" if key.startswith("data.") else "none"
    if isinstance(value, dict):
        return _table_words(value)
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
