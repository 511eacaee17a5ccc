"""What the scripts for all libraries have in common: settings, data, first parameters, the loop over epochs."""

from __future__ import annotations

from textwrap import indent

from tunelab.costs import COSTS
from tunelab.initialization import BIASES, WEIGHTS
from tunelab.snippets.recipe import Recipe
from tunelab.snippets.schedules import eta_moves, factor_function, plateau_rules
from tunelab.wording import quantity

__all__ = ["ANSWERED", "after", "before"]

ANSWERED = "z of the outputs: the largest z is the largest answer."

_HEAD = '''"""{title}

The network of this tunelab experiment in {library}, written by `tunelab snippet`. Its data:

    {export}
    python THIS_SCRIPT.py DATA.npz [--seed K] [--parameters OUT.npz]

With a seed it begins with the parameters that tunelab draws for that seed, and visits the examples in the same order.
{notes}"""

'''

_SETTINGS = """
SIZES = {sizes}
TRAIN, EVALUATION = {train}, {evaluation}  # the first examples of each part
{targets}
ETA, LAMBDA, M, EPOCHS = {eta!r}, {lmbda!r}, {m}, {epochs}
{more}DTYPE = np.{dtype}
"""

_EXAMPLES = '''

def examples(path):
    """Training and validation examples: inputs as the network sees them, and the outputs wanted."""
    parts = []
    with np.load(path, allow_pickle=False) as file:
        for part, count in (("train", TRAIN), ("validation", EVALUATION)):
            x, y = file[f"x_{{part}}"], file[f"y_{{part}}"]
{chosen}
            scale = 1 / 255 if x.dtype == np.uint8 else 1.0
            parts.append((x.reshape(len(x), -1).astype(DTYPE) * DTYPE(scale), wanted))
    return parts
'''

_CHOSEN = """\
            rows = np.flatnonzero(np.isin(y, CLASSES))[:count]
            x, positions = x[rows], [CLASSES.index(label) for label in y[rows].tolist()]
            wanted = {wanted}[positions]"""
_NUMBERS = """\
            x, wanted = x[:count], y[:count].reshape(len(x[:count]), -1).astype(DTYPE)"""

_FIRST = '''

def first_parameters(seed):
    """(weights, biases) of every layer, (fan_in, fan_out) and (fan_out,)."""
    layers = []
    for layer, (fan_in, fan_out) in enumerate(zip(SIZES[:-1], SIZES[1:])):
        rng = np.random.default_rng([seed, 0, layer])
{weights}
        rng = np.random.default_rng([seed, 1, layer])
{biases}
        layers.append(({gain}weights.astype(DTYPE), biases.astype(DTYPE)))
    return layers
'''

_MAIN = '''

def right(answers, wanted):
    """How many answers are right."""
    return int({right}.sum())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", default="DATA.npz")
    parser.add_argument("--seed", type=int, default={seed})
    parser.add_argument("--parameters", help="an .npz to write the trained weights and biases to")
    asked = parser.parse_args()
    (x, y), (x_validation, y_validation) = examples(asked.data)
    network = build(first_parameters(asked.seed){also})
    eta = ETA
{begin}    for epoch in range(1, EPOCHS + 1):
        order = np.random.default_rng([asked.seed, 2, epoch - 1]).permutation(len(x))
        train(network, x[order], y[order], {eta}{masks})
        correct = right(answer(network, x_validation), y_validation)
        accuracy = correct / len(x_validation)
        print(f"Epoch {{epoch}}  {{correct}} / {{len(x_validation)}}  accuracy {{accuracy:.4f}}", flush=True)
{rules}    if asked.parameters:
        found = {{}}
        for layer, (weights, biases) in enumerate(parameters(network)):
            found |= {{f"weights_{{layer}}": weights, f"biases_{{layer}}": biases}}
        np.savez(asked.parameters, **found)


if __name__ == "__main__":
    main()
'''

_STOP = """\
        if accuracy > stop_best:
            stop_best, stop_since = accuracy, epoch
        if epoch - stop_since >= {patience}:  # early stopping
            break
"""


