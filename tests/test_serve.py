"""`tunelab serve`: refusals and warnings in a sentence; the page is this lab's own."""

from __future__ import annotations

import asyncio
import sys

import pytest
from commandline import refused, run_cli


def test_without_its_extra_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tunelab.tui.cli.lab_server", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert "pip install 'tunelab[serve]'" in refused(run_cli("serve"))


def test_slips_are_said_before_anything_is_served() -> None:
    assert "did you mean 'first-look'" in refused(run_cli("serve", "first-lok"))
    assert "--port" in refused(run_cli("serve", "--port", "0"))


@pytest.mark.parametrize(("host", "warned"), [("localhost", False), ("127.0.0.1", False), ("0.0.0.0", True)])
def test_only_an_open_address_is_warned_of(host: str, warned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    server = pytest.importorskip("tunelab.tui.cli.lab_server", reason="textual-serve isn't installed")
    monkeypatch.setattr(server.LabServer, "serve", lambda self: None)
    outcome = run_cli("serve", "first-look", "--host", host)
    assert outcome.code == 0, outcome
    assert ("no password" in outcome.err) == warned


def test_another_sites_page_is_turned_away() -> None:
    server = pytest.importorskip("tunelab.tui.cli.lab_server", reason="textual-serve isn't installed")
    from aiohttp import web
    from aiohttp.test_utils import make_mocked_request

    lab = server.LabServer("true", "localhost", 8000)
    for headers in ({}, {"Origin": "http://elsewhere.example"}, {"Origin": "http://localhost:8001"}):
        with pytest.raises(web.HTTPForbidden):
            asyncio.run(lab.handle_websocket(make_mocked_request("GET", "/ws", headers=headers)))
