"""Every action of the screens, declared once: its key, its words, its help. Key line, palette and help follow.

A person can give any of them another key, by its id, in ``config.toml``::

    [keys]
    run = "f5"
    "wizard.accept" = "ctrl+y"
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.binding import BindingType

__all__ = ["SCREENS", "Action", "actions_of", "bindings"]


SCREENS = {
    "explore": "initialization_explorer.InitializationExplorer",
    "inside": "network_view.NetworkView",
    "presets": "preset_browser.PresetBrowser",
    "runs": "run_browser.RunBrowser",
    "compare_runs": "comparison.ComparisonScreen",
    "wizard": "wizard_menu.WizardMenu",
    "sweep": "sweep.SweepScreen",
    "lecture": "lecture.LectureScreen",
}
"""What the lab's actions open, as module.Class under tunelab.tui.screens; each is made with the lab's state."""


@dataclass(frozen=True)
class Action:
    """One thing that a person can do.

    ``id`` is the name of the screen's ``action_…`` method. ``footer``: whether its key is worth a place on the line
    of keys.
    """

    id: str
    key: str
    label: str
    help: str
    footer: bool = True

    @property
    def opens(self) -> str:
        """The screen that the lab opens for it, if any: no method is needed then."""
        return SCREENS.get(self.id, "")

    @property
    def method(self) -> str:
        """The action as Textual calls it."""
        return f"open('{self.opens}')" if self.opens else self.id


def _panels(*labels: str) -> tuple[Action, ...]:
    """Number keys that lead to panels."""
    return tuple(
        Action(f"panel({number})", str(number), label, f"Go to {label}.", footer=False)
        for number, label in enumerate(labels, 1)
    )


_BACK = Action("back", "escape", "back", "Return to the lab.")
_NEXT_ARM = Action(
    "next_arm", "n", "next arm", "Bring the next arm to the front; on a chart Tab does so, too.", footer=False
)
_LOG_AXIS = Action("log_axis", "l", "log axis", "Draw the cost on a logarithmic axis, or not.", footer=False)
_STOP = Action("stop", "s", "stop", "End the training now. Everything measured stays.")

_ACTIONS: dict[str, tuple[Action, ...]] = {
    "lab": (
        Action("run", "r", "run", "Train every arm of the form, from its first weights."),
        Action("watch", "enter", "watch", "Follow the run that was left behind and still trains."),
        Action("pause", "space", "pause", "Pause the training, or resume it."),
        _STOP,
        Action("faster", "right_square_bracket", "faster", "Play the old run back twice as fast."),
        Action("slower", "left_square_bracket", "slower", "Play the old run back half as fast."),
        Action("seek(1)", "full_stop", "forward", "Go forward in the playback by a twentieth."),
        Action("seek(-1)", "comma", "back a bit", "Go back in the playback by a twentieth."),
        Action("wizard", "w", "wizard", "Take me through it: the broad strategy step by step, or one question alone."),
        Action("sweep", "g", "sweep", "Try many values of several parameters: on a grid, at random, or by a model."),
        Action("lecture", "t", "lecture", "The lecture to do: predict, run, and see the answer in the curves."),
        Action("presets", "p", "presets", "Experiments that come with tunelab, and your own."),
        Action("runs", "b", "runs", "Recorded runs: look at them, overlay them, play them back."),
        Action("fix", "f", "fix", "Try the cure of the verdict: train the arm as it was and cured, side by side."),
        Action("data", "d", "data", "Show the data: columns, classes, warnings.", footer=False),
        Action("arms", "a", "arms", "Compare: try several values of a parameter side by side."),
        Action("explore", "i", "init", "See what the first weights do to z, before any training."),
        Action("inside", "o", "inside", "Look inside the trained network: mistakes, weights, confusion."),
        Action("compare_runs", "c", "compare", "Compare the arms on the charts: is a difference more than noise?"),
        _LOG_AXIS,
        Action("zoom", "z", "zoom", "Make the panel in focus as large as the screen; escape undoes it.", footer=False),
        Action("again", "e", "again with", "Continue from here with another η or λ, as a new run.", footer=False),
        Action("report", "x", "report", "Write the run on the charts as a page to take home.", footer=False),
        Action("more", "m", "more", "Show the further parameters of the form's panel, or hide them.", footer=False),
        Action("undo", "u", "undo", "Take back the last change of the form.", footer=False),
        Action("save_preset", "ctrl+s", "save", "Save the form as a preset of yours.", footer=False),
        _NEXT_ARM,
        Action("hide_arm", "h", "hide arm", "Hide the arm at the front, or show all again.", footer=False),
        Action("parts", "v", "parts", "Show training and evaluation, or only one of them.", footer=False),
        Action("clear_overlays", "backspace", "clear", "Take old runs off the charts.", footer=False),
        *_panels(
            "the data", "the network", "the first weights", "η, λ, m and the rest",
            "the cost", "the accuracy", "the log of epochs", "the verdict",
        ),
    ),
    "explorer": (
        _BACK,
        Action("layer(1)", "n", "next layer", "Look at the next layer."),
        Action("layer(-1)", "N", "layer before", "Look at the layer before.", footer=False),
        Action("source", "d", "data or assumed", "Use real data, or a number of inputs set to 1."),
    ),
    "inside": (
        _BACK,
        replace(_NEXT_ARM, key="f", help="Look into the next arm.", footer=True),
        Action("seed", "n", "next seed", "Look into the network of the next seed."),
        Action("view", "v", "view", "Confusion, mistakes, first-layer weights in turn."),
        Action("more", "m", "more", "Show further mistakes or weights."),
    ),
    "wizard": (
        Action("accept", "enter", "accept", "Take the recommendation, and continue."),
        Action("take", "enter", "into the lab", "Take the winner's settings into the lab."),
        Action("train", "r", "train", "Take the winner's settings into the lab, and train them at full length."),
        Action("save_preset", "s", "save", "Save the winner as a preset of yours."),
        Action("report", "x", "report", "Write the report as a page to take home: charts, stages, settings."),
        Action("predict", "p", "predict", "Predict the rows of a file with the winner's networks."),
        Action("other", "e", "another value", "Decide on a value of your own, and continue with it."),
        Action("attempt", "t", "try", "Have something tried beside the recommendation first."),
        Action("back_to", "b", "back to", "Go back to an earlier stage; those after it are asked again."),
        Action("skip", "k", "skip", "Leave everything as it was in this stage."),
        Action("alone", "a", "by itself", "Accept every recommendation from here on; again: wait for you."),
        Action("other_chart", "v", "cost/accuracy", "Show what was tried: cost, accuracy, or the end by value."),
        Action("journal", "j", "journal", "Everything decided so far, and why."),
        Action("why", "x", "why", "Why this stage does what it does.", footer=False),
        replace(_BACK, label="leave (kept)", help="Return to the lab. The journal is kept; w resumes it."),
    ),
    "runs": (
        _BACK,
        Action("overlay", "o", "overlay", "Lay this run over the charts of the lab, or take it off."),
        Action("compare", "c", "compare", "Compare this run with what is on the charts of the lab."),
        Action("playback", "y", "play back", "Play the run again as if it were live, without training."),
        Action("replay", "t", "train again", "Train the run's experiment again."),
        Action("predict", "p", "predict", "Predict the rows of a file with the run's network."),
        Action("remove", "d", "delete", "Delete the run for good."),
    ),
    "compare": (_BACK, Action("curves", "v", "words or curves", "Show the other, where there isn't room for both.")),
    "presets": (_BACK, Action("with_digits", "d", "with digits", "Load the preset with drawn digits as its data.")),
    "sweep": (
        replace(_BACK, help="Return to the lab; a running sweep continues."),
        Action("new", "n", "new", "Sweep over parameters of the form's experiment."),
        replace(_STOP, help="Stop the sweep. Every trial that ended is kept."),
        Action("resume", "g", "resume", "Train the trials that are left."),
        Action("view", "v", "view", "The map, then what each parameter alone says, in turn."),
        Action("order", "o", "order", "List the best trials first, or the newest."),
        Action("studies", "b", "studies", "Look at another study."),
        *_panels("the map", "the best so far", "the trials; enter opens one in the lab", "the verdict"),
    ),
    "studies": (replace(_BACK, help="Return to the sweep."),),
    "lecture": (
        Action("run", "r", "run", "Run the step's experiment, once you have predicted what it will show."),
        Action("step(1)", "n", "next", "The next step."),
        Action("step(-1)", "b", "before", "The step before."),
        Action("other", "x", "turn over", "Show the other, where there isn't room for both."),
        Action("chart", "c", "other chart", "Cost or accuracy, where there isn't room for both.", footer=False),
        Action("contents", "m", "contents", "Every step, with how it went; go to any of them."),
        Action("to_lab", "o", "lab", "Take this experiment into the lab, to change it there."),
        Action("forget", "u", "anew", "Forget your prediction here and do the step again.", footer=False),
        replace(_STOP, footer=False),
        _LOG_AXIS,
        *(
            Action(f"predict({n})", str(n), f"predict {n}", f"Predict answer {n}; 0: don't know.", footer=False)
            for n in range(6)
        ),
        replace(_BACK, help="Return to the lab. What you have done is kept."),
    ),
    "contents": (replace(_BACK, help="Return to the step."),),
    "app": (
        Action("help", "question_mark", "help", "What the keys do, and what the parameter in focus means."),
        Action("copy", "y", "copy", "Copy what is in focus, and write it to a file as well.", footer=False),
        Action("text_twin", "quotation_mark", "as text", "Show this screen as plain text; copied, too.", footer=False),
        Action("picture", "ctrl+o", "screenshot", "Write the screen to an SVG file.", footer=False),
        Action("theme", "ctrl+t", "theme", "The next theme: dark, light, the terminal's own colours, …", footer=False),
        Action("suspend_process", "ctrl+z", "suspend", "Go back to the shell; `fg` returns here.", footer=False),
        Action("ask_quit", "q", "quit", "Leave tunelab. A running training can continue without the screen."),
    ),
}  # fmt: skip
"""By screen, in the order in which the line of keys and the help show them; 'app' is everywhere."""


def actions_of(where: str) -> tuple[Action, ...]:
    """Return the actions of one screen, none for one that isn't known."""
    return _ACTIONS.get(where, ())


def bindings(where: str) -> list[BindingType]:
    """Return the key bindings of a screen, as Textual wants them."""
    from textual.binding import Binding

    return [
        Binding(
            action.key,
            action.method,
            action.label,
            show=action.footer,
            tooltip=action.help,
            id=action.id if where in {"lab", "app"} else f"{where}.{action.id}",
        )
        for action in actions_of(where)
    ]
