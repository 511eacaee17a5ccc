"""`tunelab serve`: nobody gets in without the secret, junk is closed in silence, and a lab ends with its tab."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from commandline import refused, run_cli
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("textual_serve", reason="textual-serve isn't installed")
from aiohttp import ClientResponse, ClientWebSocketResponse, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer
from tunelab.tui.cli import lab_server, lab_session
from tunelab.tui.cli.lab_server import MAX_SESSIONS, LabServer
from tunelab.tui.cli.lab_session import MAX_SIZE, clamp_size

# Says how large its screen is and which its process is, then what it gets; ends when asked to
_LAB = """
import json, os, sys
def draw(text): os.write(1, b"D" + len(text).to_bytes(4, "big") + text)
os.write(1, b"__GANGLION__\\n")
draw(json.dumps([int(os.environ["COLUMNS"]), int(os.environ["ROWS"]), os.getpid()]).encode())
while True:
    head = sys.stdin.buffer.read(5)
    packet = sys.stdin.buffer.read(int.from_bytes(head[1:], "big"))
    if len(head) < 5 or (head[:1] == b"M" and json.loads(packet)["type"] == "quit"): break
    draw(head[:1] + packet)
"""
# Has a child of its own, and neither ends when it is asked to nor at SIGTERM
_STUBBORN = """
import json, os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = os.fork()
if child:
    text = json.dumps([os.getpid(), child]).encode()
    os.write(1, b"__GANGLION__\\nD" + len(text).to_bytes(4, "big") + text)
