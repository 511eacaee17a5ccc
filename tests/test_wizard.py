"""The wizard driven as a person would: one question alone, and the first steps of the whole way."""

from __future__ import annotations

from screens import TINY, Lab, driven, opened
from textual.widgets import OptionList, Static
from tunelab.strategy import journal
from tunelab.tui.screens.wizard import WizardScreen
from tunelab.tui.screens.wizard_menu import WizardMenu
from tunelab.tui.state.strategy_session import Guide, unfinished
from tunelab.tui.widgets.chart_pair import ChartPair

QUICK = TINY.replace("hidden = [5]", "hidden = []")


async def begun(lab: Lab, what: str) -> WizardScreen:
    """Open the wizard's menu and choose."""
    await lab.press("w")
    menu = lab.app.screen
    assert isinstance(menu, WizardMenu)
    options = menu.query_one(OptionList)
    options.highlighted = options.get_option_index(what)
    await lab.press("enter")
    await lab.until(lambda: isinstance(lab.app.screen, WizardScreen))
    screen = lab.app.screen
    assert isinstance(screen, WizardScreen)
    return screen


def says(screen: WizardScreen, where: str) -> str:
    return str(screen.query_one(where, Static).content)


@driven
async def test_an_eta_that_is_found_is_taken_into_the_form_and_not_before() -> None:
    async with opened(QUICK) as lab:
        before = lab.state.draft.base.training.eta
        screen = await begun(lab, "find-eta")
        await lab.until(lambda: screen.guide.state.asks)
        await lab.until(lambda: "Recommended" in says(screen, "#advice"))
        assert "ends lowest" in says(screen, "#advice")
        assert {arm.name for arm in screen.guide.arms} >= {"η = 0.01", "η = 0.1"}
        assert screen.query_one(ChartPair).cost.spec.series
        assert lab.state.draft.base.training.eta == before
        chosen = screen.guide.stage.recommendation
        assert chosen is not None
        await lab.press("enter")
        assert lab.state.draft.base.training.eta == chosen["chosen"]["training.eta"]
        assert lab.app.screen is lab.lab


@driven
async def test_the_first_stages_of_the_whole_way_one_decision_at_a_time() -> None:
    async with opened(QUICK) as lab:
        screen = await begun(lab, "whole")
        guide = screen.guide
        await lab.until(lambda: guide.state.asks)
        assert guide.stage.name == "baseline"
        assert "[baseline]" in says(screen, "#way")
        await lab.press("enter")
        await lab.until(lambda: guide.state.asks and guide.stage.name == "shrink")
        assert "baseline ✓" in says(screen, "#way")
        await lab.press("k")
        await lab.until(lambda: guide.state.asks and guide.stage.name == "chance")
        assert guide.state.stages["shrink"].status == "skipped"
        assert "So far" in says(screen, "#so-far")
        await lab.press("j")
        await lab.press("escape")
        await lab.press("b", "a")  # back to the first stage
        assert guide.state.stages["baseline"].status == "asking"
        assert guide.state.stages["chance"].status == "stale"


@driven
async def test_a_value_of_ones_own_is_judged_as_typed_and_kept() -> None:
    async with opened(QUICK) as lab:
        screen = await begun(lab, "whole")
        await lab.until(lambda: screen.guide.state.asks)
        await lab.press("e")
        await lab.type("eta = fast")
        await lab.press("enter")
        assert "training.eta" in str(lab.app.screen.query_one(".complaint").render())
        await lab.type("eta = 0.3, lambda = 0.01")
        await lab.press("enter")
        decision = screen.guide.state.stages["baseline"].decision
        assert decision is not None
        assert (decision["by"], decision["action"]) == ("person", "change")
        assert decision["chosen"] == {"training.eta": 0.3, "training.lambda": 0.01}


@driven
async def test_what_was_left_is_kept_and_can_be_gone_on_with() -> None:
    async with opened(QUICK) as lab:
        screen = await begun(lab, "whole")
        await lab.until(lambda: screen.guide.state.asks)
        await lab.press("escape")
        assert not isinstance(lab.app.screen, WizardScreen)
        (name,) = unfinished(5)
        again = await begun(lab, f"kept:{name}")
        assert again.guide.state.asks
        assert again.guide.stage.name == "baseline"


@driven
async def test_at_80_by_24_the_recommendation_comes_into_view() -> None:
    async with opened(QUICK, size=(80, 24)) as lab:
        screen = await begun(lab, "find-eta")
        await lab.until(lambda: screen.guide.state.asks)
        await lab.until(lambda: "Recommended" in lab.picture)
        assert "⏎ accept" in lab.picture


def test_a_guide_says_what_ended_the_process_that_worked_for_it() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from tunelab import Experiment
    from tunelab.strategy.single_search import ask

    directory = journal.find("broken")
    ask(directory, "find-eta", Experiment(data={"train": 100, "evaluation": 50}))
    with ThreadPoolExecutor(1) as pool, journal.Journal(directory):  # held by another
        guide = Guide(directory, pool)
        guide.go_on()
        pool.shutdown()
    assert "worked on by another process" in guide.problem


@driven
async def test_what_is_offered_for_another_value_can_be_entered_as_it_is() -> None:
    async with opened(QUICK) as lab:
        screen = await begun(lab, "find-eta")
        await lab.until(lambda: screen.guide.state.asks)
        advice = screen.guide.stage.recommendation
        assert advice is not None
        await lab.press("e")
        await lab.press("enter")
        assert lab.state.draft.base.training.eta == advice["chosen"]["training.eta"]
