"""Fetching against a real server on this machine that cuts off, lies, ignores ranges and serves rubbish."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from tunelab import paths
from tunelab.data import download, fetch, idx, load, store
from tunelab.data.fetch import File, Source
from tunelab.errors import BadInput

IMAGES = idx.FILES[0] + ".gz"


def as_idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def contents() -> dict[str, bytes]:
    """A tiny MNIST whose pictures don't compress, so that a transfer takes several pieces."""
    rng = np.random.default_rng(0)
    arrays = (
        rng.integers(0, 256, (300, 28, 28)),
        np.arange(300) % 10,
        rng.integers(0, 256, (50, 28, 28)),
        np.arange(50) % 10,
    )
    return {name: as_idx(array) for name, array in zip(idx.FILES, arrays, strict=True)}


CONTENTS = contents()
PACKED = {f"{name}.gz": gzip.compress(content, mtime=0) for name, content in CONTENTS.items()}


@dataclass
class Server:
    """What the server holds and how it misbehaves; what it was asked."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(PACKED))
    cut_after: list[int] = field(default_factory=list)  # bytes sent of the pictures before each cut, then honest
    ignore_range: bool = False
    wrong_range: bool = False
    announce: int | None = None  # a lie about the length of the pictures
    say_length: bool = True
    status: list[int] = field(default_factory=list)  # answers before honest ones
    redirects: list[str] = field(default_factory=list)  # where it sends people before it is honest
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/mnist/"

    def ranges(self) -> list[str | None]:
        return [asked for name, asked in self.asked if name == IMAGES]


@pytest.fixture
def server() -> Iterator[Server]:
    behaviour = Server()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            asked = self.headers.get("Range")
            behaviour.asked.append((name, asked))
            if behaviour.status:
                self.send_error(behaviour.status.pop(0))
                return
            if behaviour.redirects:
                self.send_response(302)
                self.send_header("Location", behaviour.redirects.pop(0) + name)
                self.end_headers()
                return
            if name not in behaviour.files:
                self.send_error(404)
                return
            content = behaviour.files[name]
            start = 0
            if asked is not None and not behaviour.ignore_range:
                start = int(asked.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_error(416)
                    return
            self.send_response(206 if start else 200)
            if start:
                said = 0 if behaviour.wrong_range else start
                self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
            body = content[start:]
            pictures = name == IMAGES
            lie = behaviour.announce if pictures else None
            if behaviour.say_length:
                self.send_header("Content-Length", str(len(body) if lie is None else lie))
            self.end_headers()
            if pictures and behaviour.cut_after:
                body = body[: behaviour.cut_after.pop(0)]
            with contextlib.suppress(OSError):  # the other side may have had enough
                self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        behaviour.port = running.server_address[1]
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield behaviour
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _tiny_sets_and_no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    def unpacked(name: str) -> File:
        return File(name, len(CONTENTS[name]), hashlib.sha256(CONTENTS[name]).hexdigest())

    def packed(name: str) -> File:
        return File(name, len(CONTENTS[name]), hashlib.sha256(PACKED[f"{name}.gz"]).hexdigest(), packed=True)

    monkeypatch.setitem(fetch.SETS, "mnist", Source((), tuple(map(unpacked, idx.FILES))))
    monkeypatch.setitem(fetch.SETS, "fashion-mnist", Source((), tuple(map(packed, idx.FILES)), ("Shirt", "Bag")))
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0, 0.0))


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


def refused(source: str | None, name: str = "mnist", **options: bool) -> str:
    with pytest.raises(BadInput) as caught:
        fetch.fetch(name, source, quiet, **options)
    assert str(caught.value).isprintable()
    assert not (paths.datasets() / name).exists()
    return str(caught.value)


def arrived() -> None:
    """The set is here, is the right one, and nothing else is left lying about."""
    assert [path.name for path in paths.datasets().iterdir()] == ["mnist"]
    dataset = load("mnist")
    expected = np.frombuffer(CONTENTS[idx.FILES[0]], np.uint8, offset=16).reshape(300, 784)
    np.testing.assert_array_equal(np.vstack([dataset.training.inputs, dataset.validation.inputs]), expected)


def part() -> Path:
    return paths.datasets() / ".mnist.fetch" / f"{IMAGES}.part"


def test_an_honest_server(server: Server) -> None:
    heard: list[tuple[str, int, int]] = []
    place = fetch.fetch("mnist", server.url, lambda *said: heard.append(said))
    assert place == paths.datasets() / "mnist"
    arrived()
    of_pictures = [(done, total) for what, done, total in heard if what == IMAGES]
    assert len(of_pictures) > 2
    assert of_pictures == sorted(of_pictures)
    assert of_pictures[-1] == (len(PACKED[IMAGES]),) * 2


def test_what_is_here_and_intact_is_not_fetched_again(server: Server) -> None:
    fetch.fetch("mnist", server.url, quiet)
    before = len(server.asked)
    fetch.fetch("mnist", server.url, quiet)
    assert len(server.asked) == before


def test_what_is_here_and_altered_is_fetched_again(server: Server) -> None:
    place = fetch.fetch("mnist", server.url, quiet)
    pixels = place / "x_train.npy"
    spoilt = bytearray(pixels.read_bytes())
    spoilt[-1] ^= 1
    pixels.write_bytes(spoilt)
    assert not store.verify(place)
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_a_connection_that_breaks_off_is_taken_up_where_it_stopped(server: Server) -> None:
    server.cut_after = [70_000, 50_000, 1]
    fetch.fetch("mnist", server.url, quiet)
    arrived()
    assert server.ranges() == [None, "bytes=70000-", "bytes=120000-", "bytes=120001-"]


def test_a_server_that_never_finishes_leaves_a_part_that_goes_on_next_time(server: Server) -> None:
    server.cut_after = [70_000] + [0] * 3
    said = refused(server.url)
    assert "broke off after 70,000 of" in said
    assert "the same command goes on" in said
    assert part().stat().st_size == 70_000
    fetch.fetch("mnist", server.url, quiet)
    arrived()
    assert server.ranges()[-1] == "bytes=70000-"


def test_a_server_that_ignores_ranges_starts_over(server: Server) -> None:
    server.cut_after, server.ignore_range = [70_000], True
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_a_server_that_sends_another_range_starts_over(server: Server) -> None:
    server.cut_after, server.wrong_range = [70_000], True
    fetch.fetch("mnist", server.url, quiet)
    arrived()
    assert server.ranges() == [None, "bytes=70000-", None]


def test_a_part_that_was_spoilt_is_fetched_from_the_start(server: Server) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(b"x" * 1000)
    fetch.fetch("mnist", server.url, quiet)
    arrived()
    assert server.ranges() == ["bytes=1000-", None]


def test_a_part_longer_than_the_file_is_fetched_from_the_start(server: Server) -> None:
    part().parent.mkdir(parents=True)
    part().write_bytes(PACKED[IMAGES] + b"more")
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_a_length_that_is_too_long_by_a_little(server: Server) -> None:
    """The rest that was promised isn't there, and the server says so when asked: the content decides."""
    server.announce = len(PACKED[IMAGES]) + 100
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_a_length_that_is_too_short(server: Server) -> None:
    server.announce = len(PACKED[IMAGES]) - 100
    assert "doesn't unpack" in refused(server.url)


