"""Getting MNIST and Fashion-MNIST: from their canonical sources, another address or a directory, verified.

Nothing is believed but checksums. A download that was cut off goes on where it stopped; what arrives is kept
under a `.part` name until its SHA-256 is right; the data set appears in its place whole or not at all.

Only https is spoken, and plain http to this machine. Both sets have https mirrors, so Fashion-MNIST's
published address, which is plain http, is not used; `allow_http` permits such an address when asked to.
MNIST's SHA-256 are those of the unpacked files, so any packing will do. For Fashion-MNIST those of the .gz
files are published: unpacked files from a directory are accepted by size and format, and it is said so.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tunelab import paths
from tunelab.data import idx, store
from tunelab.data.catalogue import NAMED
from tunelab.data.dataset import Report
from tunelab.data.download import Failed, download, refusal
from tunelab.errors import BadInput, printable
from tunelab.files import open_regular, own_part
from tunelab.wording import did_you_mean

__all__ = ["SETS", "fetch", "known_name"]


@dataclass(frozen=True)
class File:
    """What is known of one file: its size unpacked, and the SHA-256 of it unpacked, or of the .gz if ``packed``."""

    name: str
    size: int
    sha256: str
    packed: bool = False


@dataclass(frozen=True)
class Source:
    """Where a set comes from (directories of .gz files, the first tried first) and how it is recognized."""

    mirrors: tuple[str, ...]
    files: tuple[File, ...]
    labels: tuple[str, ...] | None = None


_SIZES = (16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000)

SETS = {
    "mnist": Source(
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        tuple(
            File(name, size, digest)
            for name, size, digest in zip(
                idx.FILES,
                _SIZES,
                (
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ),
                strict=True,
            )
        ),
    ),
    "fashion-mnist": Source(
        (
            # The bucket behind the published http address, by its TLS end point; then the authors' repository.
            "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        tuple(
            File(name, size, digest, packed=True)
            for name, size, digest in zip(
                idx.FILES,
                _SIZES,
                (  # as TensorFlow Datasets records them; they belong to the MD5s in the authors' README
                    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
                    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
                    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
                    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
                ),
                strict=True,
            )
        ),
        (
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
}


def fetch(name: str, source: str | None, report: Report, *, allow_http: bool = False) -> Path:
    """Bring the set ``name`` ("mnist" or "fashion-mnist") here and return the directory it is kept in.

    ``source``: the address of a directory of .gz files, a directory on this machine, or None for the
    canonical mirrors. A set that is here and intact is not fetched again. ``report`` hears of the bytes.
    Raises :class:`BadInput` with one sentence; a download that failed is kept and goes on next time.
    """
    if name not in SETS:
        why = "is made here and needs no fetching" if name in NAMED else "is not known"
        raise BadInput(f"'{printable(name, 60)}' {why}{did_you_mean(name, SETS)}; fetch one of {', '.join(SETS)}")
    place = paths.datasets() / name
    if store.verify(place):
        report(f"{NAMED[name].title} is here already, and its checksums are right", 0, 0)
        return place
    directory = None if source is None else _local_directory(source)
    mirrors = SETS[name].mirrors if source is None else (source,)
    for mirror in mirrors if directory is None else ():
        if unsafe := refusal(mirror, allow_http):
            raise BadInput(f"{NAMED[name].title} is not fetched: {unsafe}")
    try:
        if directory is not None:
            _check_directory(name, directory, report)
            _prepare(name, directory, place)
        else:
            with _work_directory(name) as work_directory:
                for file in SETS[name].files:
                    _download_file(name, file, mirrors, work_directory, report, allow_http)
                _prepare(name, work_directory, place)
    except OSError as problem:
        raise BadInput(
            f"{NAMED[name].title} can't be put into '{printable(place.parent)}': {printable(problem)}; "
            "the environment variable TUNELAB_HOME says where tunelab keeps things"
        ) from None
    return place


def known_name(name: str) -> str:
    """The named set whose very files lie in the directory ``name``; ``name`` itself where that is no such directory."""
    path = paths.expanded(name)
    if name in NAMED or not path.is_dir():
        return name
    there = idx.files(path)
    for known, source in SETS.items():
        if all(_checksum_problem(file, right) is None for file, right in zip(there, source.files, strict=True)):
            return known
    return name


def _local_directory(source: str) -> Path | None:
    """``source`` as a directory of this machine, or None if it is an address."""
    if source.startswith("file:"):
        return Path(unquote(urlsplit(source).path))
    if "://" in source:
        return None
    directory = paths.expanded(source)
    if not directory.is_dir():
        raise BadInput(f"'{printable(source)}' is neither a directory nor an address such as https://…/mnist/")
    return directory


def _check_directory(name: str, directory: Path, report: Report) -> None:
    """Refuse ``directory`` unless its files are those of the set ``name``."""
    unverified = []
    for path, file in zip(idx.files(directory), SETS[name].files, strict=True):
        if file.packed and path.suffix != ".gz" and path.stat().st_size == file.size:
            unverified.append(path.name)
        elif problem := _checksum_problem(path, file):
            raise BadInput(f"'{printable(path)}' {problem}, so it is not used as {NAMED[name].title}")
    if unverified:
        report(f"Only size and format could be checked, not the SHA-256, of {', '.join(unverified)}", 0, 0)


def _prepare(name: str, directory: Path, place: Path) -> None:
    dataset, origin = idx.read_directory(directory, name, NAMED[name].title, SETS[name].labels)
    store.write(place, dataset, origin)


@contextlib.contextmanager
def _work_directory(name: str) -> Iterator[Path]:
    """The directory where downloads of ``name`` grow, ours alone; it goes when they have become a data set."""
    work_directory = paths.datasets() / f".{name}.fetch"
    own_part(paths.datasets(), work_directory.name).mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_regular(work_directory / "lock", os.O_WRONLY | os.O_CREAT), "w") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:
            pass  # no such locks on this system; two at once would only spoil each other's checksums
        except BlockingIOError:
            raise BadInput(f"Another tunelab is fetching {name} just now; wait for it or stop it") from None
        yield work_directory
        shutil.rmtree(work_directory, ignore_errors=True)


def _download_file(
    name: str, file: File, mirrors: Sequence[str], work_directory: Path, report: Report, allow_http: bool
) -> None:
    """Put ``file``, verified, into ``work_directory`` from the first of ``mirrors`` that has it."""
    done, part = work_directory / f"{file.name}.gz", work_directory / f"{file.name}.gz.part"
    if done.exists():  # it got this name when it had been verified
        return
    reason: str | None = None
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{done.name}"
        for _ in range(2):  # what was left by an earlier try may spoil the first; then once more from the start
            try:
                # Compression can make it a little larger, but never much.
                download(url, part, file.size + file.size // 100 + 4096, report, allow_http=allow_http)
            except Failed as problem:
                kept = part.exists() and part.stat().st_size
                reason = f"{printable(url)}: {problem}"
                reason += f"; what has arrived ({kept:,} bytes) is kept, and the same command goes on" if kept else ""
                break
            if (mismatch := _checksum_problem(part, file)) is None:
                part.replace(done)
                return
            part.unlink()
            reason = f"what comes from {printable(url)} {mismatch}"
    raise BadInput(f"{NAMED[name].title} can't be fetched: {reason}")


def _checksum_problem(path: Path, file: File) -> str | None:
    """What is wrong with the content of ``path``, to end a sentence with, or None where its SHA-256 is right.

    Never unpacks more than the size that is expected.
    """
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if file.packed:
            checksum = hashlib.file_digest(raw, "sha256").hexdigest()
        else:
            digest, size = hashlib.sha256(), 0
            try:
                with gzip.GzipFile(fileobj=raw) if packed else contextlib.nullcontext(raw) as stream:
                    while piece := stream.read(1 << 20):
                        digest.update(piece)
                        size += len(piece)
                        if size > file.size:
                            return f"unpacks to more than the {file.size:,} bytes that are right"
            except (gzip.BadGzipFile, zlib.error, EOFError):
                return "is damaged or cut short: it doesn't unpack"
            checksum = digest.hexdigest()
    if checksum == file.sha256:
        return None
    return f"is not the right file: its SHA-256 is {checksum[:16]}…, not {file.sha256[:16]}…"
