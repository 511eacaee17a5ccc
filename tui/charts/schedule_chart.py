"""The course of η as schedules plan it, before anything is trained."""

from __future__ import annotations

from collections.abc import Sequence

from tunelab.experiment import Arm
from tunelab.experiment.assembly import planned_eta
from tunelab.experiment.declaration import TrainingSection
from tunelab.tui.charts.spec import Axis, ChartSpec, Series

__all__ = ["planned_chart", "varies"]


def varies(training: TrainingSection) -> bool:
    """Return whether η is planned to change: by a rule, or by a warm-up."""
    schedule = training.schedule
    return schedule is not None and (schedule.rule != "constant" or schedule.warm_up > 0)


def planned_chart(arms: Sequence[Arm], n: int) -> ChartSpec | None:
    """Return the planned η of each arm over the epochs of training on ``n`` examples.

    None where every arm's η is constant. Arms of one course share a curve.
    """
    trainings = {arm.name: arm.experiment.training for arm in arms}
    if not any(map(varies, trainings.values())):
        return None
    courses: dict[tuple[object, ...], tuple[str, TrainingSection]] = {}
    for name, t in trainings.items():
        courses.setdefault((t.eta, t.epochs, t.mini_batch, t.schedule), (name, t))
    series = []
    for number, (name, training) in enumerate(courses.values()):
        epochs, eta = planned_eta(training, n)
        series.append(Series(epochs, eta, name if len(courses) > 1 else "", number))
    waits = any(t.schedule is not None and "plateau" in t.schedule.rule for t in trainings.values())
    last = max(training.epochs for training in trainings.values())
    return ChartSpec(
        "Planned η" + (" (held until it stalls)" if waits else ""),
        Axis("epoch", (0.0, float(last)), whole=last >= 2),
        Axis("η", (0.0, 1.05 * max(float(one.y.max()) for one in series))),
        tuple(series),
    )
