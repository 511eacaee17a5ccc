"""`tunelab init`: the lecture's figures and the book's, however the sizes are spelt."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from commandline import Outcome, recorded, run_cli, write_npz
from conftest import MakeExamples

FIELDS = {"layer", "fan_in", "units", "predicted_std", "sampled_std", "saturated_share", "mean_sigma_prime"}


def lines(*arguments: str | Path) -> list[dict[str, Any]]:
    """What `tunelab init --json` prints."""
    outcome = run_cli("init", *arguments, "--json")
    assert outcome.code == 0, outcome
    assert recorded() == []
    return outcome.events


def table(*arguments: str) -> Outcome:
    """What `tunelab init` prints for people."""
    outcome = run_cli("init", *arguments)
    assert outcome.code == 0, outcome
    return outcome


def test_fields_are_those_of_the_contract_a_line_a_layer() -> None:
    found = lines("784,30,10", "--weights", "scaled")
    assert [(line["layer"], line["fan_in"], line["units"]) for line in found] == [(1, 784, 30), (2, 30, 10)]
    for line in found:
        assert line.keys() >= FIELDS
        assert line["sampled_std"] == pytest.approx(line["predicted_std"], rel=0.05)
        assert 0 <= line["saturated_share"] <= 1
        assert 0 < line["mean_sigma_prime"] <= 0.25


def test_the_lectures_two_cases() -> None:
    """1,000 inputs, 500 of them on: √501 with standard weights, √(3/2) with scaled ones."""
    standard, scaled = lines("1000", "--active", "500")
    assert (standard["weights"], scaled["weights"]) == ("standard", "scaled")
    assert standard["predicted_std"] == pytest.approx(math.sqrt(501), rel=1e-6)
    assert scaled["predicted_std"] == pytest.approx(math.sqrt(3 / 2), rel=1e-6)
    assert standard["sampled_std"] == pytest.approx(math.sqrt(501), rel=0.03)
    assert scaled["sampled_std"] == pytest.approx(math.sqrt(3 / 2), rel=0.03)
    assert standard["saturated_share"] > 0.8
    assert scaled["saturated_share"] < 0.03
    assert standard["mean_sigma_prime"] < scaled["mean_sigma_prime"] / 8


@pytest.mark.parametrize("active", [0, 1, 250, 1000])
def test_inputs_that_are_on(active: int) -> None:
    standard, scaled = lines("1000,100", "--active", str(active))
    assert standard["predicted_std"] == pytest.approx(math.sqrt(active + 1))
    assert scaled["predicted_std"] == pytest.approx(math.sqrt(active / 1000 + 1))


def test_half_the_inputs_are_on_if_not_said() -> None:
    one = ["1000,100", "--weights", "scaled"]
    assert lines(*one) == lines(*one, "--active", "500")


@pytest.mark.parametrize(
    "spelt",
    [["20,5,2"], ["20", "5", "2"], ["20, 5, 2"], ["20x5x2"], ["20-5-2"], ["20→5→2"], ["20 -> 5 -> 2"], ["20,", "5,2"]],
    ids=" ".join,
)
def test_sizes_however_they_are_spelt(spelt: list[str]) -> None:
    found = lines(*spelt, "--weights", "zeros")
    assert [(line["fan_in"], line["units"]) for line in found] == [(20, 5), (5, 2)]


def test_one_number_is_the_inputs_of_one_neuron() -> None:
    (line,) = lines("20", "--weights", "zeros")
    assert (line["fan_in"], line["units"]) == (20, 1)


def test_without_sizes_it_is_the_books_network() -> None:
    assert {(line["fan_in"], line["units"]) for line in lines()} == {(784, 30), (30, 10)}


def test_weights_may_be_repeated_and_biases_chosen() -> None:
    found = lines("100", "--weights", "he-normal", "--weights", "truncated", "--biases", "zeros")
    assert [line["weights"] for line in found] == ["he-normal", "truncated"]
    assert found[0]["predicted_std"] == pytest.approx(math.sqrt(2 * 50 / 100))
    assert found[1]["predicted_std"] == pytest.approx(math.sqrt(50 / 100))


def test_dead_relus_are_saturated_ones() -> None:
    first, _ = lines("100,30,10", "--weights", "he-normal", "--activation", "relu")
    assert first["saturated_share"] == pytest.approx(0.5, abs=0.02)
    assert "ReLU" in first["saturated_where"]


def test_the_same_seed_samples_the_same() -> None:
    first, again, other = (lines("500,100", "--weights", "scaled", "--seed", seed) for seed in ("4", "4", "5"))
    assert first == again != other


def test_real_inputs_bring_their_sizes(tmp_path: Path, make_examples: MakeExamples) -> None:
    npz = write_npz(tmp_path / "mine.npz", make_examples(60, 16), make_examples(10, 16))
    found = lines("--data", npz, "--weights", "scaled")
    assert [(line["fan_in"], line["units"]) for line in found] == [(16, 30), (30, 3)]
    assert [line["fan_in"] for line in lines("16,7", "--data", npz, "--weights", "scaled")] == [16]


def test_the_table_says_what_was_assumed() -> None:
    out = table("1000,100", "--active", "500").out
    assert "500 of 1,000 inputs at 1" in out
    assert "22.4" in out
    assert "1.22" in out
    assert "saturated: |z| > 2.94" in out


def test_plot_draws_every_layer() -> None:
    plain, plotted = table("200,100").out, table("200,100", "--plot").out
    assert plotted.startswith(plain)
    assert len(plotted.splitlines()) > len(plain.splitlines()) + 10
    assert "\x1b" not in plotted


def test_the_figures_on_mnist(mnist_directory: Path) -> None:
    """Mean ‖x‖² of the first thousand images is close to the whole set's 86.2, from which √87.2 is predicted."""
    standard, _, scaled, _ = lines("784,30,10", "--data", mnist_directory)
    assert standard["predicted_std"] == pytest.approx(9.3, abs=0.15)
    assert standard["sampled_std"] == pytest.approx(9.0, abs=0.45)
    assert standard["saturated_share"] == pytest.approx(0.73, abs=0.03)
    assert standard["mean_sigma_prime"] == pytest.approx(0.045, abs=0.005)
    assert scaled["predicted_std"] == pytest.approx(1.05, abs=0.01)
    assert scaled["sampled_std"] == pytest.approx(0.99, abs=0.08)
    assert scaled["saturated_share"] == pytest.approx(0.001, abs=0.006)
    assert scaled["mean_sigma_prime"] == pytest.approx(0.205, abs=0.005)