@pytest.mark.parametrize("length", [10**15, -5])
def test_a_length_that_cannot_be(server: Server, length: int) -> None:
    server.announce = length
    if length > 0:
        assert "announces 1,000,000,000,000,000 bytes" in refused(server.url)
    else:  # no length at all, then; the content decides
        fetch.fetch("mnist", server.url, quiet)
        arrived()


def test_without_a_length_the_content_decides(server: Server) -> None:
    server.say_length = False
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_endless_content_is_not_kept(server: Server) -> None:
    server.say_length, server.files[IMAGES] = False, PACKED[IMAGES] + bytes(1 << 20)
    assert "sends more than" in refused(server.url)
    assert part().stat().st_size == 0


def altered(content: bytes) -> bytes:
    return content[:1000] + bytes([content[1000] ^ 1]) + content[1001:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda name: altered(PACKED[f"{name}.gz"]),  # damaged gzip
        lambda name: gzip.compress(altered(CONTENTS[name])),  # sound gzip, another content
        lambda name: PACKED[f"{name}.gz"][:-3000],
        lambda _name: b"<html>this is not the file</html>",
        lambda _name: b"",
    ],
)
def test_corrupt_bytes_never_become_a_data_set(server: Server, spoil: Callable[[str], bytes]) -> None:
    server.files[IMAGES] = spoil(idx.FILES[0])
    assert IMAGES in refused(server.url)
    assert not part().exists()


