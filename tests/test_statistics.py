"""Chance, noise and differences, against the numbers that scipy 1.17 gives."""

from __future__ import annotations

import math
import random

import pytest
from tunelab import statistics as st


@pytest.mark.parametrize(
    ("k", "n", "p", "at_least", "at_most"),
    [
        (1, 10, 0.1, 0.6513215599000001, 0.7360989291),
        (15, 100, 0.1, 0.07257296526488073, 0.9601094728889165),
        (113, 1000, 0.1, 0.09540800627807745, 0.9207012361232477),
        (1135, 10000, 0.1135, 0.5046680699275748, 0.5079078688714681),
        (1250, 10000, 0.1135, 0.000183362237569501, 0.9998369259250424),
        (9000, 10000, 0.85, 1.7086870597366813e-49, 1.0),
        (3, 3, 0.5, 0.125, 1.0),
        (60, 100, 0.5, 0.028443966820490444, 0.9823998998911476),
        (700, 1000, 0.95, 1.0, 7.741905136032067e-143),
        (0, 5, 0.3, 1.0, 0.16807000000000002),
    ],
)
def test_both_tails_of_the_binomial(k: int, n: int, p: float, at_least: float, at_most: float) -> None:
    result = st.binomial_test(k, n, p)
    assert result.pvalue == pytest.approx(at_least, rel=1e-8)
    assert result.pvalue_below == pytest.approx(at_most, rel=1e-8)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 7, 100])
def test_the_tail_is_the_exact_sum(n: int, p: float) -> None:
    for k in range(n + 2):
        exact = math.fsum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))
        assert st.binomial_sf(k, n, p) == pytest.approx(exact, rel=1e-9)


def test_tails_at_their_ends() -> None:
    assert (st.binomial_sf(0, 5, 0.0), st.binomial_sf(1, 5, 0.0), st.binomial_sf(6, 5, 0.5)) == (1, 0, 0)
    assert (st.binomial_sf(5, 5, 1.0), st.binomial_cdf(4, 5, 1.0), st.binomial_cdf(-1, 5, 0.5)) == (1, 0, 0)


@pytest.mark.parametrize(
    ("t", "df", "pvalue"),
    [
        (1, 1, 0.5),
        (2.5, 2.0, 0.12961172022151082),
        (2.5, 3.7, 0.07182202291182678),
        (-0.3, 17.25, 0.7677622453272596),
        (12.7062, 1, 0.0500000185607104),
        (4, 120.5, 0.00010971208080964208),
        (1.96, 1e9, 0.049995790573729625),
        (40, 4, 2.3340163226012678e-06),
        (0.001, 0.5, 0.9994606476684875),
    ],
)
def test_students_t_with_real_degrees_of_freedom(t: float, df: float, pvalue: float) -> None:
    assert st.t_pvalue(t, df) == pytest.approx(pvalue, rel=1e-7)


@pytest.mark.parametrize(
    ("level", "df", "t"),
    [
        (0.05, 1, 12.706204736174705),
        (0.05, 2, 4.302652729749464),
        (0.05, 2.6, 3.4781824106911317),
        (0.05, 3.1416, 3.1028176971658596),
        (0.001, 4, 8.610301581379275),
        (0.0125, 7.5, 3.2652812979924897),
        (0.05, 30, 2.042272456301238),
        (0.05, math.inf, 1.959963984540054),
    ],
)
def test_quantiles_of_students_t(level: float, df: float, t: float) -> None:
    assert st.t_quantile(level, df) == pytest.approx(t, rel=1e-9)


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (0, 10, 0.0, 0.27753279986288926),
        (10, 10, 0.7224672001371109, 1.0),
        (30, 30, 0.8864866068260312, 1.0),
        (95, 100, 0.8882495307680809, 0.978456320845632),
        (9537, 10000, 0.9494043355656254, 0.9576472243128227),
    ],
)
def test_wilsons_interval(correct: int, total: int, low: float, high: float) -> None:
    interval = st.wilson_interval(correct, total)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=1e-12)
    assert correct / total in interval


A, B = [0.91, 0.93, 0.92], [0.90, 0.89, 0.91]
C, D = [0.912, 0.934, 0.921, 0.95], [0.85, 0.90]


def test_the_paired_t_test() -> None:
    result = st.paired_difference(A, B)
    assert result.pvalue == pytest.approx(0.18350341907227397)
    assert (result.interval.low, result.interval.high) == pytest.approx((-0.023026527297494638, 0.06302652729749467))
    assert (result.method, result.df, result.n, result.beyond_noise) == ("paired", 2, 3, False)


@pytest.mark.parametrize(
    ("first", "second", "df", "pvalue", "low", "high"),
    [
        (A, B, 4.0, 0.07048399691021992, -0.002669579355275193, 0.042669579355275225),
        (C, D, 1.2253829175352249, 0.24989677021083542, -0.16482530589801955, 0.27332530589801984),
        (C, A, 4.8948723449903495, 0.4016574630468873, -0.016824111802049485, 0.03532411180204967),
    ],
)
def test_welchs_degrees_of_freedom_are_not_rounded(
    first: list[float], second: list[float], df: float, pvalue: float, low: float, high: float
) -> None:
    result = st.welch_difference(first, second)
    assert (result.df, result.pvalue) == pytest.approx((df, pvalue))
    assert (result.interval.low, result.interval.high) == pytest.approx((low, high))


