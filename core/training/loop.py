"""Mini-batch gradient descent for R networks side by side, as a generator of measurements.

The update on a mini-batch of m of the n training examples (Nielsen, chapter 3):

    w ← (1 − ηλ/n) w − (η/m) Σ ∂C_x/∂w        b ← b − (η/m) Σ ∂C_x/∂b

A training knows nothing of presets, files or screens. Whatever it needs to go on later to the same bits is in
``state()``.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.kernel import COMPILED, NUMPY, OLD_NUMPY, covers, kernel, lists_inputs
from tunelab.network import Network
from tunelab.training.decay import Decay
from tunelab.training.kernel_steps import KernelSteps
from tunelab.training.layer_statistics import LAYER_STATISTICS, layer_statistics
from tunelab.training.measurement import Measurement, Score, score, unscored
from tunelab.training.metrics import METRICS, Metric
from tunelab.training.numpy_steps import NumpySteps
from tunelab.training.schedules import Constant, Schedule
from tunelab.training.stopping_rules import EarlyStopping
from tunelab.training.update import Update

__all__ = ["OPTIMIZER", "Order", "Steps", "Training", "shuffled"]

Array = NDArray[Any]
Order = Callable[[int, int], Array]
"""(replicate, epoch) → the order in which that epoch visits the training examples, (n,)."""

OPTIMIZER = "optimizer_"
"""What the names of the arrays begin with that an optimizer remembers, in a training's state."""

_RULE_NUMBERS = 3  # numbers that a schedule or a stopping rule remembers, at most
_SCORED = ("correct", "answers", "class_correct", "squared_error")  # what is kept of a score, beside its cost
_STATISTICS_EXAMPLES = 50  # training examples on which the layers' statistics are taken
_STATISTICS_EVERY = 10_000  # examples learnt from: measuring points that are closer keep the statistics of one before


def shuffled(seeds: Sequence[int], n: int) -> Order:
    """A fresh random order each epoch, drawn from (seed, epoch) alone: nothing to remember between epochs."""

    def order(replicate: int, epoch: int) -> Array:
        return np.random.default_rng([seeds[replicate], 2, epoch]).permutation(n)

    return order


class Steps(Protocol):
    """The arithmetic of a training: moves R networks by mini-batches, and judges them."""

    def place(self, network: Network) -> None:
        """Take these networks: the same shape as before, perhaps fewer of them."""

    def set_rates(self, eta: Array, decay: Decay) -> None:
        """Take each network's η, (R,), and its decay."""

    def most(self, step: int) -> int:
        """How many examples can be trained on in one call that begins after ``step`` steps."""

    def advance(self, orders: list[Array], position: int, count: int, step: int, etas: Array | None = None) -> None:
        """Train each network on ``count`` examples of its order, (n,), from ``position`` on, after ``step`` steps.

        ``etas``, (steps, R), are the networks' η at each of the steps, where a schedule changes them on the way.
        """

    def score(self, examples: Examples) -> Score:
        """Judge the networks."""


