"""One file over https: resumed where it stopped, tried again when cut off, never more bytes than allowed.

What is downloaded is not trusted here; whoever asked checks the content.
"""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import socket
import time
import urllib.request
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from tunelab.data.dataset import Report
from tunelab.errors import printable
from tunelab.files import open_regular

__all__ = ["PAUSES", "Failed", "download", "refusal"]

PAUSES = (0.5, 2.0, 5.0)  # seconds to wait when 0, 1, 2 tries in a row have brought nothing; after 3 no more
_MAX_TRIES = 100  # even if every one of them brings something
_TIMEOUT = 20.0  # seconds without a byte
_PIECE = 1 << 16


class Failed(Exception):
    """The download can't be completed from this address; the text says why. What has arrived is kept."""


class _Interrupted(Exception):
    """A try that another may follow; the text says what happened."""


def refusal(url: str, allow_http: bool) -> str | None:
    """Why ``url`` may not be asked, or None: https always may, plain http to this machine or if allowed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or not url.isprintable() or " " in url:
        return f"'{printable(url)}' is not an address such as https://example.org/mnist/"
    if parts.scheme == "https" or (parts.scheme == "http" and (allow_http or _is_loopback(host))):
        return None
    return f"'{printable(url)}' is not https, so others could read and change it on the way (--allow-http permits http)"


def download(url: str, part: Path, limit: int, report: Report, *, allow_http: bool = False) -> None:
    """Fetch ``url`` into ``part``, going on behind what is there already.

    Raises :class:`Failed` when it can't be had, or would be more than ``limit`` bytes, and OSError where
    the disk refuses. ``report`` hears of the bytes that have arrived.
    """
    if reason := refusal(url, allow_http):
        raise Failed(reason)
    handlers: list[Any] = [_Redirects(allow_http)]
    if _is_loopback(urlsplit(url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    fruitless = 0
    for _ in range(_MAX_TRIES):
        before = _size(part)
        try:
            return _try(opener, url, part, limit, report)
        except _Interrupted as problem:
            reason = str(problem)
        fruitless = 0 if _size(part) > before else fruitless + 1
        if fruitless == len(PAUSES):
            break
        time.sleep(PAUSES[fruitless])
    raise Failed(f"{reason}, again and again")


def _try(opener: urllib.request.OpenerDirector, url: str, part: Path, limit: int, report: Report) -> None:
    have = _size(part)
    request = urllib.request.Request(url, headers={"User-Agent": "tunelab", "Accept-Encoding": "identity"})
    if have:
        request.add_header("Range", f"bytes={have}-")
    answer = _open(opener, request)
    if answer is None:
        return
    with answer as response:
        total = response.length  # None where the server doesn't say
        if response.status == 206:
            start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if start is None or int(start[1]) != have:
                part.unlink()
                raise _Interrupted("the server sent another range than the one asked for")
        else:
            have = 0  # it doesn't know ranges: from the start, then
        total = None if total is None else have + total
        if total is not None and total > limit:
            raise Failed(f"it announces {total:,} bytes, where at most {limit:,} can be right")
        with os.fdopen(open_regular(part, os.O_WRONLY | os.O_CREAT), "wb") as file:
            file.truncate(have)
            file.seek(have)
            while piece := _read_piece(response):
                have += len(piece)
                if have > limit:
                    file.truncate(0)
                    raise Failed(f"it sends more than the {limit:,} bytes that can be right")
                file.write(piece)
                report(_called(url), have, limit if total is None else total)
            file.flush()
            os.fsync(file.fileno())
    if total is None:
        report(_called(url), have, have)
    elif have < total:
        raise _Interrupted(f"the connection broke off after {have:,} of {total:,} bytes")


def _open(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> http.client.HTTPResponse | None:
    """The server's answer, or None where it has nothing behind what is here: whoever checks the content decides."""
    try:
        response: http.client.HTTPResponse = opener.open(request, timeout=_TIMEOUT)
    except HTTPError as problem:
        problem.close()
        if problem.code == 416 and request.has_header("Range"):
            return None
        reason = f"the server answers {problem.code} {printable(problem.reason, 60)}"
        if problem.code in (408, 429) or problem.code >= 500:
            raise _Interrupted(reason) from None
        raise Failed(reason) from None
    except URLError as problem:
        reason = printable(getattr(problem.reason, "strerror", None) or problem.reason, 80)
        if isinstance(problem.reason, (socket.gaierror, ConnectionRefusedError)):
            raise Failed(f"the server can't be reached ({reason})") from None
        raise _Interrupted(f"the server doesn't answer ({reason})") from None
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise _Interrupted(f"the server doesn't answer properly ({printable(problem, 80)})") from None
    return response


def _read_piece(response: IO[bytes]) -> bytes:
    try:
        return response.read(_PIECE)
    except (OSError, http.client.HTTPException, ValueError) as problem:
        raise _Interrupted(f"the connection broke off ({printable(problem, 60)})") from None


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where one may ask in the first place."""

    def __init__(self, allow_http: bool) -> None:
        self._allow_http = allow_http

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if reason := refusal(newurl, self._allow_http):
            fp.close()
            raise Failed(f"it redirects elsewhere, and {reason}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _called(url: str) -> str:
    return urlsplit(url).path.rpartition("/")[2]


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
