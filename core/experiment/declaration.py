"""The one declaration of each parameter: type, range, unit, help. Everything else is derived from it.

The preset file, ``--set``, the form on the screen, the JSON schema and every sentence about a wrong value come
from here. A key that isn't declared is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema
from tunelab.activations import ACTIVATIONS
from tunelab.costs import COST_FUNCTIONS, COSTS, OUTPUTS
from tunelab.data.options import FileOptions
from tunelab.experiment.nested_tables import placed
from tunelab.experiment.validation_errors import checked
from tunelab.initialization import BIASES, WEIGHTS
from tunelab.training.optimizers import OPTIMIZERS
from tunelab.training.schedules import SCHEDULES

__all__ = [
    "BookSection",
    "Choice",
    "DataSection",
    "EarlyStoppingSection",
    "Experiment",
    "InitializationSection",
    "NetworkSection",
    "ScheduleSection",
    "Section",
    "TrainingSection",
    "parameter",
]


class Section(BaseModel):
    """A table of a preset: frozen, strict about types, without unknown keys."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


def parameter(default: Any, help: str, *, symbol: str = "", unit: str = "", **how: Any) -> Any:
    """A declared parameter. ``help`` is written for a student; ``symbol`` and ``unit`` are shown beside it."""
    extra: dict[str, Any] = {key: value for key, value in (("symbol", symbol), ("unit", unit)) if value}
    return Field(default=default, description=help, json_schema_extra=extra or None, **how)


_LATER_KEYS = (
    "data.task",
    "data.standardize",
    "data.split_seed",
    "data.validation_share",
    "data.test_share",
    "data.class_weights",
    "data.columns",
    "training.optimizer",
    "training.momentum",
    "training.nesterov",
    "training.beta1",
    "training.beta2",
    "training.epsilon",
    "training.l1",
    "training.dropout",
    "training.clip_norm",
    "training.schedule.warm_up",
    "training.schedule.every",
    "training.schedule.factor",
)
"""Keys that came after the first format of records, see :meth:`Experiment.to_dict`."""


