"""The initialization explorer: what first weights do to z, drawn before any training."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on, work
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Label, Select, Static
from textual.worker import get_current_worker
from tunelab.errors import BadInput
from tunelab.initialization import BIASES, WEIGHTS, Initialization, LayerEffect, effects
from tunelab.tui.charts import aligned
from tunelab.tui.charts.from_history import activation_charts, z_chart
from tunelab.tui.screens.base import BaseScreen
from tunelab.tui.state.lab_state import LabState
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.slider import Slider
from tunelab.wording import quantity

__all__ = ["InitializationExplorer"]

_NONE = "none"


class InitializationExplorer(BaseScreen[None], where="explorer"):
    """Old against new: two schemes, or the arms of the form, over one z axis, with σ(z) and σ′(z) below."""

    class Computed(Message):
        """The effects of what is set, a list of (name, effect of every layer)."""

        def __init__(self, effects: list[tuple[str, list[LayerEffect]]], inputs: str) -> None:
            self.effects, self.inputs = effects, inputs
            super().__init__()

    def __init__(self, state: LabState) -> None:
        super().__init__()
        self._draft, self._looks = state.draft, state.looks
        self._layer = 0
        self._real = True
        self._effects: list[tuple[str, list[LayerEffect]]] = []
        schemes: list[str] = list(dict.fromkeys(arm.experiment.initialization.weights for arm in self._draft.arms))
        other = "standard" if schemes[0] != "standard" else "scaled"
        self._first, self._second = schemes[0], (schemes[1:] or [other])[0]
        self._biases = self._draft.base.initialization.biases

    def compose_content(self) -> Iterable[Widget]:
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
        count = len(self._effects[0][1]) if self._effects else 1
        self._layer = (self._layer + by) % count
        self._draw()

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
        computed = []
        for scheme in schemes:
            start = Initialization(sizes, scheme, biases, base.initialization.gain)
            net = base.network
            computed.append(
                (
                    scheme,
                    effects(start, inputs, active=active, activation=net.activation, output=net.output, quick=True),
                )
            )
        if not worker.is_cancelled:
            where = dataset.title if real else f"{active:,} of {quantity(fan_in, 'input')} at 1, the others at 0"
            self.post_message(self.Computed(computed, where))

    def on_initialization_explorer_computed(self, message: Computed) -> None:
        """Draw the effects."""
        self._effects = message.effects
        self._layer = min(self._layer, len(self._effects[0][1]) - 1)
        sizes = [effect.fan_in for effect in self._effects[0][1]] + [self._effects[0][1][-1].units]
        self.query_one("#network-line", Static).update(f"{' → '.join(map(str, sizes))}\n{message.inputs}")
        self._draw()

    def _draw(self) -> None:
        if not self._effects:
            return
        chosen = [(name, layers[self._layer]) for name, layers in self._effects]
        density = z_chart(chosen)
        activation, slope = activation_charts(density, chosen[0][1].activation)
        charts = [self.query_one(f"#{name}", Chart) for name in ("density", "activation", "slope")]
        heights = [max(chart.size.height, 1) for chart in charts]
        for chart, spec in zip(charts, aligned([density, activation, slope], heights), strict=True):
            chart.show(spec)
        self.query_one("#numbers", Static).update("\n\n".join(self._numbers(name, e) for name, e in chosen))

    def _numbers(self, name: str, effect: LayerEffect) -> str:
        fastest = max(e.mean_sigma_prime for _, layers in self._effects for e in [layers[self._layer]])
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
