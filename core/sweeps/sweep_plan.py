"""Everything that decides what a study trains: the experiment, what is swept over, and how trials are chosen."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from tunelab import engine
from tunelab.errors import BadInput, printable
from tunelab.experiment import Experiment, Preset, assemble, load_data
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.nested_tables import flattened, placed
from tunelab.experiment.preset import parse, resolved
from tunelab.kernel import COMPILED
from tunelab.search.trials import by_validation
from tunelab.sweeps.search_space import Dimension, parse_overs
from tunelab.wording import quantity

__all__ = ["PRUNERS", "SAMPLERS", "Pruner", "Sampler", "SweepPlan"]

Sampler = Literal["grid", "random", "tpe"]
Pruner = Literal["none", "median", "hyperband"]
SAMPLERS: tuple[Sampler, ...] = ("grid", "random", "tpe")
PRUNERS: tuple[Pruner, ...] = ("none", "median", "hyperband")

FORMAT = 1
_TRIALS = 32  # of a sweep that could go on for ever, where nobody says
_MOST = 100_000
_SEEDS = 2**32 - 1000  # a trial has at most a thousand seeds, and the last of them must be one too


@dataclass(frozen=True)
class SweepPlan:
    """What a study trains. Two plans that differ in more than ``trials`` make different studies.

    ``preset`` has one experiment; ``seeds`` networks are trained of each trial, with seeds drawn from (``seed``,
    the trial's number) alone, so that nobody's number depends on who trains it or when.
    """

    preset: Preset
    over: tuple[Dimension, ...]
    sampler: Sampler
    pruner: Pruner
    trials: int
    seeds: int
    seed: int

    @staticmethod
    def of(
        preset: Preset,
        over: list[str],
        *,
        sampler: Sampler | None = None,
        pruner: Pruner = "none",
        trials: int | None = None,
    ) -> SweepPlan:
        """The plan for a preset without arms, with what isn't said filled in.

        Lists alone are tried completely (grid); where there is a range, points are drawn (random). Trials are judged
        on validation examples, whatever the preset asks for: the test set isn't for choosing.
        """
        asked = preset.arms[0].experiment
        if (judged := by_validation(asked)) != asked:
            preset = preset.with_settings({"data.evaluate_on": None, "data.evaluation": judged.data.evaluation})
        dimensions = parse_overs(over)
        listed = all(d.kind == "list" for d in dimensions)
        chosen: Sampler = sampler or ("grid" if listed else "random")
        experiment = preset.arms[0].experiment
        first = experiment.initialization
        plan = SweepPlan(preset, dimensions, chosen, pruner, 0, first.seeds, first.seed)
        everything = plan.size
        wanted = trials if trials is not None else everything if chosen == "grid" else min(_TRIALS, everything)
        plan = replace(plan, trials=int(min(wanted, everything)))
        if plan.trials > _MOST:
            raise BadInput(f"that is {quantity(plan.trials, 'trial')}; give --trials N, at most {_MOST:,}")
        plan.check()
        return plan

    @cached_property
    def size(self) -> float:
        """How many different configurations there are; infinite where one parameter is drawn from a range."""
        if self.sampler != "grid" and any(d.kind != "list" for d in self.over):
            whole = all(d.kind == "list" or d.whole for d in self.over)
            return math.prod(_count(d) for d in self.over) if whole else math.inf
        return math.prod(len(d.grid()) for d in self.over)

    @property
    def experiment(self) -> Experiment:
        """What every trial changes a little."""
        return self.preset.arms[0].experiment

    def check(self) -> None:
        """Raise :class:`BadInput` where a value of a dimension, with the others as in the preset, can't be trained."""
        for dimension in self.over:
            for value in dimension.values or (dimension.grid()[0], dimension.grid()[-1]):
                engine.check(changed(self.experiment, {dimension.key: dimension.setting(value)}))

    def is_compiled(self) -> bool:
        """Return whether the compiled kernel trains the trials, as far as the ends of every dimension tell."""
        dataset = load_data(self.experiment)

        def compiled(values: dict[str, Any]) -> bool:
            return assemble([changed(self.experiment, values)], dataset).engine == COMPILED

        ends = [(d, value) for d in self.over for value in (d.values or (d.grid()[0], d.grid()[-1]))]
        return all(compiled({d.key: d.setting(value)}) for d, value in ends if not d.key.startswith("data."))

    def settings(self, number: int, params: dict[str, Any]) -> dict[str, Any]:
        """The dotted keys that trial ``number`` changes: what was chosen for it, and where its luck begins."""
        values = {d.key: d.setting(params[d.key]) for d in self.over if d.key in params}
        seed = int(np.random.SeedSequence([self.seed, number]).generate_state(1)[0]) % _SEEDS
        return {"initialization.seed": seed, "initialization.seeds": self.seeds} | values

    def experiment_of(self, number: int, params: dict[str, Any]) -> Experiment:
        """What trial ``number`` trains; :class:`BadInput` where its values don't go together."""
        return changed(self.experiment, self.settings(number, params))

    def preset_of(self, number: int, params: dict[str, Any], name: str) -> Preset:
        """The same as a preset that a person can run, change and save."""
        tables = placed(self.preset.tables, self.settings(number, params))
        tables["title"] = f"{name}: {params_text(self.over, params)}"[:200]
        return resolved(name, tables, name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {
            "format": FORMAT,
            "name": self.preset.name,
            "preset": self.preset.to_toml(),
            "over": [d.text() for d in self.over],
            "sampler": self.sampler,
            "pruner": self.pruner,
            "trials": self.trials,
        }

    @staticmethod
    def from_dict(said: Any, study: str) -> SweepPlan:
        """What :meth:`to_dict` gave; :class:`BadInput` where it can't be read."""
        try:
            if said["format"] > FORMAT:
                raise BadInput(f"the study {printable(study)} was made by a newer tunelab (format {said['format']})")
            preset = parse(said["preset"], str(said["name"]), f"the study {printable(study)}")
            if said["sampler"] not in SAMPLERS or said["pruner"] not in PRUNERS:
                raise KeyError("sampler")
            return SweepPlan(
                preset,
                parse_overs(list(said["over"])),
                said["sampler"],
                said["pruner"],
                int(said["trials"]),
                preset.arms[0].experiment.initialization.seeds,
                preset.arms[0].experiment.initialization.seed,
            )
        except (KeyError, TypeError, ValueError):
            raise BadInput(f"the study {printable(study)} wasn't made by `tunelab sweep`, or is damaged") from None

    def difference(self, other: SweepPlan) -> str | None:
        """What else than the number of trials differs from another plan, in words; None where nothing does."""
        mine, others = self.to_dict(), other.to_dict()
        words = {"over": "sweeps over", "sampler": "chooses trials by", "pruner": "prunes by"}
        for key, verb in words.items():
            if mine[key] != others[key]:
                return f"it {verb} {_listed(mine[key])}, not {_listed(others[key])}"
        then, now = (flattened(plan.experiment.to_dict()) for plan in (self, other))
        for key in dict.fromkeys([*then, *now]):
            if then.get(key) != now.get(key):
                return f"its {key} is {printable(then.get(key), 60)}, not {printable(now.get(key), 60)}"
        return None


def params_text(over: tuple[Dimension, ...], params: dict[str, Any]) -> str:
    """A trial's values in a line: η = 0.1, λ = 5."""
    return ", ".join(f"{d.name} = {short_value(params[d.key])}" for d in over if d.key in params)


def short_value(value: Any) -> str:
    """A value as tables show it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _count(dimension: Dimension) -> int:
    return len(dimension.values) or int(dimension.high) - int(dimension.low) + 1


def _listed(value: Any) -> str:
    return printable(", ".join(value) if isinstance(value, list) else value, 80)


def without_arms(preset: Preset) -> Preset:
    """The preset's base experiment alone; what its arms were expected to come to goes with them."""
    tables = {key: value for key, value in preset.tables.items() if key not in ("arm", "expect")}
    return resolved(preset.name, tables, preset.name)


def only_arm(preset: Preset, name: str) -> Preset:
    """One arm of the preset as an experiment of its own."""
    arm = preset.only([name]).arms[0]
    return resolved(
        preset.name,
        {"title": preset.title, **json.loads(arm.experiment.model_dump_json(by_alias=True, exclude_none=True))},
        preset.name,
    )