def test_a_bomb_is_not_unpacked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files[IMAGES] = gzip.compress(CONTENTS[idx.FILES[0]] + bytes(5 << 20))
    unpacked = 0
    read = gzip.GzipFile.read

    def counting(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        nonlocal unpacked
        piece = read(self, size)
        unpacked += len(piece)
        return piece

    monkeypatch.setattr(gzip.GzipFile, "read", counting)
    assert "unpacks to more than" in refused(server.url)
    assert unpacked <= 2 * (2 << 20)  # two tries, each stopped in its second megabyte


def test_a_passing_fault_of_the_server_is_waited_out(server: Server) -> None:
    server.status = [503, 500]
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_a_file_that_is_not_there(server: Server) -> None:
    del server.files[IMAGES]
    assert "answers 404" in refused(server.url)
    assert len(server.ranges()) == 1  # asking again would not help


def test_redirects_are_followed_to_where_one_may_ask(server: Server) -> None:
    server.redirects = ["http://example.invalid/"]
    assert "redirects elsewhere, and 'http://example.invalid" in refused(server.url)
    server.redirects = ["file:///etc/"]
    assert "answers 302" in refused(server.url)
    server.redirects = [server.url] * 100
    assert "can't be fetched" in refused(server.url)
    server.redirects = [f"{server.url}elsewhere/"]
    fetch.fetch("mnist", server.url, quiet)
    arrived()


def test_the_second_mirror_serves_where_the_first_cannot(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        monkeypatch.setitem(fetch.SETS, "mnist", Source((dead, server.url), fetch.SETS["mnist"].files))
        fetch.fetch("mnist", None, quiet)
    arrived()


def test_nobody_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "can't be reached" in refused(f"http://127.0.0.1:{closed.getsockname()[1]}/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.invalid/mnist/", "is not https"),
        ("http://127.0.0.1.example.invalid/", "is not https"),
        ("ftp://example.invalid/", "is not https"),
        ("https://", "is not an address"),
        ("https://exa mple/", "is not an address"),
        ("http://[::1/", "is not an address"),
        ("https://a\x1b[31m/", "is not an address"),
        ("nowhere", "neither a directory nor an address"),
    ],
)
def test_addresses_that_are_not_asked(url: str, said: str) -> None:
    assert said in refused(url)


def test_http_is_allowed_when_asked_for() -> None:
    assert download.refusal("http://example.invalid/", allow_http=True) is None
    assert download.refusal("ftp://example.invalid/", allow_http=True) is not None


def test_names_that_are_not_fetched() -> None:
    assert "made here" in refused(None, "digits")
    assert "did you mean 'mnist'" in refused(None, "minst")


def directory(tmp_path: Path, packed: bool) -> Path:
    for name, content in PACKED.items() if packed else CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("as_url", [True, False])
def test_from_a_directory(tmp_path: Path, packed: bool, as_url: bool) -> None:
    source = tmp_path / "with space"
    source.mkdir()
    directory(source, packed)
    fetch.fetch("mnist", source.as_uri() if as_url else str(source), quiet)
    arrived()
    assert len(list(source.iterdir())) == 4


def test_from_a_directory_with_other_content(tmp_path: Path) -> None:
    directory(tmp_path, packed=True)
    (tmp_path / IMAGES).write_bytes(gzip.compress(altered(CONTENTS[idx.FILES[0]])))
    assert "is not the right file" in refused(str(tmp_path))
    (tmp_path / IMAGES).unlink()
    assert "has no train-images" in refused(str(tmp_path))


def test_fashion_is_known_by_its_packed_files(server: Server, tmp_path: Path) -> None:
    server.files[IMAGES] = gzip.compress(CONTENTS[idx.FILES[0]], compresslevel=1)  # the same, packed otherwise
    assert "is not the right file" in refused(server.url, "fashion-mnist")
    server.files[IMAGES] = CONTENTS[idx.FILES[0]]  # not packed: nothing to know it by
    assert "is not the right file" in refused(server.url, "fashion-mnist")
    heard: list[str] = []
    fetch.fetch("fashion-mnist", str(directory(tmp_path, packed=False)), lambda what, *_: heard.append(what))
    assert any("not the SHA-256" in what for what in heard)
    classes = load("fashion-mnist").classes
    assert classes is not None
    assert classes[:3] == ("Shirt", "Bag", "2")


def test_a_home_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file" / "home"))
    source = tmp_path / "source"
    source.mkdir()
    assert "TUNELAB_HOME" in refused(str(directory(source, packed=True)))
    assert "TUNELAB_HOME" in refused(server.url)


def test_two_at_once_do_not_write_into_one_file(server: Server) -> None:
    fcntl = pytest.importorskip("fcntl")
    part().parent.mkdir(parents=True)
    with (part().parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another tunelab" in refused(server.url)
    assert server.asked == []
