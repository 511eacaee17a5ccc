"""Pages to take home: of a run, a strategy, a sweep; charts as files; a run in a notebook."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from commandline import run_cli
from screens import written_run
from scripted_trainer import scripted, three_classes
from test_sweep import plan_of, preset, swept
from tunelab import BadInput, Experiment, Run, paths
from tunelab.strategy.runner import begin, run_to_the_end
from tunelab.tui.charts import ChartSpec, Series
from tunelab.tui.state.strategy_files import write_report

__all__ = ["preset"]

pytest.importorskip("matplotlib")

_VOID = {"meta", "br", "hr", "img", "link", "input", "path", "use", "rect", "stop"}


class Page(HTMLParser):
    """A page read: its text, its tables, its charts; refuses what isn't closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tables: list[list[list[str]]] = []
        self.svgs: list[str] = []
        self.words = ""
        self.outside: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        given = dict(attrs)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.outside += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        if tag == "svg":
            self.svgs.append(given.get("aria-label") or "")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("td", "th"):
            self.tables[-1][-1][-1] += data
        elif "style" not in self.open:
            self.words += data


def stands_alone(text: str) -> Page:
    """Read a page, and see that it needs nothing else and hides nothing."""
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert "script" not in page.tags
    assert all(place.startswith("#") for place in page.outside)  # no link leads out of it
    assert not re.findall(r"url\((?!#)", text)
    assert len(page.ids) == len(set(page.ids))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    return page


def test_the_page_of_a_run_has_its_verdict_its_arms_its_curves_and_the_way_to_repeat_it(tmp_path: Path) -> None:
    run = written_run(preset=_NAMED)
    done = run_cli("report", run.name, "--to", str(tmp_path / "run.html"))
    assert (done.code, done.out) == (0, "")
    page = stands_alone((tmp_path / "run.html").read_text("utf-8"))
    assert page.tables[0][0][0] == "arm"
    assert [row[0] for row in page.tables[0][1:]] == ["old <b>&", "new"]
    assert "± is the standard deviation over 3 seeds" in page.words
    assert len(page.svgs) >= 2
    assert any("ost" in label for label in page.svgs)
    assert f"tunelab replay {run.name}" in page.words
    assert "eta = 0.1" in page.words
    assert "var(--arm0)" in (tmp_path / "run.html").read_text("utf-8")


_NAMED = """
title = "Old & new <first weights>"
[data]
name = "digits"
train = 1000
evaluation = 200
[network]
hidden = []
[initialization]
seeds = 3
[training]
eta = 0.1
epochs = 4
[[arm]]
name = "old <b>&"
[[arm]]
name = "new"
"""


def test_without_a_file_the_page_is_on_stdout_and_the_same_each_time() -> None:
    run = written_run()
    first, second = (run_cli("report", run.name).out for _ in range(2))
    assert first == second
    stands_alone(first)


def test_the_page_of_a_strategy_begins_with_what_was_gained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tunelab.search.eta.range_test", lambda *_, **__: SimpleNamespace(text=""), raising=False)
    table = three_classes(tmp_path / "table.csv", 900)
    asked = Experiment(data={"name": str(table)}, network={"hidden": [8]}, training={"eta": 0.01, "epochs": 3})
    begin(paths.studies() / "mine", asked, seeds=2)
    state = run_to_the_end(
        paths.studies() / "mine", trainer=scripted(lambda e: 0.9 if 0.1 < e.training.eta < 20 else 0.6)
    )
    write_report(paths.studies() / "mine", state)
    page = stands_alone(run_cli("report", "mine").out)
    assert "Began at 60.0" in page.words
    assert "tunelab tune --study mine" in page.words
    stages = page.tables[0]
    assert stages[0] == ["stage", "decided", "on your problem"]
    assert len(stages) == 1 + len(state.stages)
    assert page.svgs[0].startswith("Accuracy in % by stage")


def test_the_page_of_a_sweep_has_its_best_trials(preset: Path) -> None:
    swept("grid", plan_of(preset, "eta=0.1,0.5", epochs=2))
    page = stands_alone(run_cli("report", "grid").out)
    assert "Best: trial" in page.words
    assert page.tables[0][0][:3] == ["trial", "", "η"]
    assert any("by η" in label for label in page.svgs)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("report", "nothing-of-that-name"), "there is no run or study 'nothing-of-that-name'"),
        (("report", "x", "--to", "page.pdf"), "--to takes a file that ends in .html"),
        (("runs", "export", "RUN", "--format", "png"), "--format png writes pixels, which need a file"),
    ],
)
def test_what_cant_be_is_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    run = written_run()
    done = run_cli(*(run.name if word == "RUN" else word for word in words))
    assert done.code == 2
    assert sentence in done.err
    assert done.out == ""


def test_without_matplotlib_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = written_run()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    for words in (["report", run.name], ["runs", "export", run.name, "--format", "svg"]):
        done = run_cli(*words, "--to", str(tmp_path / "page.html"))
        assert done.code == 2
        assert "pip install 'tunelab[plots]'" in done.err
        assert not (tmp_path / "page.html").exists()


def test_charts_are_exported_as_svg_and_png(tmp_path: Path) -> None:
    run = written_run()
    svg = run_cli("runs", "export", run.name, "--format", "svg").out
    assert svg.startswith("<?xml")
    assert "new: N(0, 1/n)" in svg
    assert run_cli("runs", "export", run.name, "--format", "png", "--to", str(tmp_path / "a.png")).code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_numbers_that_arent_finite_leave_a_gap() -> None:
    from tunelab.tui.charts.figures import inline_svg

    lines = Series([1, 2, 3, 4], [1.0, float("nan"), float("inf"), 2.0], "a"), Series([1], [1e300], "b", 1)
    assert inline_svg(ChartSpec("t", series=lines)).startswith("<svg")
    assert "No numbers yet" in inline_svg(ChartSpec("t"))


def test_a_browser_shows_the_page_whole(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser is installed")
    run, page = written_run(), tmp_path / "run.html"
    run_cli("report", run.name, "--to", str(page))
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    seen = subprocess.run(
        [*words, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Old and new first weights" in seen.stdout
    assert seen.stdout.count("<figure>") >= 2


def test_a_run_in_a_notebook_is_a_frame_and_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    run = written_run(measures=lambda _arm, epoch: {"training_cost": None} if epoch == 3 else {})
    frame = run.to_frame()
    assert frame.columns[:3] == ["arm", "epoch", "examples"]
    assert frame.height == 40
    assert frame["training_cost"].null_count() == 2
    assert "layer_z_rms_1" in frame.columns
    page = Page(run._repr_html_())
    assert len(page.svgs) == 2
    assert [row[0].strip("● ") for row in page.tables[0][1:]] == ["old: N(0, 1)", "new: N(0, 1/n)"]
    monkeypatch.setattr("tunelab.records.notebook.find_spec", lambda _name: None)
    with pytest.raises(BadInput, match="needs polars or pandas"):
        Run(run.name).to_frame()