def before(r: Recipe, library: str, imports: str, notes: list[str]) -> str:
    """The beginning of a script: what it is, its settings, its data and first parameters.

    ``notes`` are sentences about what can't be carried over; those that hold for every library are added.
    """
    e = r.experiment
    t, first = e.training, e.initialization
    notes = [*notes, *_everywhere(r)]
    differences = "\nWhat is not the same as in tunelab:\n" + "\n".join(f"- {note}" for note in notes) + "\n"
    targets = f"CLASSES = {list(r.classes)!r}" if r.classes else f"TOLERANCE = {r.tolerance!r}  # of a right answer"
    return "".join(
        [
            _HEAD.format(
                title=_plain(r.title), library=library, export=_in_docstring(r.export_command), notes=differences
            ),
            f"import argparse\n{imports}",
            _SETTINGS.format(
                sizes=list(r.sizes),
                train=r.train,
                evaluation=r.evaluation,
                targets=targets,
                eta=t.eta,
                lmbda=t.lmbda,
                m=t.mini_batch,
                epochs=t.epochs,
                more=_more(r),
                dtype=e.network.precision,
            ),
            _EXAMPLES.format(chosen=_chosen(r)),
            _FIRST.format(
                weights=indent(WEIGHTS[first.weights].code, " " * 8),
                biases=indent(_of_biases(BIASES[first.biases].code), " " * 8),
                gain="" if first.gain == 1 else f"{first.gain!r} * ",
            ),
        ]
    )


def _more(r: Recipe) -> str:
    """The settings that are there only where they are used, a line each."""
    t = r.experiment.training
    used = {"MOMENTUM": t.momentum, "L1": t.l1, "CLIP_NORM": t.clip_norm, "DROPOUT": r.dropout}
    lines = [f"{name} = {value!r}\n" for name, value in used.items() if value]
    if t.optimizer == "adam":
        lines.append(f"BETAS, EPSILON = ({t.beta1!r}, {t.beta2!r}), {t.epsilon!r}\n")
    return "".join(lines)


def _chosen(r: Recipe) -> str:
    if r.classes is None:
        return _NUMBERS
    other = COSTS[r.experiment.network.output, r.experiment.network.cost].other
    one_hot = "np.eye(len(CLASSES), dtype=DTYPE)"
    return _CHOSEN.format(wanted=f"({1 - other:g} * {one_hot} {other:+g})" if other else one_hot)


def after(r: Recipe, also: str = "") -> str:
    """The end of a script: the epochs, what is printed, the schedule and when to stop.

    ``also`` are further arguments of its ``build``.
    """
    t = r.experiment.training
    begin = rules = ""
    if t.early_stopping:
        begin += "    stop_best, stop_since = -1.0, 0\n"
        rules += _STOP.format(patience=t.early_stopping.patience)
    at_first, at_end = plateau_rules(t)
    begin, rules = begin + at_first, rules + at_end
    steps = -(-r.train // t.mini_batch)
    moving = f"[eta * factor(step) for step in range({steps} * (epoch - 1), {steps} * epoch)]"
    judged = "(answers.argmax(axis=1) == wanted.argmax(axis=1))"
    return factor_function(r) + _MAIN.format(
        eta=moving if eta_moves(t) else "eta",
        masks=", np.random.default_rng([asked.seed, 3, epoch - 1])" if r.dropout else "",
        right=judged if r.classes else "(np.abs(answers - wanted) <= TOLERANCE).all(axis=1)",
        seed=r.experiment.initialization.seed,
        also=also,
        begin=begin,
        rules=rules,
    )


def _everywhere(r: Recipe) -> list[str]:
    e = r.experiment
    notes = ["tunelab stops a training whose numbers are no longer finite; this script continues."]
    if e.network.precision == "float32":
        notes.append("Sums are rounded in another order: with float32 the weights drift apart by rounding.")
    if e.initialization.seeds > 1:
        notes.append(
            f"tunelab trains {quantity(e.initialization.seeds, 'seed')} side by side; here one, --seed K takes another."
        )
    if e.training.monitor_every != "epoch":
        notes.append(
            f"tunelab measures (and decides) every {quantity(e.training.monitor_every, 'example')}; here once an epoch."
        )
    if e.data.class_weights == "balanced":
        notes.append("tunelab weighs the classes alike (data.class_weights); here every example counts the same.")
    return notes


def _of_biases(code: str) -> str:
    """The same draw for a layer's biases, (fan_out,)."""
    return code.replace("weights", "biases").replace("(fan_in, fan_out)", "fan_out")


def _in_docstring(command: str) -> str:
    """A command as it stands, in a docstring."""
    return command.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')


def _plain(text: str) -> str:
    """A text that can stand in a docstring."""
    return text.replace("\\", "/").replace('"', "'")
