"""What the library's public names say of themselves: every one has an example, and every example is run."""

from __future__ import annotations

import doctest
import inspect
from typing import Any

import pytest
import tunelab
from small_runs import trained
from tunelab.experiment.preset import parse

PRESET = """
[data]
train = 200
evaluation = 100
[network]
hidden = [8]
[training]
epochs = 2
[[arm]]
name = "η = 0.1"
training.eta = 0.1
[[arm]]
name = "η = 0.5"
training.eta = 0.5
"""


def examples_of(name: str) -> list[doctest.DocTest]:
    """The examples in the docstrings of a public name and of its methods."""
    public = getattr(tunelab, name)
    scope = vars(inspect.getmodule(public)) | {name: getattr(tunelab, name) for name in tunelab.__all__}
    return doctest.DocTestFinder(exclude_empty=True).find(public, name, globs=scope)


@pytest.fixture
def _last_run() -> None:
    """The run that examples call 'last'."""
    trained(parse(PRESET, "two-etas", "two-etas"))


@pytest.mark.usefixtures("_last_run")
@pytest.mark.parametrize("name", ["tunelab", *tunelab.__all__])
def test_every_public_name_has_an_example_that_does_what_it_says(name: str) -> None:
    tests: list[Any] = (
        [doctest.DocTestParser().get_doctest(tunelab.__doc__ or "", {}, name, None, None)]
        if name == "tunelab"
        else examples_of(name)
    )
    assert any(test.examples for test in tests)
    said: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for test in tests:
        runner.run(test, out=said.append)
    assert runner.failures == 0, "".join(said)


@pytest.mark.parametrize("name", tunelab.__all__)
def test_every_public_name_says_what_it_is(name: str) -> None:
    public = getattr(tunelab, name)
    assert len(inspect.getdoc(public) or "") > 200
    for method, function in inspect.getmembers(public, inspect.isfunction):
        if not method.startswith("_") and function.__module__.startswith("tunelab"):
            assert inspect.getdoc(function), f"{name}.{method}"