@dataclass(frozen=True)
class Choice:
    """The type of a parameter whose value is the name of an entry of a table, as a Literal would be."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """What pydantic calls to know how to validate it, and what stands in the JSON schema."""
        return core_schema.literal_schema(list(self.names))


def _help(entries: Iterable[Any]) -> str:
    """What the entries of a table say of themselves."""
    return " ".join(entry.help for entry in entries if entry.help)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class DataSection(Section):
    """What is learnt from."""

    name: str = parameter(
        "digits",
        "The data set: digits (drawn by a pen in this program, nothing to download), mnist, fashion-mnist, "
        "points (a task for a generator), or a path to IDX files, an .npz or a table (.csv, .tsv, .parquet …).",
        min_length=1,
        max_length=1000,
    )
    train: int | None = parameter(
        None,
        "Learn from the first N training examples; all of them if left out. Few examples train fast and "
        "overfit soon: right for the first experiments, not for the last.",
        symbol="n",
        unit="examples",
        ge=1,
    )
    evaluation: int | None = parameter(
        None,
        "Judge on the first N validation examples; all of them if left out. With 100 of them one standard "
        "deviation of an accuracy is 3 to 5 points, and differences inside it mean nothing.",
        unit="examples",
        ge=1,
    )
    evaluate_on: Literal["validation", "test"] | None = parameter(
        None,
        "Which examples to judge on: validation if left out. Whoever chooses by the test set has nothing unseen left "
        "to judge by; test is for a last number, or for comparing with a figure that was drawn so.",
    )
    classes: Annotated[tuple[int | str, ...] | None, BeforeValidator(_as_tuple)] = parameter(
        None,
        "Keep only these classes, for example [0, 1]: an easier problem and fewer examples, so faster answers. "
        "The network then has as many outputs.",
    )
    label: int | str | None = parameter(
        None,
        "A table's column to predict: its name, or its number from 0 (-1 is the last). If left out, the column called "
        "label, target, class or y, else the last.",
    )
    task: Literal["auto", "classification", "regression"] = parameter(
        "auto",
        "What to predict from a table or an .npz: a class or a number. auto decides by the label's values, and says "
        "why; whole numbers can be either.",
    )
    standardize: bool = parameter(
        True,
        "Bring a table's numbers to mean 0 and standard deviation 1, by the training part. Without it a column in "
        "thousands drowns one in tenths.",
    )
    split_seed: int = parameter(
        0,
        "Which rows of a file fall into the training, validation and test part: another seed, another shuffle. "
        "With few rows a result depends on it.",
        ge=0,
        le=2**32 - 1,
    )
    validation_share: float = parameter(
        0.15, "The share of a table's rows that is kept for validation, in proportion of every class.", ge=0.01, le=0.8
    )
    test_share: float = parameter(
        0.15, "The share of a table's rows that is kept for the test, in proportion of every class.", ge=0.01, le=0.8
    )
    class_weights: Literal["none", "balanced"] = parameter(
        "none",
        "balanced counts a rare class's examples for more, so that each class weighs the same; the accuracy falls "
        "and the balanced accuracy rises.",
    )
    columns: dict[str, Literal["number", "category", "ignore"]] = parameter(
        {},
        "How to read a table's columns where the guess is wrong: columns.NAME is number, category or ignore. In a "
        "file without a header NAME is the column's number from 0.",
        max_length=10_000,
    )

    @property
    def file_options(self) -> FileOptions:
        """What is said here about reading and splitting a file."""
        return FileOptions(
            self.label,
            self.task,
            self.standardize,
            self.split_seed,
            self.validation_share,
            self.test_share,
            self.columns,
        )


class NetworkSection(Section):
    """The network's shape, its neurons, and what it is punished for."""

    hidden: Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], BeforeValidator(_as_tuple)] = parameter(
        (30,),
        "Neurons in each hidden layer, from the input on: [30] is one layer of 30, [] none at all. Begin with the "
        "simplest network that can learn something.",
        unit="neurons",
    )
    activation: Annotated[str, Choice(tuple(ACTIVATIONS))] = parameter(
        "sigmoid", f"What a hidden neuron does with its weighted input z. {_help(ACTIVATIONS.values())}"
    )
    output: Annotated[str, Choice(tuple(OUTPUTS))] = parameter(
        "sigmoid", f"What the output neurons do: {', '.join(output.help for output in OUTPUTS.values())}."
    )
    cost: Annotated[str, Choice(tuple(COST_FUNCTIONS))] = parameter(
        "cross-entropy", f"What training makes small. {' '.join(COST_FUNCTIONS.values())}"
    )
    precision: Literal["float32", "float64"] = parameter(
        "float32",
        "How numbers are kept. float32 is about twice as fast; float64 is for comparing with other programs.",
    )


class InitializationSection(Section):
    """The first weights and biases, before any training."""

    weights: Annotated[str, Choice(tuple(WEIGHTS))] = parameter(
        "scaled", f"How first weights are drawn. {_help(WEIGHTS.values())}"
    )
    biases: Annotated[str, Choice(tuple(BIASES))] = parameter(
        "standard",
        f"How first biases are drawn. {_help(BIASES.values())} It matters little as long as nothing saturates.",
    )
    gain: float = parameter(
        1.0,
        "Every drawn weight is multiplied by this. For 'constant' it is the weight itself.",
        ge=-1e6,
        le=1e6,
    )
    seed: int = parameter(
        0,
        "Where luck begins: the same seed gives the same first weights and the same order of examples.",
        ge=0,
        le=2**32 - 1,
    )
    seeds: int = parameter(
        1,
        "How many networks to train side by side, with seeds seed, seed + 1, … Three or more show how much "
        "is luck, as a band around the curve.",
        unit="networks",
        ge=1,
        le=1000,
    )


