"""From curves to verdicts: causes in the order in which they must be put right, none contradicting another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tunelab.diagnosis.causes import rank
from tunelab.diagnosis.curves import Curves, finite_curves
from tunelab.diagnosis.preflight import preflight
from tunelab.diagnosis.symptoms import failure, improvement, improvement_text, oscillates, progress, rises
from tunelab.diagnosis.training_causes import TRAINING_CAUSES
from tunelab.diagnosis.verdict import CERTAIN, POSSIBLE, Verdict

__all__ = ["rank_verdicts", "verdicts"]

_LEARNT = 0.1  # share of the constant answer's cost below which a bad start holds nothing up
_HARDLY = 0.6  # share of the constant answer's cost: below, a cost that no longer falls has learnt what it can
_BY_HEART = 0.05  # gap between training and evaluation accuracy, less two errors
_SLOW = {"mini-batch-too-large", "always-clipped", "warm-up-too-long", "eta-too-small", "too-few-epochs"}
"""Of all of them: not done yet."""
_PATIENCE = {"too-little-capacity", "too-few-examples", "overfitting", "too-few-epochs"}
_BY_HEART_ONLY = {"no-signal", "overfitting"}  # both: nothing of what is learnt carries over
_TELLING = {"diverged", "constant"}  # symptoms that name a verdict whatever its cause is
_GROUPS = (
    {"one-class", "classes-missing", "labels-disagree", "no-signal", "unequal-classes"},
    {"inputs-unscaled", "targets-unscaled"},
    {"output-cost-mismatch"},
    {"identical-neurons", "saturated-start", "weights-too-large", "vanishing-gradient"},
)
"""Causes that leave nothing else to be judged until they are put right."""


def verdicts(curves: Curves) -> list[Verdict]:
    """What the curves show, the most important first; never empty."""
    if len(curves.epoch) == 0:
        return [Verdict("nothing-yet", "Nothing is measured yet.")]
    c = finite_curves(curves)
    failing = failure(c)
    known = [verdict for verdict in preflight(c.setting, c.facts, c.first) if verdict.cause]
    if failing is None:
        known = [verdict for verdict in known if _shows(verdict, c)]
    causes = rank_verdicts([*known, *(verdict for rule in TRAINING_CAUSES if (verdict := rule(c)) is not None)])
    if failing is None:
        restless = rises(c) or oscillates(c) if not c.progress < _HARDLY else None
        return causes or [restless or _healthy(c)]
    if not causes:
        unknown = "None of the causes that are known fits."
        return [replace(failing, why=unknown, advice="tunelab diagnose --try tells causes apart by experiments.")]
    first = causes[0]
    same = failing.code == first.code or (failing.code == "chance" and first.cause in _GROUPS[0])
    observation = first.observation if same else f"{failing.observation} {first.observation}"
    code = failing.code if failing.code in _TELLING else first.code
    evidence = {"symptom": failing.code} | failing.evidence | first.evidence
    joined = replace(first, code=code, observation=observation.strip(), evidence=evidence)
    return [joined, *causes[1:]]


def _healthy(c: Curves) -> Verdict:
    gain = improvement(c) if c.ended else None
    if gain is None:
        return progress(c)
    return Verdict("still-improving", improvement_text(c, *gain), evidence={"gained": gain[0]})


def _shows(verdict: Verdict, c: Curves) -> bool:
    """Whether something known before training has done harm that shows, where the training learns all the same."""
    if verdict.cause in {"classes-missing", "one-class", "identical-neurons", "output-cost-mismatch"}:
        return True
    if verdict.cause == "mini-batch-too-large":
        return False  # the curves tell
    harmed = c.progress > _LEARNT or c.behind_neighbours > 0 or c.behind_on_evaluation > 0
    by_heart = c.gap - 2 * c.gap_error > _BY_HEART  # large first weights learn examples and not what they share
    return bool(harmed or (by_heart and verdict.cause in {"saturated-start", "weights-too-large"}))


def rank_verdicts(candidates: Iterable[Verdict]) -> list[Verdict]:
    """Verdicts by the order of their causes, one a cause; no two cures change the same parameter.

    Behind a cause that leaves nothing else to be judged only what is certain as well is said. Of causes with the same
    evidence the first is kept, and names the others.
    """
    candidates = list(candidates)
    if any(_GROUPS[0].isdisjoint({v.cause}) and v.cause not in _PATIENCE for v in candidates):
        # Whatever stops learning leaves the answer at the frequent class: that is a symptom then
        candidates = [verdict for verdict in candidates if verdict.cause != "unequal-classes"]
    ranking: list[Verdict] = []
    changed: set[str] = set()
    blocking = len(_GROUPS)
    for verdict in sorted(candidates, key=lambda v: rank(v.cause)):
        if any(verdict.cause == other.cause for other in ranking):
            continue
        group = next((place for place, causes in enumerate(_GROUPS) if verdict.cause in causes), len(_GROUPS))
        if group > blocking and verdict.certainty != CERTAIN and not _alike(ranking[0].cause, verdict.cause):
            continue
        if ranking and verdict.certainty == POSSIBLE:
            continue
        alike = next((place for place, other in enumerate(ranking) if _alike(other.cause, verdict.cause)), None)
        if alike is not None:
            ranking[alike] = _with_alternative(ranking[alike], verdict)
            continue
        keys = set(verdict.cure or ())
        if keys & changed:
            continue
        ranking.append(verdict)
        changed |= keys
        blocking = min(blocking, group)
    return ranking


def _alike(one: str, other: str) -> bool:
    """Whether two causes leave the same evidence, as far as it goes."""
    return {one, other} <= _SLOW or {one, other} == _BY_HEART_ONLY


def _with_alternative(verdict: Verdict, other: Verdict) -> Verdict:
    """A verdict that says which cause would look the same, and how to tell them apart."""
    also = [*verdict.evidence.get("also", []), other.cause]
    why = f"{verdict.why} {other.title} would look much the same: --try tells."
    return replace(verdict, why=why, evidence=verdict.evidence | {"also": also})
