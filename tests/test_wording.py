"""How sentences are worded: numbers agree with their nouns."""

from __future__ import annotations

import pytest
from tunelab.wording import did_you_mean, masked_url, quantity


@pytest.mark.parametrize(
    ("n", "text"),
    [(0, "0 arms"), (1, "1 arm"), (2, "2 arms"), (1000, "1,000 arms"), (1.0, "1 arm"), (0.5, "0.5 arms")],
)
def test_a_count_agrees_with_its_noun(n: float, text: str) -> None:
    assert quantity(n, "arm") == text


def test_a_plural_of_its_own() -> None:
    assert [quantity(n, "class", "classes") for n in (1, 3)] == ["1 class", "3 classes"]


def test_the_nearest_word_is_suggested_and_nothing_far_away() -> None:
    assert did_you_mean("etta", ["eta", "beta"]) == " (did you mean 'eta'?)"
    assert did_you_mean("xyz", ["eta"]) == ""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:secret@host:5432/db", "postgresql://me:…@host:5432/db"),
        ("mysql+pymysql://me:a:b@host/db", "mysql+pymysql://me:…@host/db"),
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("sqlite:///shared.db", "sqlite:///shared.db"),
    ],
)
def test_a_password_in_a_url_is_never_shown(url: str, shown: str) -> None:
    assert masked_url(url) == shown
