"""The sweep's screen: begun from the form, followed, stopped and gone on with; a trial opened in the lab."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from screens import Lab, driven, opened
from small_runs import little_data
from test_sweep import plan_of, preset, swept
from textual.widgets import Input, OptionList, Static
from tunelab.sweeps import find, open_study
from tunelab.sweeps.background_sweep import BackgroundSweep
from tunelab.tui.screens.parameter_editor import ParameterEditor
from tunelab.tui.screens.sweep import SweepScreen
from tunelab.tui.state.sweep_view import SweepView

__all__ = ["preset"]


def little(tmp_path: Path, epochs: int = 2) -> str:
    data = little_data(tmp_path)
    return f'[data]\nname = "{data}"\n[network]\nhidden = [5]\n[training]\nepochs = {epochs}\n'


def sweep_of(lab: Lab) -> SweepView:
    view = lab.state.sweep
    assert view is not None
    return view


def shown(lab: Lab) -> bool:
    """Whether the screen shows a table that has been read to its end."""
    view = lab.state.sweep
    screen = lab.app.screen
    if not isinstance(screen, SweepScreen) or view is None or view.table is None or view.running:
        return False
    return f"{view.table.ended}/{view.table.plan.trials} trials" in lab.picture and "running" not in lab.picture


async def asked(lab: Lab, text: str) -> None:
    """Press g, or n, until the question is there; answer it."""
    await lab.until(lambda: isinstance(lab.app.screen, ParameterEditor))
    lab.app.screen.query_one(Input).focus()
    await lab.type(text)
    await lab.press("enter")


@driven
async def test_a_sweep_is_begun_from_the_form_and_a_trial_opens_in_the_lab(tmp_path: Path) -> None:
    async with opened(little(tmp_path)) as lab:
        await lab.press("g")
        await asked(lab, "eta = 0.1, 1; lambda = 0; bogus = 3")
        assert "there is no parameter 'bogus'" in lab.picture
        await asked(lab, "eta = 0.1, 1; lambda = 0, 1; seeds = 2")
        await lab.until(lambda: shown(lab))
        assert "✓ done  4/4 trials × 2 seeds" in lab.picture
        assert "λ up, η across" in lab.picture
        assert "Best: trial" in str(lab.app.screen.query_one("#sweep-sentences", Static).content)
        table = sweep_of(lab).table
        assert table is not None
        assert table.best is not None
        trials = lab.app.screen.query_one("#trials", OptionList)
        assert trials.option_count == 4
        trials.focus()
        await lab.press("enter")
        await lab.until(lambda: lab.app.screen is lab.lab and lab.state.view is not None)
        assert lab.state.draft.base.training.eta == table.best.params["training.eta"]
        assert lab.state.view is not None
        assert lab.state.view.arms[0].latest["evaluation_accuracy"] == table.best.value


class Running:
    """Stands for a process that sweeps."""

    running = True

    def stop(self) -> None:
        """Stop at once."""
        self.running = False

    def problem(self) -> str:
        """What it left behind."""
        return "a worker has run out of memory"


@driven
async def test_s_stops_a_sweep_and_what_went_wrong_is_said(preset: Path) -> None:
    record = open_study("s", plan_of(preset, "eta=0.1,0.5"))
    async with opened(preset.read_text("utf-8")) as lab:
        lab.state.sweep = SweepView(record, cast(BackgroundSweep, Running()))
        await lab.press("g")
        await lab.until(lambda: "● running  0/2 trials" in lab.picture)
        await lab.press("n")
        assert "A sweep is running" in lab.notifications
        await lab.press("s")
        await lab.until(lambda: "■ stopped" in lab.picture)
        await lab.until(lambda: "a worker has run out of memory" in lab.notifications)


@driven
async def test_leaving_the_lab_leaves_a_whole_study(tmp_path: Path) -> None:
    async with opened(little(tmp_path, epochs=100)) as lab:
        await lab.press("g")
        await asked(lab, "eta = log:0.1..1; trials = 400")
        await lab.until(lambda: lab.state.sweep and lab.state.sweep.table and lab.state.sweep.table.ended)
        assert "● running" in lab.picture
    process = sweep_of(lab).process
    assert process is not None
    process.wait()
    assert process.problem() is None
    states = {row.state for row in find(sweep_of(lab).name).rows()}
    assert states <= {"complete", "waiting"}


@driven
async def test_an_old_study_is_looked_at_in_any_size(preset: Path) -> None:
    swept("old", plan_of(preset, "eta=0.1,0.5,2", "lambda=0,1", epochs=4))
    async with opened(preset.read_text("utf-8"), size=(80, 24)) as lab:
        await lab.press("g")
        await lab.until(lambda: shown(lab))
        assert "λ up, η across" in lab.picture
        await lab.press("v")
        assert "Accuracy in % by η" in lab.picture
        await lab.press("v")
        assert "Accuracy in % by λ" in lab.picture
        await lab.press("2")
        assert "trials as they ended" in lab.picture
        await lab.press("3")
        assert "best first" in lab.picture
        assert "★" in lab.picture
        await lab.press("o")
        assert "newest first" in lab.picture
        await lab.press("4")
        assert "6 trials trained to their end." in lab.picture
        await lab.press("b")
        await lab.until(lambda: "old" in lab.picture and "training.eta=0.1,0.5,2" in lab.picture)
        await lab.press("escape", "escape")
        assert lab.app.screen is lab.lab
