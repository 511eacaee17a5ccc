"""Which data sets there are by name, and `load`: the one way from a name or a path to a Dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from tunelab import paths
from tunelab.data import store
from tunelab.data.dataset import Dataset, Examples, Report
from tunelab.data.options import FileOptions
from tunelab.data.store import Damaged, Origin
from tunelab.errors import BadInput, printable
from tunelab.wording import did_you_mean

__all__ = ["NAMED", "TABLE_SUFFIXES", "Entry", "Named", "counts", "entries", "is_table", "load"]

TABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".data", ".dat", ".tab")
_PREPARED = 2  # counts up when files are prepared in another way, so that what was kept is prepared again


@dataclass(frozen=True)
class Named:
    """A data set that has a name of its own: what charts call it, and one sentence about it."""

    title: str
    about: str
    fetched: bool = False  # from somewhere else, and so perhaps not here


@dataclass(frozen=True)
class Entry:
    """What is known of one data set without opening it.

    ``state``: "kept" (prepared on disk), "made" (drawn or computed when asked for), "missing" (to be
    fetched) or "damaged". ``counts``: training, validation, test. ``bytes``: what it takes on disk.
    """

    name: str
    title: str
    about: str
    state: str
    counts: tuple[int, int, int] | None = None
    bytes: int = 0


NAMED = {
    "digits": Named("drawn digits", "0–9 drawn by a procedural pen, 28×28; made here, nothing to download"),
    "mnist": Named("MNIST", "handwritten digits 0–9, 28×28, split as in Nielsen's book", fetched=True),
    "fashion-mnist": Named("Fashion-MNIST", "pieces of clothing in ten classes, 28×28", fetched=True),
    "points": Named("points around (5.1, 23.7)", "regression: a generator asked for points"),
}


def load(
    name: str,
    *,
    training: int | None = None,
    evaluation: int | None = None,
    classes: Sequence[int | str] | None = None,
    options: FileOptions | None = None,
    report: Report | None = None,
) -> Dataset:
    """The data set called ``name`` (a key of ``NAMED``), or the one in the file or directory ``name``.

    ``classes`` are chosen first; of what is left, ``training`` and ``evaluation`` are how many training and
    validation examples to take from the front (None: all). The test part is never shortened. ``options`` say how a
    file is read and split. Pixels are mapped from disk and not copied, unless classes are chosen.

    ``report`` hears of progress and of notices such as "features were standardised".
    Raises :class:`BadInput` with one sentence for whatever can't be loaded.
    """
    say: Report = report if report is not None else lambda _what, _done, _total: None
    for key, count in (("data.train", training), ("data.evaluation", evaluation)):
        if count is not None and count < 1:
            raise BadInput(f"{key} must be at least 1, not {count}")
    if name == "digits":
        from tunelab.data import digits_dataset

        dataset = digits_dataset.load(training, evaluation, classes, say)
    else:
        dataset = _load_whole(name, options or FileOptions(), say)
        if classes is not None:
            dataset = dataset.only(classes)
    among = f" of {dataset.title}" + (" in these classes" if classes is not None else "")
    return replace(
        dataset,
        training=_take_first(dataset.training, training, "data.train", f"training examples{among}"),
        validation=_take_first(dataset.validation, evaluation, "data.evaluation", f"validation examples{among}"),
    )


def counts(
    name: str, classes: Sequence[int | str] | None = None, options: FileOptions | None = None
) -> tuple[int, int]:
    """How many training and validation examples ``load`` could give, of ``classes`` only if given.

    Cheap where drawing everything to count it would not be. Raises as ``load`` does.
    """
    if name == "digits":
        from tunelab.data import digits_dataset

        return digits_dataset.counts(classes)
    whole = load(name, classes=classes, options=options)
    return len(whole.training), len(whole.validation)


def entries(check: bool = False) -> list[Entry]:
    """The named data sets, then those prepared from a person's files. ``check`` verifies every SHA-256."""
    here = {path.name: path for path in sorted(paths.datasets().glob("[!.]*")) if (path / store.DESCRIPTION).exists()}
    known = []
    for name, named in NAMED.items():
        if name in here:
            known.append(_entry(name, named.title, named.about, here.pop(name), check))
        else:
            known.append(Entry(name, named.title, named.about, "missing" if named.fetched else "made"))
    return known + [_entry(name, "", "", path, check) for name, path in here.items()]


def _entry(name: str, title: str, about: str, place: Path, check: bool) -> Entry:
    try:
        said = store.describe(place)
        counts = tuple(int(said["counts"][part]) for part in store.PARTS)
        size = sum(path.stat().st_size for path in place.iterdir())
        title, about = title or printable(said["title"], 60), about or f"prepared from {printable(said['source'])}"
    except (OSError, Damaged, KeyError, TypeError, ValueError):
        return Entry(name, title or name, about, "damaged")
    intact = not check or store.verify(place)
    return Entry(name, title, about, "kept" if intact else "damaged", (counts[0], counts[1], counts[2]), size)


