"""The initialization explorer: what first weights do to z, drawn before any training."""

from __future__ import annotations

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Label, Select, Static
from textual.worker import Worker, get_current_worker
from tunelab.errors import BadInput
from tunelab.initialization import BIASES, WEIGHTS, Initialization, LayerEffect, effects
from tunelab.tui.charts import aligned
from tunelab.tui.charts.from_history import activation_charts, z_chart
from tunelab.tui.state.actions import bindings
from tunelab.tui.state.lab_state import Bench
from tunelab.tui.state.worker_failures import tell_failure
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.key_line import Keys
from tunelab.tui.widgets.slider import Slider

__all__ = ["ExplorerScreen"]

_NONE = "none"


class ExplorerScreen(Screen[None]):
    """Old against new: two schemes, or the arms of the form, over one z axis, with σ(z) and σ′(z) below."""

    BINDINGS = bindings("explorer")
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (20, "-low"), (30, "-tall")]

    class Found(Message):
        """The effects of what is set, a list of (name, effect of every layer)."""

        def __init__(self, found: list[tuple[str, list[LayerEffect]]], inputs: str) -> None:
            self.found, self.inputs = found, inputs
            super().__init__()

    def __init__(self, bench: Bench) -> None:
        super().__init__(id="explorer")
        self._draft, self._looks = bench.draft, bench.looks
        self._layer = 0
        self._real = True
        self._found: list[tuple[str, list[LayerEffect]]] = []
        schemes: list[str] = list(dict.fromkeys(arm.experiment.initialization.weights for arm in self._draft.arms))
        other = "standard" if schemes[0] != "standard" else "scaled"
        self._first, self._second = schemes[0], (schemes[1:] or [other])[0]
        self._biases = self._draft.base.initialization.biases

    def compose(self) -> ComposeResult:
        """Settings on the left, charts on the right."""
        with Horizontal(id="main"):
            with VerticalScroll(id="settings", can_focus=False):
                yield Static("", id="network-line", markup=False)
                yield Label("weights ●")
                names: list[str] = [str(name) for name in WEIGHTS]
                yield Select(
                    [(str(n), n) for n in names], value=f"{self._first}", allow_blank=False, compact=True, id="first"
                )
                yield Label("weights ■")
                others = [_NONE, *names]
                yield Select([(n, n) for n in others], value=self._second, allow_blank=False, compact=True, id="second")
                yield Label("biases")
                yield Select([(n, n) for n in BIASES], value=self._biases, allow_blank=False, compact=True, id="biases")
                yield Slider("fan-in", 1, 2000, 784, id="fan-in")
                yield Slider("inputs on", 0, 784, 392, id="active")
                yield Static("", id="numbers", markup=False)
            with Vertical(id="charts"):
                yield Chart(self._looks, id="density")
                yield Chart(self._looks, id="activation")
                yield Chart(self._looks, id="slope")
        yield Keys()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A background worker that failed says so."""
        tell_failure(self.app, event)

    def on_mount(self) -> None:
        """Look at the form's network on its data first."""
        self._look()
        self.query_one("#density").focus()

    @on(Select.Changed)
    def _changed(self) -> None:
        self._look()

    @on(Slider.Moved)
    def _moved(self, event: Slider.Moved) -> None:
        self._real = False
        if event.slider.id == "fan-in":
            active = self.query_one("#active", Slider)
            active.limit(int(event.value))
        self._look()

    def action_source(self) -> None:
        """Real data, or inputs assumed to be 1."""
        self._real = not self._real
        self._look()

    def action_layer(self, by: int) -> None:
        """Another layer."""
        count = len(self._found[0][1]) if self._found else 1
        self._layer = (self._layer + by) % count
        self._draw()

    def action_back(self) -> None:
        """Return to the lab."""
        self.dismiss(None)

    def _look(self) -> None:
        schemes = [str(self.query_one(f"#{name}", Select).value) for name in ("first", "second")]
        biases = str(self.query_one("#biases", Select).value)
        fan_in, active = (int(self.query_one(f"#{name}", Slider).value) for name in ("fan-in", "active"))
        self._find([s for s in dict.fromkeys(schemes) if s != _NONE], biases, self._real, fan_in, active)

    @work(thread=True, exclusive=True, exit_on_error=False)
    def _find(self, schemes: list[str], biases: str, real: bool, fan_in: int, active: int) -> None:
        """Predict and sample, away from the keys."""
        from tunelab.experiment import load_data

        worker = get_current_worker()
        base = self._draft.base
        try:
            dataset = load_data(base)
        except BadInput as problem:
            self.app.call_from_thread(self.query_one("#numbers", Static).update, str(problem))
            return
        inputs = dataset.training.scaled(slice(0, 300)) if real else None
        sizes = (dataset.features if real else fan_in, *base.network.hidden, dataset.outputs)
        found = []
        for scheme in schemes:
            start = Initialization(sizes, scheme, biases, base.initialization.gain)
            net = base.network
            found.append(
                (
                    scheme,
                    effects(start, inputs, active=active, activation=net.activation, output=net.output, quick=True),
                )
            )
        if not worker.is_cancelled:
            where = dataset.title if real else f"{active:,} of {fan_in:,} inputs at 1, the others at 0"
            self.post_message(self.Found(found, where))

    def on_explorer_screen_found(self, message: Found) -> None:
        """Draw what was found."""
        self._found = message.found
        self._layer = min(self._layer, len(self._found[0][1]) - 1)
        sizes = [effect.fan_in for effect in self._found[0][1]] + [self._found[0][1][-1].units]
        self.query_one("#network-line", Static).update(f"{' → '.join(map(str, sizes))}\n{message.inputs}")
        self._draw()

    def _draw(self) -> None:
        if not self._found:
            return
        chosen = [(name, layers[self._layer]) for name, layers in self._found]
        density = z_chart(chosen)
        activation, slope = activation_charts(density, chosen[0][1].activation)
        charts = [self.query_one(f"#{name}", Chart) for name in ("density", "activation", "slope")]
        heights = [max(chart.size.height, 1) for chart in charts]
        for chart, spec in zip(charts, aligned([density, activation, slope], heights), strict=True):
            chart.show(spec)
        self.query_one("#numbers", Static).update("\n\n".join(self._numbers(name, e) for name, e in chosen))

    def _numbers(self, name: str, effect: LayerEffect) -> str:
        fastest = max(e.mean_sigma_prime for _, layers in self._found for e in [layers[self._layer]])
        slower = fastest / effect.mean_sigma_prime if effect.mean_sigma_prime > 0 else float("inf")
        lines = [
            f"{name}, layer {effect.layer}",
            f"σ_z predicted {effect.predicted_std:.3g}",
            f"    sampled   {effect.sampled_std:.3g}",
            f"saturated {100 * effect.saturated_share:.1f} %",
            f"mean σ′ {effect.mean_sigma_prime:.3f}",
        ]
        if effect.activation == "relu":
            lines.append(f"dead units {100 * effect.dead_units:.1f} %")
        if slower > 1.2:
            lines.append(f"so a weight moves about {slower:.0f}× slower")
        return "\n".join(lines)
