"""The text of a table, piece by piece, as UTF-8 with plain line ends: unpacked, its encoding and marks dealt with."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tunelab.data.limits import MAX_BYTES
from tunelab.errors import BadInput, printable

__all__ = ["SAMPLE_BYTES", "TextSource"]

SAMPLE_BYTES = 1 << 18
_BLOCK_BYTES = 2 << 20
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TEXT_CONTROLS = b"\t\n\r\f\x0b\x1a\x1b"
_MAX_CONTROL_SHARE = 0.01  # of a sample's bytes: beyond it the file is no text


@dataclass(frozen=True)
class TextSource:
    """A text file, plain or gzip-compressed, found out by its first bytes.

    ``encoding`` is utf-8, or cp1252 where the bytes aren't UTF-8. ``where`` begins every sentence about it.
    """

    path: Path
    where: str
    encoding: str

    @classmethod
    def open(cls, path: Path) -> TextSource:
        """Look into ``path``. Raises :class:`BadInput` for what isn't text in an encoding that can be told."""
        where = f"'{printable(path)}'"
        source = cls(path, where, "utf-8")
        with source._stream() as (stream, _position):
            sample = stream.read(SAMPLE_BYTES)
        _check_is_text(sample, where)
        return source

    def sample(self) -> str:
        """The first lines, whole ones where the file is longer than the sample."""
        with self._stream() as (stream, _position):
            data = stream.read(SAMPLE_BYTES + 1)
        if len(data) > SAMPLE_BYTES and (end := max(data.rfind(b"\n"), data.rfind(b"\r"))) > 0:
            data = data[: end + 1]
        # A letter may be cut in two at the end
        text = codecs.getincrementaldecoder(self.encoding)(self._errors).decode(data.removeprefix(_BYTE_ORDER_MARK))
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def blocks(self, report: Callable[[int, int], None] | None = None) -> Iterator[bytes]:
        """The file in pieces of some megabytes, UTF-8, lines ended by ``\\n``; a piece ends with a whole line.

        ``report`` hears how many bytes of the file have been read, of how many. Raises :class:`BadInput` where
        the file can't be read, is cut short, changes meanwhile, or isn't in ``encoding`` (see :meth:`recoded`).
        """
        before = self._fingerprint()
        total, rest, first = 0, b"", True
        with self._stream() as (stream, position):
            while piece := stream.read(_BLOCK_BYTES):
                total += len(piece)
                if total > MAX_BYTES:
                    raise BadInput(f"{self.where} has more than {MAX_BYTES:,} bytes, and no more is read")
                piece = rest + (piece.removeprefix(_BYTE_ORDER_MARK) if first else piece)
                first = False
                end = piece.rfind(b"\n") + 1 or (0 if piece.endswith(b"\r") else piece.rfind(b"\r") + 1)
                rest = piece[end:]
                if end:
                    yield self._plain(piece[:end])
                if report is not None:
                    report(position(), before[0])
            if rest:
                yield self._plain(rest + b"\n")
        if self._fingerprint() != before:
            raise BadInput(f"{self.where} changed while it was read; read it again once it is complete")

    def recoded(self) -> TextSource:
        """The same file read as Windows-1252, for bytes that aren't UTF-8."""
        return TextSource(self.path, self.where, "cp1252")

    def _plain(self, piece: bytes) -> bytes:
        if b"\0" in piece:
            raise BadInput(f"{self.where} holds NUL bytes, so it is no text; save it as CSV in UTF-8")
        if self.encoding != "utf-8" or not piece.isascii():
            piece = piece.decode(self.encoding, self._errors).encode()
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in piece else piece

    @property
    def _errors(self) -> str:
        # Windows-1252 leaves five bytes undefined; such a cell shows a mark instead
        return "strict" if self.encoding == "utf-8" else "replace"

    def _fingerprint(self) -> tuple[int, int]:
        try:
            about = self.path.stat()
        except OSError as problem:
            raise BadInput(f"{self.where} can't be read: {printable(problem.strerror or problem, 80)}") from None
        return about.st_size, about.st_mtime_ns

    @contextmanager
    def _stream(self) -> Iterator[tuple[IO[bytes], Callable[[], int]]]:
        """The unpacked bytes, and a function that says how far the file itself has been read."""
        try:
            with self.path.open("rb") as raw:
                head = raw.read(4)
                raw.seek(0, os.SEEK_SET)
                if head.startswith(_ZIP):
                    raise BadInput(
                        f"{self.where} is a zip archive or a spreadsheet, not a text; unpack it or save it as CSV"
                    )
                if head.startswith(_GZIP):
                    with gzip.GzipFile(fileobj=raw) as unpacked:
                        yield io.BufferedReader(unpacked, 1 << 20), raw.tell
                else:
                    yield raw, raw.tell
        except EOFError:
            raise BadInput(f"{self.where} is cut short: its compressed data end too early; get it again") from None
        except (gzip.BadGzipFile, zlib.error):
            raise BadInput(f"{self.where} is damaged: its compressed data don't unpack; get it again") from None
        except OSError as problem:
            raise BadInput(f"{self.where} can't be read: {printable(problem.strerror or problem, 80)}") from None


def _check_is_text(sample: bytes, where: str) -> None:
    if sample.startswith(_UTF16) or (sample[:200].count(0) > len(sample[:200]) // 4):
        raise BadInput(f"{where} is UTF-16 or another encoding with wide characters; save it as CSV in UTF-8")
    if b"\0" in sample:
        raise BadInput(f"{where} holds NUL bytes, so it is no text; save it as CSV in UTF-8")
    controls = sum(sample.count(byte) for byte in range(32) if byte not in _TEXT_CONTROLS)
    if controls > _MAX_CONTROL_SHARE * len(sample):
        raise BadInput(f"{where} is no text, but something binary; save it as CSV in UTF-8")