def _take_first(part: Examples, count: int | None, key: str, what: str) -> Examples:
    if count is None:
        return part
    if count > len(part):
        raise BadInput(f"{key} is {count:,}, but there are {len(part):,} {what}; ask for at most {len(part)}")
    return part.first(count)


def _load_whole(name: str, options: FileOptions, say: Report) -> Dataset:
    if name == "points":
        from tunelab.data import points

        return points.load()
    if name in NAMED:
        return _read_fetched(name)
    if name.startswith(("faulty-", "sound-")):
        from tunelab.data import faulty

        if (dataset := faulty.load(name)) is not None:
            return dataset
    return _from_path(name, options, say)


def _read_fetched(name: str) -> Dataset:
    try:
        return store.read(paths.datasets() / name)[0]
    except FileNotFoundError:
        raise BadInput(
            f"{NAMED[name].title} is not here yet: get it with `tunelab data fetch {name}` "
            "(or `--from DIR`, where you have its files), or go on with `--data digits`"
        ) from None
    except Damaged as problem:
        raise BadInput(f"{problem}; get it again with `tunelab data fetch {name}`") from None


def _from_path(name: str, options: FileOptions, say: Report) -> Dataset:
    path = paths.expanded(name)
    try:
        directory, file = path.is_dir(), path.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL in it
        directory = file = False
    if directory:
        from tunelab.data import idx

        sources, read_source = idx.files(path), lambda: idx.read_directory(path, name, _title(path), options=options)
    elif not file:
        if path.suffix.lower() == ".npz" or is_table(path) or len(path.parts) > 1:
            raise BadInput(f"There is no file or directory '{printable(name)}' to read data from")
        raise BadInput(
            f"There is no data set '{printable(name, 60)}'{did_you_mean(name, NAMED)}; there are "
            f"{', '.join(NAMED)}, or give a directory of IDX files, an .npz or a table"
        )
    elif path.suffix.lower() == ".npz":
        from tunelab.data import npz

        sources, read_source = [path], lambda: npz.read(path, name, _title(path), options)
    elif is_table(path):
        from tunelab.data import tables

        sources, read_source = [path], lambda: tables.read(path, name, _title(path), options, say)
    else:
        raise BadInput(
            f"'{printable(name)}' is neither a directory of IDX files, nor an .npz, nor a table "
            f"({', '.join(TABLE_SUFFIXES)}, each also .gz, or .parquet)"
        )
    dataset, origin = _through_cache(_content_name(sources, options), read_source, say)
    for note in origin.notes:
        say(note, 0, 0)
    # The same content may lie under another name than the one it was prepared from.
    return replace(dataset, name=name, title=_title(path))


def is_table(path: Path) -> bool:
    """Whether a file is a table, by its name."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes[-1:] == [".gz"]:
        return suffixes[0] in TABLE_SUFFIXES
    return suffixes[-1:] == [".parquet"] or (suffixes[-1:] != [] and suffixes[-1] in TABLE_SUFFIXES)


def _title(path: Path) -> str:
    return printable(path.resolve().name, 60)


def _through_cache(
    cache_name: str, read_source: Callable[[], tuple[Dataset, Origin]], say: Report
) -> tuple[Dataset, Origin]:
    """What ``read_source`` gives, prepared once under ``cache_name`` and mapped from there ever after."""
    place = paths.datasets() / cache_name
    try:
        return store.read(place)
    except (FileNotFoundError, Damaged):
        pass  # only a cache: prepare it, or prepare it again
    dataset, origin = read_source()
    try:
        store.write(place, dataset, origin)
        return store.read(place)
    except (OSError, Damaged) as problem:
        reason = printable(getattr(problem, "strerror", None) or problem)
        say(
            f"The prepared data can't be kept in '{printable(place.parent)}' ({reason}); working in memory",
            0,
            0,
        )
        return dataset, origin


@lru_cache(maxsize=64)
def _content_digest(path: Path, *_version: int) -> bytes:
    """The SHA-256 of a file; one process reads it once for each version of it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _content_name(sources: Sequence[Path], options: FileOptions) -> str:
    """A cache name made of what the files hold and how they are read, so that a change of either is noticed.

    The same content under another name is the same set.
    """
    digest = hashlib.sha256(f"prepared as format {store.FORMAT}.{_PREPARED} {options.key()}".encode())
    for path in sources:
        try:
            about = path.stat()
            digest.update(_content_digest(path, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))
        except OSError as problem:
            raise BadInput(f"'{printable(path)}' can't be read: {printable(problem.strerror or problem)}") from None
    if any(path.name.startswith("emnist") for path in sources):
        digest.update(b"set upright")  # the one thing that depends on a file's name
    kinds = [
        suffix.lower() for suffix in sources[0].suffixes if suffix.lower() in (*TABLE_SUFFIXES, ".parquet", ".npz")
    ]
    kind = "idx" if len(sources) > 1 else kinds[-1].lstrip(".")
    return f"{kind}-{digest.hexdigest()[:24]}"
