"""The form: a panel for each table of the declaration, and what follows from what stands in them."""

from __future__ import annotations

from typing import Any

from textual import on, work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.worker import Worker, get_current_worker
from tunelab.diagnosis import Verdict
from tunelab.errors import BadInput
from tunelab.experiment.fields import described
from tunelab.experiment.network_shape import drawing, parameters
from tunelab.tui.charts import ChartSpec
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.state.worker_failures import notify_failure
from tunelab.tui.text.data_text import column_names, data_summary
from tunelab.tui.widgets.field import Field
from tunelab.tui.widgets.panel import Panel
from tunelab.wording import quantity

__all__ = ["PANELS", "Form", "panel_keys"]

_SHOWN_AS_NUMBERS = {"", "saturated-start"}  # causes without a note of their own: σ_z stands there, and remarks

PANELS = {
    "data": (
        "1 Data",
        "data",
        ("data.name", "data.label", "data.task", "data.train", "data.evaluation", "data.classes"),
    ),
    "network": (
        "2 Network",
        "network",
        ("network.hidden", "network.activation", "network.output", "network.cost"),
    ),
    "first": (
        "3 First weights",
        "initialization",
        ("initialization.weights", "initialization.biases", "initialization.seeds"),
    ),
    "hyper": (
        "4 Hyper-parameters",
        "training",
        (
            "training.eta",
            "training.lambda",
            "training.mini_batch",
            "training.epochs",
            "training.monitor_every",
            "training.schedule.rule",
            "training.early_stopping.patience",
        ),
    ),
}
"""A panel by its id: title, table, and the parameters that matter in every experiment."""

_BOOK = "training.book."  # how to follow another program to the bit is for the file of a preset


def panel_keys(name: str) -> tuple[list[str], set[str]]:
    """Return every parameter of a panel in its order, and which of them are further ones.

    A further one comes after the parameter that stands before it in the declaration.
    """
    _, table, first = PANELS[name]
    keys, before = list(first), ""
    for key in described():
        if not key.startswith(f"{table}.") or key.startswith(_BOOK):
            continue
        if key not in first:
            keys.insert(keys.index(before) + 1 if before else 0, key)
        before = key
    return keys, set(keys) - set(first)


class Form(VerticalScroll, can_focus=False):
    """Edits the lab's draft. Posts :class:`Changed`, then :class:`Checked` when the effects are known."""

    class Changed(Message):
        """The draft is another."""

    class Checked(Message):
        """What is known of a training with these settings before it begins."""

        def __init__(self, warnings: list[Verdict], planned: ChartSpec | None) -> None:
            """``planned`` is the course of η, None where it is constant."""
            self.warnings, self.planned = warnings, planned
            super().__init__()

    def __init__(self, state: LabState, *, id: str) -> None:
        super().__init__(id=id)
        self._state = state

    def compose(self) -> ComposeResult:
        """The panels."""
        for name, (title, _, _) in PANELS.items():
            yield Panel(title, *panel_keys(name), self._state.draft, id=name)

    def on_mount(self) -> None:
        """Look at what stands there from the start."""
        self._check()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A look that failed says so."""
        notify_failure(self.app, event)

    def load(self) -> None:
        """Show the state's draft, which is another one or has changed elsewhere."""
        for field in self.query(Field):
            field.load(self._state.draft)
        self._changed()

    def wrong(self) -> Field | None:
        """A field whose text can't be, if there is one."""
        draft = self._state.draft
        return next((f for f in self.query(Field) if f.has_class("-wrong") and not draft.varied(f.about.key)), None)

    @on(Field.Changed)
    def _changed(self) -> None:
        for panel in self.query(Panel):
            panel.show_fields()
        self.post_message(self.Changed())
        self._check()

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _check(self) -> None:
        """Load what the form names and see what the first weights do to it, away from the keys."""
        from tunelab.diagnose import known_before_training
        from tunelab.experiment import load_data
        from tunelab.experiment.assembly import initialization_of, planned_eta
        from tunelab.initialization import effects, weights_differ
        from tunelab.tui.charts.schedule_chart import planned_chart, varies
        from tunelab.tui.text.run_rows import sparkline

        worker = get_current_worker()
        draft = self._state.draft
        base = draft.base
        try:
            dataset = load_data(base)
            start = initialization_of(base, dataset)
            text = f"{drawing(start.sizes, base.network.activation, base.network.output)}\n"
            text += f"{quantity(parameters(start.sizes), 'parameter')}"
            self._if_current(worker, self._say, {"network": text, "data": data_summary(dataset)})
            self._if_current(worker, self._offer_columns, column_names(dataset))
        except BadInput as problem:
            self._if_current(worker, self._say, {"data": f"⚠ {problem}", "network": "", "first": "", "hyper": ""})
            return
        first = "every neuron of a layer begins alike"
        if weights_differ(start.weights):
            network, inputs = base.network, dataset.training.scaled(slice(0, 200))
            effect = effects(start, inputs, activation=network.activation, output=network.output, quick=True)[0]
            first = f"σ_z {effect.predicted_std:.3g}, saturated {100 * effect.saturated_share:.1f} %"
        if draft.varied("initialization.weights"):
            first += "\n(the arms differ: i shows them)"
        verdicts = known_before_training(base, dataset)
        known = [verdict for verdict in verdicts if verdict.cause not in _SHOWN_AS_NUMBERS]
        notes = [f"⚠ {verdict.observation} {verdict.advice}" for verdict in known]
        if varies(base.training):
            course = sparkline(planned_eta(base.training, len(dataset.training))[1])
            notes.insert(0, f"η {course} in {quantity(base.training.epochs, 'epoch')}")
        planned = planned_chart(draft.arms, len(dataset.training))
        self._if_current(worker, self._say, {"first": first, "hyper": "\n".join(notes)})
        self._if_current(worker, self.post_message, self.Checked(known, planned))

    def _if_current(self, worker: Any, show: Any, *values: Any) -> None:
        """A newer look has made an older one's answer worthless."""
        if not worker.is_cancelled and self.is_attached:
            self.app.call_from_thread(show, *values)

    def _offer_columns(self, names: list[str]) -> None:
        """Show which column is the label and what task that is, where the data are a table."""
        for key in ("data.label", "data.task"):
            field = self.query_one(f"#field-{key.replace('.', '-')}", Field)
            field.display = bool(names)
            if names and key == "data.label":
                field.offer(names)

    def _say(self, texts: dict[str, str]) -> None:
        for name, text in texts.items():
            self.query_one(f"#{name}", Panel).follows(text)