class ScheduleSection(Section):
    """How η changes while training goes on."""

    rule: Annotated[str, Choice(tuple(SCHEDULES))] = parameter(
        "halve-on-plateau", f"How η falls. {' '.join(filter(None, SCHEDULES.values()))}"
    )
    warm_up: int = parameter(
        0,
        "Epochs during which η first rises from near 0 to its value, step by step: against large steps while the "
        "first gradients are still wild. Given without a rule, η stays constant afterwards.",
        unit="epochs",
        ge=0,
        le=1_000_000,
    )
    every: int = parameter(
        10, "With the rule step: epochs after which η is divided by factor.", unit="epochs", ge=1, le=1_000_000
    )
    factor: float = parameter(2.0, "With the rule step: what η is divided by.", gt=1, le=1e12)
    patience: int = parameter(
        10, "Epochs without a better validation metric before η is cut.", unit="epochs", ge=1, le=1_000_000
    )
    stop_at: float = parameter(
        1024.0,
        "By what factor η falls. With cosine and linear it has fallen so far at the last epoch; with the others "
        "training ends when it has, and that last level is not itself trained.",
        gt=1,
        le=1e12,
    )

    @model_validator(mode="before")
    @classmethod
    def _warm_up_alone(cls, values: Any) -> Any:
        """A warm-up on its own says nothing of a fall."""
        falls = {"rule", "patience", "stop_at", "every", "factor"}
        if isinstance(values, dict) and "warm_up" in values and not falls & values.keys():
            return values | {"rule": "constant"}
        return values


class EarlyStoppingSection(Section):
    """When to stop because the validation metric no longer improves."""

    patience: int = parameter(
        10,
        "Stop after this many epochs without a better validation metric: the accuracy, of unequal classes the balanced "
        "one, of numbers R². Networks pause and go on: be more lenient once other things are settled.",
        unit="epochs",
        ge=1,
        le=1_000_000,
    )


class BookSection(Section):
    """Train exactly as Nielsen's program network2.py does, so that the numbers are those of the book's figures.

    Its random streams, order of examples, pixels of value/256 and way of counting λ; network.precision must be float64.
    """

    networks_before: int = parameter(
        0,
        "Networks that the book's script had drawn from the same random numbers before this one: it seeds once and "
        "then trains one after the other, and its large weights are a second draw.",
        unit="networks",
        ge=0,
        le=1000,
    )
    epochs_before: int = parameter(
        0,
        "Epochs that the script had trained before: the list of examples is shuffled further and further, and "
        "stays as it is between networks.",
        unit="epochs",
        ge=0,
        le=1000,
    )
    added: Literal["forwards", "backwards"] = parameter(
        "forwards",
        "In which order the gradients of a mini-batch are added. To mathematics it is the same, to rounding it isn't: "
        "two arms that differ only here show how fast rounding grows.",
    )