def test_the_mean_of_some_seeds() -> None:
    result = st.mean(C)
    assert result.error == pytest.approx(0.008260094833999572)
    assert (result.interval.low, result.interval.high) == pytest.approx((0.9029626917142451, 0.9555373082857551))
    assert math.isnan(st.mean([0.5]).half_width)


@pytest.mark.parametrize(
    ("b", "c", "pvalue"), [(10, 2, 0.03857421875), (5, 5, 1.0), (0, 7, 0.015625), (40, 60, 0.05688793364098089)]
)
def test_mcnemars_exact_test(b: int, c: int, pvalue: float) -> None:
    result = st.mcnemar(b, c, 200)
    assert result.pvalue == pytest.approx(pvalue)
    assert result.difference == (b - c) / 200
    assert st.mcnemar(0, 0, 200).pvalue == 1.0


def test_corrections_for_several_comparisons() -> None:
    assert st.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert st.bonferroni([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.16, 0.12, 1.0])
    alone = st.paired_difference(A, B)
    among = alone.among(10)
    assert among.pvalue == 1.0
    assert among.half_width == pytest.approx(st.t_quantile(0.005, 2) * alone.error)


def test_a_sample_a_seed_chooses_its_test() -> None:
    pair = [0.9, 0.92, 0.91], [0.8, 0.83, 0.81]
    paired, unpaired = (st.sample_difference(*pair, paired=paired, total=1000) for paired in (True, False))
    assert paired is not None
    assert unpaired is not None
    assert (paired.method, unpaired.method) == ("paired", "unpaired")
    assert paired.pvalue < unpaired.pvalue  # the luck that seeds share is gone
    summary = st.accuracy_difference(*(st.Accuracy(st.mean(a).mean, st.mean(a).error * 3**0.5, 3, 1000) for a in pair))
    assert (summary.df, summary.pvalue) == pytest.approx((unpaired.df, unpaired.pvalue))
    one = st.sample_difference([0.95], [0.90], paired=True, total=100)
    assert one is not None
    assert one.method == "examples"
    assert not one.beyond_noise
    assert st.sample_difference([1.0], [2.0], paired=True) is None  # a cost, once


def test_seeds_that_agree_are_no_certainty() -> None:
    same = st.paired_difference([0.9, 0.9], [0.88, 0.88])
    assert (same.error, same.pvalue) == (0.0, 0.0)
    assert st.paired_difference([0.9, 0.9], [0.9, 0.9]).pvalue == 1.0
    bounded = st.paired_difference([0.9, 0.9], [0.88, 0.88], least_std=st.resolution_error(50))
    assert bounded.error == pytest.approx(0.02 / math.sqrt(12 * 2))
    assert not bounded.beyond_noise
    assert not st.welch_difference([0.9, 0.9], [0.88, 0.88], least_std=st.resolution_error(10)).beyond_noise


@pytest.mark.parametrize("test", [st.paired_difference, st.welch_difference])
def test_noise_is_called_a_difference_as_often_as_it_says(test) -> None:  # type: ignore[no-untyped-def]
    draw = random.Random(1)
    calls = sum(
        test([draw.gauss(0, 1) for _ in range(4)], [draw.gauss(0, 1) for _ in range(4)]).beyond_noise
        for _ in range(2000)
    )
    assert 60 <= calls <= 140  # 100 ± 10 of two thousand; Welch's is a little careful with so few


def test_better_and_worse_than_chance() -> None:
    assert st.binomial_test(60, 100, 0.1).better_than_chance()
    assert not st.binomial_test(15, 100, 0.1).better_than_chance()
    least = st.fewest_correct(100, 0.1)
    assert st.binomial_test(least, 100, 0.1).better_than_chance()
    assert not st.binomial_test(least - 1, 100, 0.1).better_than_chance()
    assert not st.binomial_test(least, 100, 0.1).better_than_chance(tries=50)
    assert st.fewest_correct(2, 0.5) == 3  # two of two is no proof
    assert st.binomial_test(2, 300, 0.1).worse_than_chance()
    assert not st.binomial_test(25, 300, 0.1).worse_than_chance()


def test_the_error_of_an_accuracy() -> None:
    assert st.accuracy_error(0.9, 100) == pytest.approx(0.03)
    assert st.accuracy_error(1.0, 100) == st.accuracy_error(0.995, 100) > 0
    one, several = st.Accuracy(0.9, 0.0, 1, 100), st.Accuracy(0.9, 0.08, 4, 100)
    assert one.error == pytest.approx(0.03)
    assert several.error == pytest.approx(0.05)
    assert one.text == "90.0 ± 3.0 %"
    result = st.accuracy_difference(st.Accuracy(0.95, 0, 1, 100), st.Accuracy(0.9, 0, 1, 100))
    assert result.error == pytest.approx(math.hypot(0.03, math.sqrt(0.95 * 0.05 / 100)))
    assert not result.beyond_noise
