"""Looking at things in the lab: charts, browsers, explorer, inside, all on networks trained for real."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from screens import TINY, WRITTEN, Lab, driven, opened, written_run
from textual.widgets import Input, OptionList, Static
from tunelab import paths
from tunelab.records import all_runs
from tunelab.tui.screens.initialization_explorer import InitializationExplorer
from tunelab.tui.screens.lab import LabScreen
from tunelab.tui.screens.list_browser import ListBrowser
from tunelab.tui.screens.run_browser import RunBrowser
from tunelab.tui.state.run_view import Playback, RunView
from tunelab.tui.widgets.chart import Chart
from tunelab.tui.widgets.slider import Slider


def chart(lab: Lab, name: str) -> Chart:
    return lab.app.screen.query_one(f"#{name}", Chart)


def labels(lab: Lab) -> set[str]:
    return {series.label for series in chart(lab, "cost").spec.series}


@driven
async def test_crosshair_and_zoom_on_a_trained_chart() -> None:
    async with opened() as lab:
        await lab.trained()
        await lab.press("5", "left")
        text = chart(lab, "cost").plain()
        assert text.startswith("epoch 3\n")
        assert "── training   ┈┈ evaluation" in text
        assert text.count(" / ") == 2  # both values of both arms
        assert chart(lab, "accuracy").plain().startswith("epoch 3\n")  # the other chart points there, too
        await lab.press("left", "left", "plus")
        low, high = chart(lab, "cost")._picture.place.x  # type: ignore[union-attr]
        assert high - low == pytest.approx(1.5)
        await lab.press("0", "escape")
        assert chart(lab, "cost").pointed_at is None
        await lab.press("6", "z")
        assert lab.lab.maximized is chart(lab, "accuracy")
        await lab.press("escape")
        assert lab.lab.maximized is None


@driven
async def test_arms_are_brought_to_the_front_and_hidden() -> None:
    async with opened() as lab:
        await lab.trained()
        await lab.press("5", "tab")
        assert chart(lab, "cost").spec.focus == "new"
        assert any(series.end for series in chart(lab, "cost").spec.series if series.label == "new")
        await lab.press("n", "n")
        await lab.press("h")
        assert labels(lab) == {"old"}
        await lab.press("h")
        assert labels(lab) == {"old", "new"}
        await lab.press("v")
        assert {series.part for series in chart(lab, "cost").spec.series} == {"training"}


@driven
async def test_an_old_run_is_filtered_for_laid_over_and_taken_off_again() -> None:
    written_run()
    async with opened() as lab:
        await lab.trained()
        await lab.press("b")
        await lab.quiet()
        await lab.press("slash")
        await lab.type("old-and-new")
        await lab.press("enter", "o", "escape", "escape")
        assert labels(lab) == {"old", "new", "old: N(0, 1)", "new: N(0, 1/n)"}
        assert "Overlaid: 20260101-000000-old-and-new (backspace drops it)" in lab.picture
        await lab.press("backspace")
        assert labels(lab) == {"old", "new"}
        assert "Overlaid" not in lab.picture


@driven
async def test_overlays_are_gone_under_a_playback() -> None:
    run = written_run()
    async with opened() as lab:
        await lab.press("b")
        await lab.quiet()
        await lab.press("o", "y")
        assert isinstance(lab.state.view, Playback)
        assert lab.state.overlays == []
        assert lab.state.view.run.name == run.name


@driven
async def test_many_arms_leave_four_in_colour_and_the_one_in_front_is_one_of_them() -> None:
    arms = "".join(f'[[arm]]\nname = "arm {n}"\n' for n in range(9))
    async with opened() as lab:
        lab.lab.look_at(RunView(written_run(preset=WRITTEN.split("[[arm]]")[0] + arms)))
        await lab.press("5", *["tab"] * 6)
        bright = {series.label for series in chart(lab, "cost").spec.series if series.label}
        assert len(bright) == 4
        assert "arm 6" in bright
        assert "4 of 9 arms in colour" in lab.picture


@driven
async def test_z_zooms_whatever_panel_has_the_focus() -> None:
    async with opened() as lab:
        for key, name in (("7", "log"), ("8", "verdict"), ("1", "data")):
            await lab.press(key, "z")
            assert lab.lab.maximized is lab.lab.query_one(f"#{name}")
            await lab.press("z")
            assert lab.lab.maximized is None


@driven
async def test_a_run_that_is_still_training_is_offered_when_the_lab_opens() -> None:
    run = written_run(ended=False)
    hold = run.hold()
    async with opened() as lab:
        assert "is still training: Enter watches it" in lab.text("#sentence")
        await lab.press("enter")
        assert lab.state.view is not None
        assert lab.state.view.run.name == run.name
    hold.release()


@driven
async def test_a_run_just_trained_is_played_back_held_and_sought_in() -> None:
    async with opened() as lab:
        await lab.trained()
        await lab.press("b")
        await lab.quiet()
        await lab.press("y")
        view = lab.state.view
        assert isinstance(view, Playback)
        await lab.press("space")
        view.seek(0)
        await lab.press(*["full_stop"] * 20)
        assert all(arm.done for arm in view.arms)
        await lab.press("comma")
        assert not all(arm.done for arm in view.arms)
        assert len(list(all_runs())) == 1


@driven
async def test_a_run_is_deleted_only_when_asked_twice() -> None:
    written_run()
    async with opened() as lab:
        await lab.press("b")
        await lab.quiet()
        await lab.press("d", "escape")
        assert len(list(all_runs())) == 1
        await lab.press("d", "d")
        await lab.quiet()
        assert list(all_runs()) == []
        assert lab.app.screen.query_one(OptionList).option_count == 0


@driven
async def test_a_preset_is_found_by_its_words_and_loaded() -> None:
    async with opened() as lab:
        await lab.press("p")
        await lab.quiet()
        await lab.press("slash")
        await lab.type("first-look")
        await lab.press("enter", "enter")
        assert isinstance(lab.app.screen, LabScreen)
        assert lab.state.draft.name == "first-look"
        assert "first-look" in lab.text("#status")


@driven
async def test_a_list_of_ten_thousand_runs_shows_a_page_and_finds_any(monkeypatch: pytest.MonkeyPatch) -> None:
    def many(_: RunBrowser) -> Iterator[tuple[str, str]]:
        return ((f"run-{n}", f"run-{n}  a title") for n in range(10_000))

    monkeypatch.setattr(RunBrowser, "items", many)
    async with opened() as lab:
        await lab.press("b")
        await lab.quiet()
        listed = lab.app.screen.query_one(OptionList)
        assert listed.option_count == 500
        assert "the first 500 of 10,000" in str(listed.border_subtitle)
        await lab.press("slash")
        await lab.type("run-9999")
        assert isinstance(lab.app.screen, ListBrowser)
        assert lab.app.screen.query_one(Input).value == "run-9999"
        assert lab.app.screen.chosen == "run-9999"


@driven
async def test_a_list_is_walked_with_j_and_k_and_escape_clears_its_filter_first() -> None:
    written_run("20260101-000000-alpha")
    written_run("20260102-000000-omega")
    async with opened() as lab:
        await lab.press("b")
        await lab.quiet()
        browser = lab.app.screen
        assert isinstance(browser, ListBrowser)
        first = browser.chosen
        await lab.press("j")
        assert {first, browser.chosen} == {"20260101-000000-alpha", "20260102-000000-omega"}
        await lab.press("k", "slash")
        await lab.type("alpha")
        assert browser.query_one(OptionList).option_count == 1
        await lab.press("escape")
        assert browser.query_one(OptionList).option_count == 2
        assert lab.app.screen is browser
        await lab.press("escape")
        assert isinstance(lab.app.screen, LabScreen)


@driven
async def test_runs_are_rows_with_state_best_accuracy_and_curve() -> None:
    written_run()
    written_run("20260101-000001-cut", ended=False)
    async with opened() as lab:
        await lab.press("b")
        await lab.quiet()
        (row,) = (line for line in lab.picture.splitlines() if "✓ done" in line and "old-and-new" in line)
        assert "90.0 ± 3.0" in row
        assert "▁" in row
        assert "█" in row
        assert "✗ cut off" in lab.picture


@driven
async def test_a_preset_whose_data_are_missing_loads_with_drawn_digits() -> None:
    text = '[data]\nname = "mnist"\ntrain = 200\nevaluation = 100\n[network]\nhidden = []\n'
    paths.write_whole(paths.presets() / "few-of-mnist.toml", text.encode())
    async with opened() as lab:
        await lab.press("p")
        await lab.quiet()
        await lab.press("slash")
        await lab.type("few-of-mnist")
        await lab.press("enter")
        assert "MNIST isn't on this machine" in lab.picture
        await lab.press("d")
        assert lab.state.draft.text("data.name") == "digits"


@driven
async def test_the_explorer_shows_old_against_new_and_follows_its_settings() -> None:
    async with opened() as lab:
        await lab.press("i")
        await lab.quiet()
        screen = lab.app.screen
        assert isinstance(screen, InitializationExplorer)

        def said(where: str) -> str:
            return str(screen.query_one(where, Static).content)

        assert "784 → 5 → 10" in said("#network-line")
        assert "standard, layer 1" in said("#numbers")
        assert "slower" in said("#numbers")
        spec = chart(lab, "density").spec
        assert {bars.label for bars in spec.bars} == {"standard", "scaled"}
        assert spec.zones
        await lab.press("n")
        assert "layer 2" in said("#numbers")
        await lab.press("N")
        await lab.focus(screen.query_one("#active", Slider))
        before = said("#numbers")
        await lab.press("right")
        await lab.quiet()
        assert "inputs at 1" in said("#network-line")
        assert said("#numbers") != before
        await lab.press("d")
        await lab.quiet()
        assert "drawn digits" in said("#network-line")


@driven
async def test_inside_a_network_just_trained() -> None:
    async with opened() as lab:
        await lab.press("o")
        await lab.quiet()
        assert "Nothing is trained yet" in lab.picture
        await lab.press("escape")
        await lab.trained()
        await lab.press("o")
        await lab.quiet()
        assert "of 100 wrong" in lab.picture
        await lab.press("v")
        await lab.quiet()
        assert "taken for" in lab.picture
        await lab.press("v")
        await lab.quiet()
        assert "unit 1" in lab.picture
        await lab.press("v")
        await lab.quiet()
        assert "How far a step moves the weights" in lab.picture
        await lab.press("f")
        await lab.quiet()
        assert "new · seed 0" in lab.picture


@driven
async def test_every_screen_has_its_text_twin() -> None:
    async with opened(size=(80, 24)) as lab:
        await lab.trained()
        await lab.press("quotation_mark")
        assert "This screen as text" in lab.picture
        text = (paths.home() / "screen.txt").read_text("utf-8")
        assert "η: 0.5" in text
        assert "glorot" not in text
        assert "old (training): " in text
        assert "✓ done" in text
        await lab.press("escape", "p")
        await lab.quiet()
        await lab.press("quotation_mark")
        assert "first-look" in (paths.home() / "screen.txt").read_text("utf-8")


@driven
async def test_a_run_predicts_the_rows_of_a_file(tmp_path: Path) -> None:
    rows = [f"{n % 5},{n % 2},{'high' if n % 2 else 'low'}" for n in range(150)]
    (tmp_path / "table.csv").write_text("a,b,class\n" + "\n".join(rows) + "\n")
    (tmp_path / "new.csv").write_text("a,b\n3,1\n4,0\n")
    preset = TINY.split("[[arm]]")[0].replace('"digits"', f'"{tmp_path / "table.csv"}"')
    preset = preset.replace("train = 200\nevaluation = 100\n", "").replace("epochs = 3", "epochs = 30")
    async with opened(preset) as lab:
        await lab.trained()
        await lab.press("b")
        await lab.quiet()
        await lab.press("p")
        await lab.type(str(tmp_path / "new.csv"))
        await lab.press("enter")
        await lab.quiet()
        assert "row,prediction,high,low" in lab.picture
        assert "0,high," in lab.picture
        assert "1,low," in lab.picture
    (written,) = (paths.home() / "predictions").iterdir()
    assert written.read_text("utf-8").count("\n") == 3