class TrainingSection(Section):
    """The hyper-parameters of mini-batch gradient descent."""

    eta: float = parameter(
        0.5,
        "The learning rate η: how far each step goes down the slope. Too small takes for ever; too large "
        "overshoots, so that the cost oscillates or rises.",
        symbol="η",
        gt=0,
        le=1e6,
    )
    lmbda: float = parameter(
        0.0,
        "The regularization λ in C = C₀ + λ/2n Σ w²: it holds weights small, against overfitting. What counts is "
        "λ/n, so a smaller training set wants a smaller λ.",
        symbol="λ",
        alias="lambda",
        ge=0,
        le=1e9,
    )
    mini_batch: int = parameter(
        10,
        "Examples in a mini-batch, m: after each the weights move once. Too small wastes fast matrix arithmetic, too "
        "large updates too rarely.",
        symbol="m",
        unit="examples",
        ge=1,
    )
    epochs: int = parameter(
        30,
        "How often training goes through all examples, at most.",
        unit="epochs",
        ge=1,
        le=1_000_000,
    )
    monitor_every: Literal["epoch"] | Annotated[int, Field(ge=1)] = parameter(
        "epoch",
        'How often to measure: "epoch", or a number of training examples such as 1000. Measuring often gives '
        "feedback sooner and costs time.",
        unit="examples",
    )
    optimizer: Annotated[str, Choice(tuple(OPTIMIZERS))] = parameter(
        "sgd", f"How a gradient moves the weights. {' '.join(OPTIMIZERS.values())}"
    )
    momentum: float = parameter(
        0.0,
        "With sgd: the share μ of its velocity that a step keeps. In the long run a step is η/(1 − μ), so at 0.9 take "
        "about a tenth of the η that was right without it.",
        symbol="μ",
        ge=0,
        lt=1,
    )
    nesterov: bool = parameter(False, "With momentum: step along the velocity as it will be (Nesterov's form).")
    beta1: float = parameter(
        0.9, "With adam: the share that the running mean of gradients keeps at a step.", symbol="β₁", ge=0, lt=1
    )
    beta2: float = parameter(
        0.999, "With adam: the share that the running mean of squares keeps at a step.", symbol="β₂", ge=0, lt=1
    )
    epsilon: float = parameter(
        1e-8, "With adam: added to the root of the mean square, against dividing by 0.", symbol="ε", gt=0, le=1.0
    )
    l1: float = parameter(
        0.0,
        "The regularization l1 in C = … + l1/n Σ |w|: it makes many weights nearly 0, and leaves the large ones.",
        ge=0,
        le=1e9,
    )
    dropout: float = parameter(
        0.0,
        "The share of hidden neurons that each step leaves out, others for every example: against overfitting. What "
        "stays counts more in proportion; nothing is left out where the network is judged.",
        ge=0,
        lt=1,
    )
    clip_norm: float = parameter(
        0.0,
        "The largest norm that a mini-batch's gradient may have; a longer one is scaled to it. 0 is no limit.",
        ge=0,
        le=1e12,
    )
    schedule: ScheduleSection | None = parameter(None, "How η falls while training goes on; a constant η if left out.")
    early_stopping: EarlyStoppingSection | None = parameter(
        None, "Stop when the validation metric no longer improves; train all epochs if left out."
    )
    book: BookSection | None = parameter(
        None, "Follow the book's program exactly, in every random number; tunelab's own way if left out."
    )

    @model_validator(mode="after")
    def _optimizer_takes_its_numbers(self) -> TrainingSection:
        if self.optimizer != "sgd" and self.momentum:
            raise ValueError(
                f"training.momentum: {self.optimizer} has its own, training.beta1; leave momentum out, or use "
                'training.optimizer = "sgd"'
            )
        if self.nesterov and not self.momentum:
            without = "adam has no momentum" if self.optimizer != "sgd" else "there is no momentum"
            raise ValueError(
                f"training.nesterov: {without} whose form it could be; set training.momentum, such as 0.9 with sgd"
            )
        return self

    @model_validator(mode="after")
    def _warm_up_ends(self) -> TrainingSection:
        if self.schedule is not None and self.schedule.warm_up > self.epochs:
            raise ValueError(
                f"training.schedule.warm_up: {self.schedule.warm_up:,} epochs are longer than the training of "
                f"{self.epochs:,} (training.epochs); use at most {self.epochs:,}"
            )
        return self


