"""A run or a study as a page of HTML: what came of it first, then charts, numbers, settings, how to do it again."""

from __future__ import annotations

import time
from html import escape
from pathlib import Path

from tunelab import sweeps
from tunelab.errors import BadInput, printable
from tunelab.records import Run, all_runs
from tunelab.strategy import journal
from tunelab.strategy.runner import load
from tunelab.strategy.state import StageState, State
from tunelab.strategy.trial_curves import by_cost, curves_of
from tunelab.sweeps import StudyRecord, importances
from tunelab.tui.charts.from_history import arms_charts, layer_charts, stage_chart
from tunelab.tui.charts.strategy_charts import stages_chart
from tunelab.tui.charts.sweep_charts import best_chart, slice_chart
from tunelab.tui.text import html
from tunelab.tui.text import strategy_outcome as outcome
from tunelab.tui.text.journal_text import beginning, plain_values
from tunelab.tui.text.run_text import end_reason, paragraphs, verdict_text
from tunelab.tui.text.sweep_text import best_trials_rows, remarks
from tunelab.tui.text.tables import results_rows
from tunelab.wording import did_you_mean, quantity

__all__ = ["page_of", "run_page", "study_page", "sweep_page"]

_DRAWN = 10  # arms on a chart of a stage; the last that were tried
_BEST = 20  # trials of a sweep
_MOST_CLASSES = 60  # in a table of recalls


def page_of(name: str) -> str:
    """Return the page of the run or study of this name, or at this path.

    Raises :class:`BadInput` where there is none, or where matplotlib isn't installed.
    """
    try:
        run = Run(name)
    except BadInput as problem:
        refusal = problem
    else:
        return run_page(run)
    directory = journal.find(name)
    if journal.exists(directory):
        return study_page(directory)
    if any(record.name == name for record in sweeps.all_studies()):
        return sweep_page(sweeps.find(name))
    if directory.exists():
        raise refusal
    known = [*(run.name for run in all_runs()), *journal.studies(), *(record.name for record in sweeps.all_studies())]
    raise BadInput(
        f"there is no run or study '{printable(name, 100)}'{did_you_mean(name, known)}; `tunelab runs` lists the runs"
    )


def run_page(run: Run) -> str:
    """Return the page of a run: verdict, arms, curves, each class, settings."""
    histories = run.histories()
    measured = [history for history in histories if len(history)]
    if not measured:
        raise BadInput(f"{run.name} has measured nothing yet, so there is nothing to report")
    rows, notes = results_rows(run)
    data = str(measured[0].data.get("title", ""))
    began = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.about["began"]))
    parts = [
        html.paragraph(f"Run {run.name} ({end_reason(run.state())}); trained on {data}, begun {began}."),
        html.paragraph(paragraphs(run.preset.description)),
        html.verdict(verdict_text(histories)),
        html.heading("Results"),
        html.table(rows, "; ".join(notes)),
        html.heading("Curves"),
        *(html.chart(spec) for spec in arms_charts(histories)),
        *_recalls(run),
        *_layers(run),
        html.heading("Settings"),
        html.paragraph("As a file FILE.toml they are a preset: tunelab run FILE.toml"),
        html.code(run.preset.to_toml()),
        html.heading("Do it again"),
        html.code(
            f"tunelab replay {run.argument}    # train again, and compare every number\n"
            f"tunelab runs export {run.argument} --format csv    # all measurements"
        ),
        html.table([["made with", "version"], *([key, value] for key, value in sorted(run.environment.items()))]),
    ]
    return html.page(run.preset.title or run.name, parts)


def _recalls(run: Run) -> list[str]:
    """Each class's recall at the end, a column an arm; nothing for numbers, or far too many classes."""
    recalls = {history.name: history.per_class() for history in run.histories()}
    named = {arm: about for arm, about in recalls.items() if about}
    if not named:
        return []
    first = next(iter(named.values()))
    if not 1 < len(first) <= _MOST_CLASSES:
        return []
    rows = [["class", *named, "examples"]]
    for label, about in first.items():
        each = [_recall(arm.get(label, {}).get("recall")) for arm in named.values()]
        rows.append([label, *each, f"{about['count']:,}"])
    note = "Recall: the share of a class's evaluation examples that is answered right, at the end."
    return [html.heading("Each class"), html.table(rows, note)]