class Training:
    """A training of R networks, replicate r with its own η, λ, order, schedule and stopping rule.

    Iterate over it for its measurements; it trains as it is iterated. A replicate that has diverged, stopped
    early or come to the end of its schedule leaves the stack, and the others go on faster; none of this
    changes the bits of another.

    Args:
        network: with its first parameters; it is trained in place.
        training, evaluation: examples; n = len(training).
        eta, lmbda: one a replicate. η > 0, λ ≥ 0.
        mini_batch: m, at most n.
        epochs: to train at most.
        order: the order of examples, see :data:`Order`.
        monitor_every: examples between measurements; n where None. Measured at the first mini-batch's end
            at or after each multiple, and at the end.
        schedules, stopping: one a replicate; a constant η and no early stopping where None.
        classes: whether targets are class positions rather than wanted outputs.
        tolerance, unit: for targets that are wanted outputs, see :func:`tunelab.training.measurement.score`.
        class_weights: by which each class's examples count, in the cost and its gradient; all alike where None.
        metric: what schedules and stopping rules look at; by ``classes`` and ``tolerance`` where None.
        evaluation_penalty: how many times the penalty of training a cost on evaluation examples includes.
        update: how a step is made where it isn't the plain one; its R replicates, n and λ are those of this training.
        engine: what does the arithmetic, as records name it: one of those in :mod:`tunelab.kernel.library`. What the
            kernel doesn't cover numpy does; ``engine`` says which it was.
        threads: in which the kernel trains networks side by side; the bits are the same in any number.
    """

    def __init__(
        self,
        network: Network,
        training: Examples,
        evaluation: Examples,
        *,
        eta: Sequence[float],
        lmbda: Sequence[float],
        mini_batch: int,
        epochs: int,
        order: Order,
        monitor_every: int | None = None,
        schedules: Sequence[Schedule] | None = None,
        stopping: Sequence[EarlyStopping] | None = None,
        classes: bool = True,
        tolerance: float = 0.0,
        unit: Sequence[float] = (),
        class_weights: Array | None = None,
        metric: Metric | None = None,
        evaluation_penalty: float = 1.0,
        update: Update | None = None,
        engine: str = NUMPY,
        threads: int = 1,
    ) -> None:
        R, n = network.replicates, len(training)
        self.network = network
        self.examples = 0
        self.seconds = 0.0  # of training alone, without measuring
        self._measured = 0  # self.examples at the last measuring point: a stop may fall between it and the next
        self.reasons = [""] * R
        self.eta = np.array(eta, np.float64)
        self.lmbda = np.array(lmbda, np.float64)
        self.n, self.mini_batch, self.epochs = n, mini_batch, epochs
        self.monitor_every = monitor_every or n
        self.schedules = list(schedules) if schedules is not None else [Constant() for _ in range(R)]
        self.stopping = list(stopping) if stopping is not None else None
        self._order = order
        self._training, self._evaluation = training, evaluation
        self._evaluation_penalty = evaluation_penalty
        self.metric = metric or METRICS["accuracy" if classes or tolerance > 0 else "r2"]
        self._class_weights = class_weights
        self._score = partial(score, classes=classes, tolerance=tolerance, unit=unit, class_weights=class_weights)
        self._scores: dict[str, Score] = {}
        outputs = network.sizes[-1]
        self._wanted = network.output.wanted(outputs, network.dtype) if classes else None
        self._moving = any(schedule.moving for schedule in self.schedules)
        self._update = update or (Update(n, lmbda) if self._moving else None)
        compiled = None
        if engine == COMPILED and self._update is None:
            frame = partial(unscored, outputs=outputs, classes=classes, tolerance=tolerance, unit=unit)
            compiled = _compiled_steps(network, training, mini_batch, frame, class_weights, threads)
        self.engine = engine if compiled else OLD_NUMPY if engine == OLD_NUMPY else NUMPY
        self._steps: Steps = compiled or NumpySteps(
            network,
            training,
            mini_batch=mini_batch,
            class_weights=class_weights,
            classes=classes,
            score=self._score,
            update=self._update,
        )
        self._latest = {name: np.zeros(R) for name in ("eta", "penalty", "training_cost", "evaluation_cost")} | {
            name: np.zeros(R, np.int64) for name in ("training_correct", "evaluation_correct")
        }
        kinds, numbers = (outputs, 0) if classes else (0, outputs)
        for part in ("training", "evaluation"):
            self._latest[f"{part}_answers"] = np.zeros((R, kinds), np.int64)
            self._latest[f"{part}_class_correct"] = np.zeros((R, kinds), np.int64)
            self._latest[f"{part}_squared_error"] = np.zeros((R, numbers))
        self._latest |= {name: np.full((R, len(network.weights)), np.nan) for name in LAYER_STATISTICS}
        self._ordered_epoch = -1
        self._gather()

    @property
    def epoch(self) -> float:
        """How many epochs have been trained."""
        return self.examples / self.n

    @property
    def update(self) -> Update | None:
        """What makes a step where that isn't the plain one."""
        return self._update

    @property
    def running(self) -> Array:
        """The replicates still training, as indices."""
        return np.array([r for r, reason in enumerate(self.reasons) if not reason], np.intp)

    def __iter__(self) -> Iterator[Measurement]:
        return self.run()

    def run(self, pulse: Callable[[], None] | None = None, until: int | None = None) -> Iterator[Measurement]:
        """Train to the end, yielding a measurement at every measuring point.

        ``pulse`` is called every few mini-batches, with the training in a state that can be saved. It may
        wait (a pause) or raise (a stop). With ``until`` training goes no further than the first mini-batch's end
        at or after so many examples, where another was stopped.
        """
        while len(self.running):
            point = self._next_measuring_point()
            if until is not None and until < point:
                self._train_to(until, pulse)
                return
            self._train_to(point, pulse)
            yield self.measure(decide=True)

    def measure(self, *, decide: bool = False) -> Measurement:
        """Measure now. With ``decide``, let schedules and stopping rules act on what is seen."""
        with np.errstate(all="ignore"):
            self._score_all()
            if not decide or self._layers_are_due:
                self._measure_layers()
        if decide:
            self._decide()
            self._measured = self.examples
        latest = {name: values.copy() for name, values in self._latest.items()}
        scores = {
            part: found.of(latest[f"{part}_cost"], *(latest[f"{part}_{name}"] for name in _SCORED))
            for part, found in self._scores.items()
        }
        return Measurement(
            metric=self.metric,
            epoch=self.epoch,
            examples=self.examples,
            eta=latest["eta"],
            penalty=latest["penalty"],
            evaluation_penalty=latest["penalty"] * self._evaluation_penalty,
            training=scores["training"],
            evaluation=scores["evaluation"],
            diverged=self._diverged(),
            reasons=tuple(self.reasons),
            vitals={name: latest[name] for name in LAYER_STATISTICS},
        )

    def parameters(self, replicates: slice = slice(None)) -> Network:
        """The networks of some replicates as they are now, copied; those that have stopped as they ended."""
        self._put_back()
        return self.network.select(replicates)

    def state(self) -> dict[str, Array]:
        """Everything needed to go on to the same bits, as arrays that numpy saves without pickle.

        Every array has the replicate axis first, but for the counters ``examples`` and ``measured``, (). So the
        states of trainings that stand at the same point can be joined, and one can be taken apart.
        """
        self._put_back()
        saved: dict[str, Array] = {f"latest_{name}": values.copy() for name, values in self._latest.items()}
        for layer, (weights, biases) in enumerate(zip(self.network.weights, self.network.biases, strict=True)):
            saved[f"weights_{layer}"], saved[f"biases_{layer}"] = weights.copy(), biases.copy()
        saved["examples"], saved["measured"] = np.array(self.examples), np.array(self._measured)
        saved["reasons"] = np.array(self.reasons, dtype="U16")
        saved["schedules"] = self._remembered(self.schedules)
        saved["stopping"] = self._remembered(self.stopping)
        if self._update is not None:
            saved |= {f"{OPTIMIZER}{name}": values for name, values in self._update.state().items()}
        return saved

    def restore(self, saved: dict[str, Array]) -> None:
        """Go on from what :meth:`state` gave, in a training built from the same arguments."""
        for layer, (weights, biases) in enumerate(zip(self.network.weights, self.network.biases, strict=True)):
            weights[...], biases[...] = saved[f"weights_{layer}"], saved[f"biases_{layer}"]
        missing = {name for name in self._latest if f"latest_{name}" not in saved}  # an older tunelab saved less
        for name in self._latest.keys() - missing:
            self._latest[name][...] = saved[f"latest_{name}"]
        if missing:
            for part, examples in (("training", self._training), ("evaluation", self._evaluation)):
                found = self._score(self.network, examples)
                for name in missing:
                    if name.startswith(part):
                        self._latest[name][...] = getattr(found, name.removeprefix(f"{part}_"))
        if self._update is not None:
            self._update.restore({k.removeprefix(OPTIMIZER): v for k, v in saved.items() if k.startswith(OPTIMIZER)})
        self.examples, self._measured = int(saved["examples"]), int(saved["measured"])
        self.reasons = [str(reason) for reason in saved["reasons"]]
        rules: list[tuple[Schedule | EarlyStopping, list[float]]] = [
            *zip(self.schedules, saved["schedules"].tolist(), strict=True),
            *zip(self.stopping or (), saved["stopping"].tolist(), strict=False),
        ]
        for rule, remembered in rules:
            state = remembered[: len(rule.state())]
            # Saved in company without stopping rules, an arm is given one that never stops: it knows nothing
            if not any(map(math.isnan, state)):
                rule.restore(state)
        self._gather()

    def _remembered(self, rules: Sequence[Schedule | EarlyStopping] | None) -> Array:
        """What schedules or stopping rules remember, a row a replicate, filled up with NaN."""
        rows = np.full((self.network.replicates, _RULE_NUMBERS), np.nan)
        for row, rule in enumerate(rules or ()):
            state = rule.state()
            rows[row, : len(state)] = state
        return rows

    # -- training -----------------------------------------------------------------------------------------

    def _next_measuring_point(self) -> int:
        following = (self._measured // self.monitor_every + 1) * self.monitor_every
        return min(following, self.epochs * self.n)

    def _train_to(self, target: int, pulse: Callable[[], None] | None) -> None:
        """Train whole mini-batches until at least ``target`` examples have been seen."""
        n, m = self.n, self.mini_batch
        with np.errstate(all="ignore"):  # divergence shows in the measurements
            while self.examples < target:
                began = time.perf_counter()
                position, step = self._position()
                remaining = -(-(target - self.examples) // m) * m
                count = min(self._steps.most(step), remaining, n - position)
                epoch = self.examples // n
                if epoch != self._ordered_epoch:
                    self._orders = [self._order(r, epoch) for r in self._stacked]
                    self._ordered_epoch = epoch
                    self._set_rates()
                etas = self._etas(np.arange(step, step - (-count // m)))[:, self._stacked] if self._moving else None
                self._steps.advance(self._orders, position, count, step, etas)
                self.examples += count
                self.seconds += time.perf_counter() - began
                if pulse is not None:
                    pulse()

    def _gather(self) -> None:
        """Make the working stack of the replicates still running."""
        self._stacked = self.running
        whole = self.network.replicates == len(self._stacked)
        self._active = self.network if whole else self.network.select(self._stacked)
        if self._update is not None:
            self._update.place(self._active, self._stacked)
        self._steps.place(self._active)
        self._ordered_epoch = -1
        self._set_rates()

    def _set_rates(self) -> None:
        """η and the decay 1 − ηλ/n of the running replicates."""
        running = self.running
        eta = self._eta_now()[running]
        rates = eta * self.lmbda[running] / self.n
        self._steps.set_rates(eta, Decay.of(rates, self.network.dtype, at_once=self.engine == OLD_NUMPY))

    def _eta_now(self) -> Array:
        return self._etas(np.array([self._position()[1]]))[0]

    def _etas(self, steps: Array) -> Array:
        """η of every replicate after each of so many ``steps`` of the whole training, (steps, R)."""
        return self.eta / np.stack([schedule.divisors(steps) for schedule in self.schedules], axis=1)

    def _position(self) -> tuple[int, int]:
        """The place in the epoch, in examples, and how many steps were made."""
        epoch, position = divmod(self.examples, self.n)
        return position, epoch * -(-self.n // self.mini_batch) + position // self.mini_batch

    def _put_back(self) -> None:
        """Copy the working stack's parameters to their places among all replicates."""
        if self._update is not None:
            self._update.put_back()
        if self._active is not self.network:
            for layer in range(len(self.network.weights)):
                self.network.weights[layer][self._stacked] = self._active.weights[layer]
                self.network.biases[layer][self._stacked] = self._active.biases[layer]

    # -- measuring and deciding ---------------------------------------------------------------------------

    def _score_all(self) -> None:
        """Score the running replicates and write the numbers beside those of the ones that have stopped."""
        running, latest = self.running, self._latest
        for part, examples in (("training", self._training), ("evaluation", self._evaluation)):
            self._scores[part] = found = self._steps.score(examples)
            latest[f"{part}_cost"][running] = found.data_cost
            for name in _SCORED:
                latest[f"{part}_{name}"][running] = getattr(found, name)
        squares = sum(np.square(w, dtype=np.float64).sum(axis=(1, 2)) for w in self._active.weights)
        lmbda = self.lmbda[running]
        # Without λ there is no penalty even where weights have become infinite (0 · inf isn't 0)
        latest["penalty"][running] = np.where(lmbda > 0, lmbda / (2 * self.n) * squares, 0.0 * lmbda)
        l1 = np.zeros(len(running)) if self._update is None else self._update.l1[running]
        if l1.any():
            sums = sum(np.abs(w).sum(axis=(1, 2), dtype=np.float64) for w in self._active.weights)
            latest["penalty"][running] += np.where(l1 > 0, l1 / self.n * sums, 0.0)
        latest["eta"][running] = self._eta_now()[running]

    @property
    def _layers_are_due(self) -> bool:
        """Whether so much was learnt since the last measuring point, or it is the last one, or none was taken yet."""
        count, before = self.examples // _STATISTICS_EVERY, self._measured // _STATISTICS_EVERY
        known = np.isfinite(self._latest["z_rms"]).any()
        return bool(count > before or not known) or self.examples >= self.epochs * self.n

    def _measure_layers(self) -> None:
        """The layers' statistics of the running replicates, on a few examples."""
        running, latest = self.running, self._latest
        x = self._training.scaled(slice(0, _STATISTICS_EXAMPLES), self.network.dtype)
        targets = self._training.targets[:_STATISTICS_EXAMPLES]
        y = targets.astype(self.network.dtype) if self._wanted is None else self._wanted[targets]
        weights = None if self._class_weights is None else self._class_weights[targets].astype(self.network.dtype)
        decay = self.lmbda[running] / self.n
        statistics = layer_statistics(self._active, x, y, latest["eta"][running], decay, weights)
        if self._update is not None and (ratios := self._update.update_ratios()) is not None:
            statistics["update_ratio"] = ratios
        for name, values in statistics.items():
            latest[name][running] = values

    def _diverged(self) -> Array:
        sums = [self._latest[name] for name in ("training_cost", "evaluation_cost", "penalty")]
        return np.asarray(~np.isfinite(sums).all(axis=0))

    def _decide(self) -> None:
        """Let schedules and stopping rules see the validation metric; retire replicates that are done."""
        diverged = self._diverged()
        reasons = list(self.reasons)
        values = self._scores["evaluation"].value(self.metric)  # of those that are running
        for r, value in zip(self.running, values.tolist(), strict=True):
            self.schedules[r].see(self.epoch, value)
            if self.stopping is not None:
                self.stopping[r].see(self.epoch, value)
            if diverged[r]:
                reasons[r] = "diverged"
            elif self.stopping is not None and self.stopping[r].ended:
                reasons[r] = "early-stop"
            elif self.schedules[r].ended:
                reasons[r] = "schedule-end"
            elif self.examples >= self.epochs * self.n:
                reasons[r] = "epochs"
        if reasons != self.reasons:
            self._put_back()
            self.reasons = reasons
            self._gather()
        else:
            self._set_rates()


def _compiled_steps(
    network: Network,
    training: Examples,
    mini_batch: int,
    frame: Callable[[Examples], Score],
    class_weights: Array | None,
    threads: int,
) -> Steps | None:
    """Steps in the compiled kernel, or None where there is none or it leaves such a training to numpy."""
    compiled = kernel()
    if compiled is None:
        return None
    listed = lists_inputs(training.inputs)
    names = network.names
    functions = (names["activation"], names["output"], names["cost"])
    itemsize = network.dtype.itemsize
    if not covers(network.sizes, *functions, mini_batch=mini_batch, itemsize=itemsize, listed=listed):
        return None
    return KernelSteps(
        compiled,
        network,
        training,
        listed=listed,
        mini_batch=mini_batch,
        unscored=frame,
        class_weights=class_weights,
        threads=threads,
    )