class Experiment(Section):
    """Everything that decides what a training does: data, network, first weights, hyper-parameters. Frozen.

    Each section takes plain values by the names that preset files use; what is left out keeps its default, and a key
    that isn't declared is an error. ``Experiment()`` is a small network on drawn digits. What every key means, its
    unit and its range: ``tunelab schema``.

        >>> experiment = Experiment(network={"hidden": [100]}, training={"eta": 0.5, "lambda": 1.0})
        >>> experiment
        Experiment(network={'hidden': [100]}, training={'lambda': 1.0})
        >>> experiment.training.eta, experiment.training.mini_batch, experiment.seeds
        (0.5, 10, [0])
        >>> experiment.changed({"training.eta": 0.1, "initialization.seeds": 3}).seeds
        [0, 1, 2]

    Raises ``pydantic.ValidationError`` (a ValueError) where a value won't do; :meth:`changed` and presets raise
    :class:`tunelab.BadInput` with one sentence.
    """

    data: DataSection = Field(default_factory=DataSection, description="What is learnt from.")
    network: NetworkSection = Field(
        default_factory=NetworkSection, description="The network's shape, neurons and cost."
    )
    initialization: InitializationSection = Field(
        default_factory=InitializationSection, description="The first weights and biases."
    )
    training: TrainingSection = Field(default_factory=TrainingSection, description="The hyper-parameters of training.")

    @model_validator(mode="after")
    def _cost_fits_output(self) -> Experiment:
        pair = (self.network.output, self.network.cost)
        if pair not in COSTS:
            fitting = ", ".join(cost for output, cost in COSTS if output == pair[0])
            raise ValueError(
                f"network.cost: {pair[1]} can't judge {pair[0]} outputs, which aren't probabilities; "
                f'with network.output = "{pair[0]}" use {fitting}'
            )
        return self

    @model_validator(mode="after")
    def _as_the_book_can(self) -> Experiment:
        if self.training.book is None:
            return self
        known: dict[str, tuple[object, tuple[object, ...]]] = {
            "data.class_weights": (self.data.class_weights, ("none",)),
            "network.precision": (self.network.precision, ("float64",)),
            "network.activation": (self.network.activation, ("sigmoid",)),
            "network.output": (self.network.output, ("sigmoid",)),
            "network.cost": (self.network.cost, ("cross-entropy", "quadratic")),
            "initialization.weights": (self.initialization.weights, ("scaled", "standard")),
            "initialization.biases": (self.initialization.biases, ("standard",)),
            "initialization.gain": (self.initialization.gain, (1.0,)),
            "training.optimizer": (self.training.optimizer, ("sgd",)),
            "training.momentum": (self.training.momentum, (0.0,)),
            "training.l1": (self.training.l1, (0.0,)),
            "training.dropout": (self.training.dropout, (0.0,)),
            "training.clip_norm": (self.training.clip_norm, (0.0,)),
        }
        for key, (value, possible) in known.items():
            if value not in possible:
                right = " or ".join(f"{one:g}" if isinstance(one, float) else f'"{one}"' for one in possible)
                raise ValueError(f"{key}: the book's program knows no {value}; with training.book use {key} = {right}")
        return self

    @property
    def seeds(self) -> list[int]:
        """The seed of every replicate."""
        return [self.initialization.seed + r for r in range(self.initialization.seeds)]

    def to_dict(self) -> dict[str, Any]:
        """Plain values by the names that files use, without what is left out: fit for TOML and JSON.

        Keys that came after the first format are left out at their defaults, so that an older record's experiment
        is still the same one (its checkpoints hold a fingerprint of these values).
        """
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        for key in _LATER_KEYS:
            *sections, name = key.split(".")
            section, table = reduce(getattr, sections, self), reduce(lambda t, s: t.get(s, {}), sections, tables)
            if section is not None:
                field = type(section).model_fields[name]
                if table.get(name) == field.get_default(call_default_factory=True):
                    del table[name]
        return tables

    def changed(self, values: Mapping[str, Any]) -> Experiment:
        """Return a copy with some dotted keys changed, such as ``training.eta``; None leaves a key out.

        Raises :class:`tunelab.BadInput` where there is no such key, or a value won't do.

            >>> Experiment().changed({"training.eta": 0.1, "data.classes": [0, 1]})
            Experiment(data={'classes': [0, 1]}, training={'eta': 0.1})
            >>> Experiment().changed({"training.eta": -1})
            Traceback (most recent call last):
            tunelab.errors.BadInput: experiment: training.eta must be greater than 0, is -1
        """
        spelled = {"training.lambda" if key == "training.lmbda" else key: value for key, value in values.items()}
        # What nobody has set stays unset: the data may choose it (tunelab.experiment.fitting)
        tables = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
        return checked(Experiment, placed(tables, spelled), "experiment")

    def __repr__(self) -> str:
        """The call that makes it: what isn't the default, section by section."""
        sections = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return f"{type(self).__name__}({', '.join(f'{name}={values}' for name, values in sections.items() if values)})"

    __str__ = __repr__
