"""What the mouse does: tabs, arms in a legend, rows of lists, cells of the sweep's map."""

from __future__ import annotations

from pathlib import Path

from screens import Lab, driven, opened, written_run
from test_sweep import plan_of, preset, swept
from textual.widgets import OptionList
from tunelab.experiment.preset import find
from tunelab.tui.screens.sweep import SweepScreen
from tunelab.tui.state.draft import Draft
from tunelab.tui.state.run_view import RunView
from tunelab.tui.widgets.chart import Chart

__all__ = ["preset"]


def place_of(lab: Lab, text: str) -> tuple[int, int]:
    """Where a text stands on the screen."""
    for y, line in enumerate(lab.picture.splitlines()):
        if (x := line.find(text)) >= 0:
            return x, y
    raise AssertionError(f"{text} isn't on the screen")


async def clicked(lab: Lab, text: str) -> None:
    await lab.pilot.click(offset=place_of(lab, text))
    await lab.pilot.pause()


@driven
async def test_a_click_on_an_arms_label_brings_it_to_the_front() -> None:
    run = written_run()
    async with opened(draft=Draft(run.preset)) as lab:
        lab.lab.look_at(RunView(run))
        await lab.pilot.pause()
        cost = lab.lab.query_one("#cost", Chart)
        assert cost.spec.focus == "old: N(0, 1)"
        await clicked(lab, "new: N(0, 1/n)")
        assert cost.spec.focus == "new: N(0, 1/n)"
        assert cost.pointed_at is None  # the crosshair stays away
        await clicked(lab, "old: N(0, 1) ")
        assert cost.spec.focus == "old: N(0, 1)"


@driven
async def test_a_click_on_a_tab_goes_to_its_panel() -> None:
    async with opened(size=(80, 24)) as lab:
        await clicked(lab, "4 Hyper ")
        assert lab.lab.panel == "hyper"


@driven
async def test_a_click_on_a_row_chooses_it() -> None:
    async with opened() as lab:
        await lab.press("p")
        await lab.quiet()
        await clicked(lab, "causes/dead-relu")
        await lab.quiet()
        assert lab.state.draft.preset.name == find("causes/dead-relu").name


@driven
async def test_a_click_on_a_cell_of_the_map_goes_to_its_trial_and_a_second_opens_it(preset: Path) -> None:
    table = swept("map", plan_of(preset, "eta=0.1,0.5,2", "lambda=0,1", epochs=2))
    async with opened(preset.read_text("utf-8")) as lab:
        await lab.press("g")
        await lab.until(lambda: "λ up, η across" in lab.picture)
        screen = lab.app.screen
        assert isinstance(screen, SweepScreen)
        trials = screen.query_one("#trials", OptionList)
        trials.highlighted = screen._listed.index(table.rows[0].number)
        head = next(line for line in lab.picture.splitlines() if " 0.1 " in line and " 0.5 " in line)
        at = head.index(" 0.5 ") + 2
        await lab.pilot.click(offset=(at, lab.picture.splitlines().index(head) + 2))
        await lab.pilot.pause()
        middle = next(r for r in table.rows if r.params == {"training.eta": 0.5, "training.lambda": 1})
        assert screen._listed[trials.highlighted or 0] == middle.number
        await lab.pilot.click(offset=(at, lab.picture.splitlines().index(head) + 2))
        await lab.until(lambda: lab.app.screen is lab.lab)
        assert lab.state.draft.base.training.eta == 0.5
