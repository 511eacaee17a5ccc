"""Every action of the screens, declared once: its key, its words, its help. Footer, palette and help follow.

A person can give any of them another key, by its id, in ``config.toml``::

    [keys]
    run = "f5"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import BindingType

__all__ = ["ACTIONS", "Action", "actions_of", "bindings"]


@dataclass(frozen=True)
class Action:
    """One thing that a person can do.

    ``id`` is the name of the screen's ``action_…`` method and what a keymap calls it; ``where`` is the screen
    ('app' is everywhere). ``footer``: whether its key is worth a place there. ``opens``: the screen that the lab
    opens for it, as module.Class under tunelab.tui.screens, made with the bench; no method is needed then.
    """

    where: str
    id: str
    key: str
    label: str
    help: str
    footer: bool = True
    opens: str = ""

    @property
    def does(self) -> str:
        """The action as Textual calls it."""
        return f"open('{self.opens}')" if self.opens else self.id


ACTIONS = (
    Action("lab", "run", "r", "run", "Train every arm of the form, from its first weights."),
    Action("lab", "pause", "space", "pause", "Hold the training where it is, or go on."),
    Action("lab", "stop", "s", "stop", "End the training now. Everything measured stays."),
    Action("lab", "faster", "right_square_bracket", "faster", "Play the old run back twice as fast."),
    Action("lab", "slower", "left_square_bracket", "slower", "Play the old run back half as fast."),
    Action("lab", "seek(1)", "full_stop", "forward", "Go forward in the playback by a twentieth."),
    Action("lab", "seek(-1)", "comma", "back a bit", "Go back in the playback by a twentieth."),
    Action("lab", "arms", "a", "arms", "Compare: try several values of a parameter side by side."),
    Action(
        "lab",
        "explore",
        "i",
        "init",
        "See what the first weights do to z, before any training.",
        opens="initialization_explorer.ExplorerScreen",
    ),
    Action(
        "lab",
        "inside",
        "o",
        "inside",
        "Look inside the trained network: mistakes, weights, confusion.",
        opens="network_view.InsideScreen",
    ),
    Action(
        "lab",
        "presets",
        "p",
        "presets",
        "Experiments that come with tunelab, and your own.",
        opens="preset_browser.PresetsScreen",
    ),
    Action(
        "lab",
        "runs",
        "b",
        "runs",
        "Recorded runs: look at them, lay them over, play them back.",
        opens="run_browser.RunsScreen",
    ),
    Action(
        "lab",
        "compare",
        "c",
        "compare",
        "Compare the arms of the runs on the charts: is a difference more than noise?",
        opens="comparison.CompareScreen",
    ),
    Action(
        "lab",
        "wizard",
        "w",
        "wizard",
        "Take me through it: the broad strategy step by step, or one question alone.",
        opens="wizard_menu.GuidesScreen",
    ),
    Action(
        "lab",
        "sweep",
        "g",
        "sweep",
        "Try many values of several parameters: on a grid, at random, or led by what was found.",
        opens="sweep.SweepScreen",
    ),
    Action(
        "lab",
        "lecture",
        "t",
        "lecture",
        "The lecture to do: predict, run, and see the answer in the curves.",
        opens="lecture.LectureScreen",
    ),
    Action("lab", "log_axis", "l", "log axis", "Draw the cost on a logarithmic axis, or not.", footer=False),
    Action(
        "lab", "zoom", "z", "zoom", "Make the chart in focus as large as the screen; escape undoes it.", footer=False
    ),
    Action(
        "lab", "again", "e", "again with", "Go on from here with another η or λ, as a run of its own.", footer=False
    ),
    Action("lab", "save_preset", "ctrl+s", "save", "Save the form as a preset of yours.", footer=False),
    Action("lab", "next_arm", "f", "next arm", "Bring the next arm to the front of the charts.", footer=False),
    Action("lab", "hide_arm", "h", "hide arm", "Hide the arm at the front, or show all again.", footer=False),
    Action("lab", "parts", "v", "parts", "Show training and evaluation, or only one of them.", footer=False),
    Action("lab", "clear_overlays", "backspace", "clear", "Take old runs off the charts.", footer=False),
    Action("lab", "room(1)", "1", "data", "Go to the data.", footer=False),
    Action("lab", "room(2)", "2", "network", "Go to the network.", footer=False),
    Action("lab", "room(3)", "3", "first weights", "Go to the initialization.", footer=False),
    Action("lab", "room(4)", "4", "hyper-parameters", "Go to η, λ, m and the rest.", footer=False),
    Action("lab", "room(5)", "5", "cost", "Go to the chart of the cost.", footer=False),
    Action("lab", "room(6)", "6", "accuracy", "Go to the chart of the accuracy.", footer=False),
    Action("lab", "room(7)", "7", "log", "Go to the log of epochs.", footer=False),
    Action("lab", "room(8)", "8", "verdict", "Go to what tunelab sees.", footer=False),
    Action("explorer", "back", "escape", "back", "Return to the lab."),
    Action("explorer", "layer(1)", "n", "next layer", "Look at the next layer."),
    Action("explorer", "layer(-1)", "N", "layer before", "Look at the layer before.", footer=False),
    Action("explorer", "source", "d", "data or assumed", "Use real data, or a number of inputs set to 1."),
    Action("inside", "back", "escape", "back", "Return to the lab."),
    Action("inside", "next_arm", "f", "next arm", "Look into the next arm."),
    Action("inside", "seed", "n", "next seed", "Look into the network of the next seed."),
    Action("inside", "view", "v", "view", "Confusion, mistakes, first-layer weights in turn."),
    Action("inside", "more", "m", "more", "Show further mistakes or weights."),
    Action("guides", "back", "escape", "back", "Return to the lab."),
    Action("wizard", "accept", "enter", "accept", "Take what is recommended, and go on."),
    Action("wizard", "other", "e", "another value", "Decide on a value of your own, and go on with it."),
    Action("wizard", "attempt", "t", "try", "Have something tried beside the recommendation first."),
    Action("wizard", "back_to", "b", "back to", "Go back to an earlier stage; those after it are asked again."),
    Action("wizard", "skip", "k", "skip", "Leave everything as it was in this stage."),
    Action("wizard", "alone", "a", "by itself", "Accept every recommendation from here on; again: wait for you."),
    Action(
        "wizard",
        "other_chart",
        "v",
        "cost/accuracy",
        "The training cost of what is being tried, or its evaluation accuracy.",
    ),
    Action("wizard", "journal", "j", "journal", "Everything decided so far, and why."),
    Action("wizard", "back", "escape", "leave (kept)", "Return to the lab. The journal is kept; w goes on with it."),
    Action("runs", "back", "escape", "back", "Return to the lab."),
    Action("runs", "overlay", "o", "overlay", "Lay this run over the charts of the lab, or take it off."),
    Action("runs", "compare", "c", "compare", "Compare this run with what is on the charts of the lab."),
    Action("runs", "playback", "y", "play back", "Play the run again as if it were live, without training."),
    Action("runs", "replay", "t", "train again", "Train the run's experiment again."),
    Action("runs", "remove", "d", "delete", "Delete the run for good."),
    Action("compare", "back", "escape", "back", "Return."),
    Action("compare", "curves", "v", "words or curves", "Show the other, where there isn't room for both."),
    Action("presets", "back", "escape", "back", "Return to the lab."),
    Action("sweep", "back", "escape", "back", "Return to the lab; a sweep that runs goes on."),
    Action("sweep", "new", "n", "new", "Sweep over parameters of the form's experiment."),
    Action("sweep", "stop", "s", "stop", "Stop the sweep. Every trial that ended is kept."),
    Action("sweep", "go", "g", "go on", "Train the trials that are left."),
    Action("sweep", "view", "v", "view", "The map, then what each parameter alone says, in turn."),
    Action("sweep", "order", "o", "order", "List the best trials first, or the newest."),
    Action("sweep", "studies", "b", "studies", "Look at another study."),
    Action("sweep", "room(1)", "1", "map", "Go to the map.", footer=False),
    Action("sweep", "room(2)", "2", "best", "Go to the best so far.", footer=False),
    Action("sweep", "room(3)", "3", "trials", "Go to the trials; enter opens one in the lab.", footer=False),
    Action("sweep", "room(4)", "4", "remarks", "Go to what tunelab sees.", footer=False),
    Action("studies", "back", "escape", "back", "Return to the sweep."),
    Action("lecture", "run", "r", "run", "Run the step's experiment, once you have predicted what it will show."),
    Action("lecture", "step(1)", "n", "next", "The next step."),
    Action("lecture", "step(-1)", "b", "before", "The step before."),
    Action("lecture", "other", "x", "turn over", "Show the other, where there isn't room for both."),
    Action("lecture", "chart", "c", "other chart", "Cost or accuracy, where there isn't room for both.", footer=False),
    Action("lecture", "contents", "m", "contents", "Every step, with how it went; go to any of them."),
    Action("lecture", "to_lab", "o", "lab", "Take this experiment into the lab, to change it there."),
    Action("lecture", "forget", "u", "anew", "Forget your prediction here and do the step anew.", footer=False),
    Action("lecture", "stop", "s", "stop", "End the training now.", footer=False),
    Action("lecture", "log_axis", "l", "log axis", "Draw the cost on a logarithmic axis, or not.", footer=False),
    *(
        Action("lecture", f"predict({n})", str(n), f"predict {n}", f"Predict answer {n}; 0: don't know.", footer=False)
        for n in range(6)
    ),
    Action("lecture", "back", "escape", "back", "Return to the lab. What you have done is kept."),
    Action("contents", "back", "escape", "back", "Return to the step."),
    Action("app", "help", "question_mark", "help", "What the keys do, and what the parameter in focus means."),
    Action("app", "copy", "y", "copy", "Copy what is in focus, and write it to a file as well.", footer=False),
    Action("app", "picture", "ctrl+o", "screenshot", "Write the screen to an SVG file.", footer=False),
    Action(
        "app", "theme", "ctrl+t", "theme", "The next theme: dark, light, the terminal's own colours, …", footer=False
    ),
    Action("app", "ask_quit", "q", "quit", "Leave tunelab. A training that runs can go on without the screen."),
)
"""In the order in which the footer and the help show them."""


def actions_of(where: str) -> Iterator[Action]:
    """The actions of one screen."""
    return (action for action in ACTIONS if action.where == where)


def bindings(where: str) -> list[BindingType]:
    """The key bindings of a screen, as Textual wants them."""
    from textual.binding import Binding

    return [
        Binding(
            action.key,
            action.does,
            action.label,
            show=action.footer,
            tooltip=action.help,
            id=action.id if where in {"lab", "app"} else f"{where}.{action.id}",
        )
        for action in actions_of(where)
    ]