time.sleep(600)
"""


def _serving(work: Callable[[LabServer, TestClient], Awaitable[None]], program: str = _LAB) -> None:
    async def serve() -> None:
        lab = LabServer([sys.executable, "-S", "-E", "-c", program], "localhost", 8000)
        async with TestClient(TestServer(lab.application())) as client:
            await work(lab, client)

    asyncio.run(serve())


async def _enter(lab: LabServer, client: TestClient) -> ClientResponse:
    return await client.get("/", params={"secret": lab.secret})


def _origin(client: TestClient) -> dict[str, str]:
    return {"Origin": f"http://{client.host}:{client.port}"}


async def _drawn_by(tab: ClientWebSocketResponse) -> list[int]:
    return json.loads(await tab.receive_bytes())


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_without_its_extra_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tunelab.tui.cli.lab_server", raising=False)
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    assert "pip install 'tunelab[serve]'" in refused(run_cli("serve"))


def test_slips_are_reported_before_anything_is_served() -> None:
    assert "did you mean 'first-look'" in refused(run_cli("serve", "first-lok"))
    assert "--port" in refused(run_cli("serve", "--port", "0"))
    assert "can't be listened on: cannot assign" in refused(run_cli("serve", "--host", "192.0.2.1"))
    assert "no machine of this name" in refused(run_cli("serve", "--host", "no.such.name.invalid"))


@pytest.mark.parametrize(("host", "warned"), [("localhost", False), ("127.0.0.1", False), ("0.0.0.0", True)])
def test_the_url_holds_a_secret_and_only_an_open_address_is_warned_of(
    host: str, warned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ready_at_once(_: LabServer, ready: Callable[[], None]) -> None:
        ready()

    monkeypatch.setattr(LabServer, "serve", ready_at_once)
    outcomes = [run_cli("serve", "first-look", "--host", host) for _ in range(2)]
    assert all(outcome.code == 0 for outcome in outcomes), outcomes
    assert all(("without encryption" in outcome.err) == warned for outcome in outcomes)
    secrets = [outcome.err.partition("?secret=")[2].split()[0] for outcome in outcomes]
    assert len(set(secrets)) == 2
    assert min(map(len, secrets)) >= 32


_PATHS = ["/", "/ws", "/static/js/textual.js", "/static/", "/download/x", "/favicon.ico", "/static/../server.py"]


@pytest.mark.parametrize("path", _PATHS)
@pytest.mark.parametrize("offer", ["nothing", "wrong", "empty", "not ascii", "cookie", "prefix"])
def test_nobody_gets_in_without_the_secret(path: str, offer: str) -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        offers: dict[str, Any] = {
            "nothing": {},
            "wrong": {"params": {"secret": "x" * len(lab.secret)}},
            "empty": {"params": {"secret": ""}},
            "not ascii": {"params": {"secret": "η"}},
            "cookie": {"cookies": {"tunelab-8000": "wrong"}},
            "prefix": {"params": {"secret": lab.secret[:-1]}},
        }
        answer = await client.get(path, headers=_origin(client), **offers[offer])
        assert answer.status == 403
        assert lab.secret not in await answer.text() + str(answer.headers)

    _serving(work)


def test_the_printed_url_opens_page_files_and_websocket_under_either_name_of_this_machine() -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        page = await _enter(lab, client)
        text = await page.text()
        assert page.status == 200
        assert "<title>tunelab</title>" in text
        assert lab.secret not in text
        assert "HttpOnly" in page.headers["Set-Cookie"]
        assert "SameSite=Strict" in page.headers["Set-Cookie"]
        assert re.findall(r"//[\w.:]+", text) == [f"//{client.host}:{client.port}"]  # nothing from anywhere else
        assert "default-src 'self'" in page.headers["Content-Security-Policy"]
        for name in ("/static/js/textual.js", "/static/css/xterm.css"):
            assert (await client.get(name)).status == 200
        for name in ("127.0.0.1", "localhost"):
            headers = {"Host": f"{name}:1234", "Origin": f"http://{name}:1234"}
            async with client.ws_connect("/ws?width=90&height=30", headers=headers) as tab:
                assert (await _drawn_by(tab))[:2] == [90, 30]

    _serving(work)


@pytest.mark.parametrize("origin", [None, "http://elsewhere.example", "http://127.0.0.1:1", "null", "http://[junk"])
def test_another_sites_page_is_turned_away_though_the_browser_sends_the_cookie(origin: str | None) -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        with pytest.raises(WSServerHandshakeError, match="403"):
            await client.ws_connect("/ws", headers={"Origin": origin} if origin else {})

    _serving(work)


def test_no_screen_is_larger_than_the_largest() -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        async with client.ws_connect("/ws?width=1000000&height=99999999999", headers=_origin(client)) as tab:
            assert (await _drawn_by(tab))[:2] == list(MAX_SIZE)
            await tab.send_json(["resize", {"width": 10**9, "height": -5}])
            assert json.loads((await tab.receive_bytes())[1:]) == {"type": "resize", "width": 500, "height": 5}
            await tab.send_json(["stdin", "η"])
            assert await tab.receive_bytes() == b"D" + "η".encode()
            await tab.send_json(["ping", 7])
            assert await tab.receive_json() == ["pong", 7]

    _serving(work)


def test_so_many_labs_and_no_more_and_each_ends_with_its_tab() -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        tabs = [await client.ws_connect("/ws", headers=_origin(client)) for _ in range(MAX_SESSIONS)]
        processes = [(await _drawn_by(tab))[2] for tab in tabs]
        with pytest.raises(WSServerHandshakeError, match="503"):
            await client.ws_connect("/ws", headers=_origin(client))
        for tab in tabs:
            await tab.close()
        await _until(lambda: not any(map(_alive, processes)))
        await _until(lambda: not lab.sessions)
        async with client.ws_connect("/ws", headers=_origin(client)) as tab:
            await _drawn_by(tab)

    _serving(work)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_a_lab_that_ignores_everything_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_session, "_GRACE", 0.1)

    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        tab = await client.ws_connect("/ws", headers=_origin(client))
        group = await _drawn_by(tab)
        assert all(map(_alive, group))
        await tab.close()
        await _until(lambda: not any(map(_alive, group)))

    _serving(work, _STUBBORN)


def test_a_server_that_ends_takes_its_labs_along() -> None:
    processes = []

    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        tab = await client.ws_connect("/ws", headers=_origin(client))
        processes.append((await _drawn_by(tab))[2])

    _serving(work)
    assert not any(map(_alive, processes))


def test_a_lab_without_a_key_for_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab_server, "_IDLE", 0.2)

    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        async with client.ws_connect("/ws", headers=_origin(client)) as tab:
            await _drawn_by(tab)
            assert (await tab.receive(timeout=5)).type.name == "CLOSE"

    _serving(work)


_JUNK = [
    *("", "[]", "{}", "null", "7", '"stdin"', '["stdin"]', '["stdin", 7]', '["stdin", null]', '["resize"]'),
    *('["resize", 7]', '["resize", {}]', '["resize", {"width": null, "height": 3}]', "[" * 100_000),
    *('["resize", {"width": NaN, "height": 1}]', '["resize", {"width": Infinity, "height": 1}]', '["ping", "x"]'),
    *(b"", b"\xff\x00", '["ping", {}]', "x" * 2_000_000),
]


def test_junk_is_closed_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        for junk in _JUNK:
            async with client.ws_connect("/ws", headers=_origin(client)) as tab:
                await _drawn_by(tab)
                await (tab.send_bytes(junk) if isinstance(junk, bytes) else tab.send_str(junk))
                assert (await tab.receive(timeout=5)).type.name in ("CLOSE", "CLOSED"), junk[:60]
        for query in ("width=x", "height=", "width=1e3", "width=" + "9" * 5000):
            with pytest.raises(WSServerHandshakeError, match="400"):
                await client.ws_connect(f"/ws?{query}", headers=_origin(client))
        for junk in (b"\x00\xff" * 100, b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"x" * 100_000):
            reader, writer = await asyncio.open_connection(client.host, client.port)
            writer.write(junk)
            writer.write_eof()
            await asyncio.wait_for(reader.read(), 5)
            writer.close()

    _serving(work)
    assert capfd.readouterr() == ("", "")


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)


@settings(max_examples=25)
@given(_values, _values)
def test_whatever_size_is_asked_for_is_inside_the_bounds_or_refused(width: Any, height: Any) -> None:
    try:
        columns, rows = clamp_size(width, height)
    except (ValueError, TypeError, OverflowError):
        return
    assert 1 <= columns <= MAX_SIZE[0]
    assert 1 <= rows <= MAX_SIZE[1]


def test_hostile_messages_never_end_the_server(capfd: pytest.CaptureFixture[str]) -> None:
    kinds = st.sampled_from(["stdin", "resize", "focus", "blur", "ping", "quit"])
    messages = st.tuples(kinds, _values | st.dictionaries(st.sampled_from(["width", "height"]), _values))
    began = time.monotonic()

    async def work(lab: LabServer, client: TestClient) -> None:
        await _enter(lab, client)
        for message in _drawn(messages, 25):
            async with client.ws_connect("/ws", headers=_origin(client)) as tab:
                await _drawn_by(tab)
                await tab.send_str(json.dumps(message))
                await tab.send_json(["ping", 1])
                reply = await tab.receive(timeout=5)
                while reply.type.name == "BINARY":
                    reply = await tab.receive(timeout=5)
                assert reply.type.name in ("TEXT", "CLOSE")

    _serving(work)
    assert capfd.readouterr() == ("", ""), time.monotonic() - began


def _drawn(strategy: st.SearchStrategy[Any], number: int) -> list[Any]:
    drawn: list[Any] = []

    @settings(max_examples=number)
    @given(strategy)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    return drawn


def test_the_screen_of_a_browser_counts_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from tunelab.tui.cli.lab import has_screen

    monkeypatch.setitem(os.environ, "TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert has_screen()
