"""The lines of a script that change η: at every mini-batch, where an epoch begins, or when the metric stalls."""

from __future__ import annotations

from tunelab.experiment.declaration import TrainingSection
from tunelab.snippets.recipe import Recipe

__all__ = ["eta_changes", "eta_moves", "factor_function", "plateau_rules"]

_FACTOR = '''

def factor(step):
    """What η is multiplied by for the mini-batch that follows so many others."""
{lines}
'''

_FALL = """\
    share = min(max((step - {first}) / {length}, 0.0), 1.0)  # of the fall, done
    fall = 1 / {stop_at!r} + (1 - 1 / {stop_at!r}) * {shape}
"""
_SHAPES = {"cosine": "(1 + np.cos(np.pi * share)) / 2", "linear": "(1 - share)"}
_STALL = """\
        if {after}accuracy > cut_best:
            cut_best, cut_since = accuracy, epoch
        if {after}epoch - cut_since >= {patience}:  # the validation accuracy has stalled: a smaller step
            eta, cut_since = eta / {factor}, epoch
        if ETA / eta >= {stop_at!r}:
            break
"""
_STAIRS_END = """\
        if {factor!r} ** (epoch // {every}) >= {stop_at!r}:  # η has fallen far enough
            break
"""
_FACTORS = {"halve-on-plateau": 2, "divide-by-ten-on-plateau": 10}


def eta_moves(training: TrainingSection) -> bool:
    """Return whether η depends on how many mini-batches there were."""
    schedule = training.schedule
    return schedule is not None and (schedule.warm_up > 0 or schedule.rule in {*_SHAPES, "step"})


def eta_changes(training: TrainingSection) -> bool:
    """Return whether η changes at all."""
    return training.schedule is not None and (training.schedule.rule != "constant" or training.schedule.warm_up > 0)


def factor_function(r: Recipe) -> str:
    """The function that says what η is multiplied by at a step; nothing where it doesn't depend on the step."""
    training = r.experiment.training
    schedule = training.schedule
    if schedule is None or not eta_moves(training):
        return ""
    steps = -(-r.train // training.mini_batch)
    warm_up = schedule.warm_up * steps
    lines = "    fall = 1.0\n"
    if schedule.rule in _SHAPES:
        length = max(training.epochs * steps - warm_up, 1)
        lines = _FALL.format(first=warm_up, length=length, stop_at=schedule.stop_at, shape=_SHAPES[schedule.rule])
    elif schedule.rule == "step":
        lines = f"    fall = {schedule.factor!r} ** -(step // {steps * schedule.every})\n"
    rise = f" / max({warm_up} / (step + 1), 1.0)" if warm_up else ""
    return _FACTOR.format(lines=f"{lines}    return fall{rise}")


def plateau_rules(training: TrainingSection) -> tuple[str, str]:
    """What stands before the loop over epochs, and at an epoch's end, where the metric or the epoch decides."""
    schedule = training.schedule
    if schedule is None:
        return "", ""
    if schedule.rule == "step":
        return "", _STAIRS_END.format(factor=schedule.factor, every=schedule.every, stop_at=schedule.stop_at)
    if schedule.rule not in _FACTORS:
        return "", ""
    return "    cut_best, cut_since = -1.0, 0\n", _STALL.format(
        after=f"epoch > {schedule.warm_up} and " if schedule.warm_up else "",
        patience=schedule.patience,
        factor=_FACTORS[schedule.rule],
        stop_at=schedule.stop_at,
    )