def _recall(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _layers(run: Run) -> list[str]:
    """How the layers of each arm fared, where the record says so."""
    parts = []
    for history in run.histories():
        specs = [spec for spec in layer_charts(history) if spec.series and len(history)]
        if specs:
            parts.append(f"<details>\n<summary>Layers of {escape(history.name)}</summary>")
            parts += [*(html.chart(spec) for spec in specs), "</details>"]
    return parts


def study_page(directory: Path) -> str:
    """Return the page of a strategy: how it began and ended, stage by stage, with the evidence of each."""
    state = load(directory)
    about = state.about["data"]
    single = len(state.stages) == 1
    scores = outcome.stage_scores(state)
    rows = [["stage", "decided", "on your problem"]]
    rows += [[f"{s.number} {s.title}", s.decided, s.text if s.whole else ""] for s in scores]
    smaller = [["stage", "on a smaller problem"]] + [
        [f"{s.number} {s.title}", s.text] for s in scores if s.score and not s.whole
    ]
    done = state.done or {}
    points = [(s.number, s.score) for s in scores if s.score and s.whole and not s.test]
    parts = [html.paragraph(f"Study {state.name}. Began from: {beginning(state.base)}.")]
    if not single:
        changed = outcome.changes_text(state)
        lines = [outcome.headline(state), f"Changed: {changed}." if changed else "", outcome.test_text(state)]
        parts += [
            html.verdict("\n\n".join(lines)),
            html.paragraph(outcome.error_note(state)),
            html.heading("Stage by stage"),
            html.table(rows),
            html.chart(stages_chart(points, done.get("began"), done.get("ended"))),
            html.table(smaller, "Scores about fewer classes are about another problem: no part of the list above."),
        ]
    for number, stage in enumerate(state.stages.values(), 1):
        parts += _stage(number, stage)
    parts += [html.paragraph(f"{outcome.reason_text(state)} {outcome.left_out_text(state)}")] * (not single)
    parts += _again(directory, state)
    title = f"The broad strategy on {about['title']}"
    return html.page(next(iter(state.stages.values())).title if single else title, parts)


def _stage(number: int, stage: StageState) -> list[str]:
    if stage.status in ("ahead", "working"):
        return []
    parts = [html.heading(f"{number} · {stage.title}"), html.paragraph(stage.question)]
    if stage.rows:
        parts.append(html.table([["tried", "seen"], *([str(row["label"]), str(row["text"])] for row in stage.rows)]))
    curves = curves_of(stage)[-_DRAWN:]
    if curves and max(map(len, curves)) > 2:
        parts.append(html.chart(stage_chart(curves, cost=by_cost(stage.name))))
    if stage.recommendation is not None:
        parts.append(html.paragraph(f"{stage.recommendation['because']}\n\n{stage.recommendation['sure']}"))
    if stage.decision is not None and stage.status == "decided":
        who = " (by hand)" if stage.decision["by"] == "person" else ""
        parts.append(html.paragraph(f"Decided{who}: {plain_values(stage.decision['chosen']) or 'nothing changes'}."))
    return parts


def _again(directory: Path, state: State) -> list[str]:
    winner = directory / "winner.toml"
    known = winner if winner.is_file() else None
    lines = [f"{command}    # {does}" for command, does in outcome.commands(state, known)]
    parts = [html.heading("Do it again"), html.code("\n".join(lines))]
    if known is not None:
        parts += [html.heading("The winner's settings"), html.code(known.read_text("utf-8"))]
    return parts


def sweep_page(record: StudyRecord) -> str:
    """Return the page of a sweep: what to make of it, the best trials, what each parameter alone says."""
    table = record.table()
    plan = table.plan
    names = ", ".join(dimension.name for dimension in plan.over)
    parts = [
        html.paragraph(f"Study {record.name}: {quantity(len(table.rows), 'trial')}, {plan.sampler}, over {names}."),
        html.verdict("\n\n".join(remarks(table, importances(record.study, table)))),
        html.heading("The best trials"),
        html.table(best_trials_rows(table, _BEST), "★ the best, = within noise of it"),
        html.heading("What each parameter says"),
        *(html.chart(slice_chart(table, dimension)) for dimension in plan.over),
        html.chart(best_chart(table)),
        html.heading("Do it again"),
        html.code(f"tunelab sweep --study {record.name}    # this table again, or the trials that are left"),
    ]
    return html.page(f"A sweep over {names}", parts)
