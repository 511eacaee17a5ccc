"""Bad input at the command line: exit code 2, one sentence on stderr, nothing on stdout, nothing half-written."""

from __future__ import annotations

import gzip
import io
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commandline import ROOT, refused, run_cli, tunelab_process, write_npz
from conftest import MakeExamples

PRESET = "first-look"


@pytest.fixture
def npz(tmp_path: Path, make_examples: MakeExamples) -> Path:
    """Sixty training pictures of 4×4 in three classes, fifty of them left to train."""
    return write_npz(tmp_path / "mine.npz", make_examples(60, 16), make_examples(10, 16, seed=1))


@pytest.fixture
def tiny(tmp_path: Path, npz: Path) -> str:
    """A preset that trains on them in a moment."""
    path = tmp_path / "tiny.toml"
    path.write_text(f'[data]\nname = "{npz}"\n[network]\nhidden = [4]\n[training]\nepochs = 2\n')
    return str(path)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (["training.etta=1"], "there is no parameter 'training.etta' (did you mean 'training.eta'?); `tunelab schema`"),
        (["etta=1"], "there is no parameter 'etta' (did you mean 'eta'?)"),
        (["eta"], "--set takes KEY=VALUE, such as training.eta=0.5, not 'eta'"),
        (["=1"], "--set takes KEY=VALUE"),
        (["patience=3"], "'patience' could be training.schedule.patience or training.early_stopping.patience"),
        (["momentum=1"], "training.momentum must be less than 1, is 1"),
        (["momentum=-0.1"], "training.momentum must be at least 0, is -0.1"),
        (["dropout=-0.1"], "training.dropout must be at least 0, is -0.1"),
        (["dropout=1"], "training.dropout must be less than 1, is 1"),
        (["beta1=1"], "training.beta1 must be less than 1, is 1"),
        (["beta2=-0.5"], "training.beta2 must be at least 0, is -0.5"),
        (["epsilon=0"], "training.epsilon must be greater than 0, is 0"),
        (["l1=-1"], "training.l1 must be at least 0, is -1"),
        (["clip_norm=-1"], "training.clip_norm must be at least 0, is -1"),
        (["optimizer=adamw"], "training.optimizer must be one of 'sgd' or 'adam', is 'adamw'; tunelab calls it 'adam'"),
        (["optimizer=adam", "momentum=0.9"], "training.momentum: adam has its own, training.beta1; leave momentum out"),
        (["nesterov=true"], "training.nesterov: there is no momentum whose form it could be; set training.momentum"),
        (["warm_up=3"], "training.schedule.warm_up: 3 epochs are longer than the training of 2 (training.epochs)"),
        (["warm_up=-1"], "training.schedule.warm_up must be at least 0, is -1"),
        (["rule=kosine"], "is 'kosine' (did you mean 'cosine'?)"),
        (["eta=0"], "training.eta must be greater than 0, is 0"),
        (["eta=-1"], "training.eta must be greater than 0, is -1"),
        (["eta=nan"], "training.eta must be a finite number, is nan"),
        (["eta=inf"], "training.eta must be a finite number, is inf"),
        (["eta=fast"], "training.eta must be a number, is 'fast'"),
        (["lambda=-1"], "training.lambda must be at least 0, is -1"),
        (["lmbda=nan"], "training.lambda must be a finite number, is nan"),
        (["mini_batch=51"], "training.mini_batch: 51 is more than the 50 training examples; use at most 50"),
        (["mini_batch=2.5"], "training.mini_batch must be a whole number, is 2.5"),
        (["classes=[0, 7]"], "data.classes: mine.npz has no class '7'; it has 0, 1, 2"),
        (["classes=[0, 0]"], "data.classes: give at least two different classes"),
        (["hidden=[4, 0]"], "network.hidden[1] must be at least 1, is 0"),
        (["hidden=[100000, 100000]"], "network.hidden: [100000, 100000] makes 10,002,100,003 parameters"),
        (["output=linear"], "network.cost: cross-entropy can't judge linear outputs"),
        (["train=51"], "data.train is 51, but there are 50 training examples of mine.npz; ask for at most 50"),
        (["seeds=0"], "initialization.seeds must be at least 1, is 0"),
        (["weights=\x1b[31mred"], "initialization.weights has a control character (U+001B) in it; leave it out"),
        (["data.name=\x1b[31mred.npz"], "data.name has a control character (U+001B) in it; leave it out"),
        (["data.name=[red]x[/red]"], "[red]x[/red]"),
    ],
)
def test_settings_that_cannot_be(tiny: str, settings: list[str], sentence: str) -> None:
    options = [word for setting in settings for word in ("--set", setting)]
    assert sentence in refused(run_cli("run", tiny, *options, "--json", "--quiet"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "0"], "initialization.seeds must be at least 1, is 0"),
        (["--seeds", "many"], "--seeds must be a valid integer"),
        (["--seeds", "\x1b[31m"], "--seeds"),
        (["--seed", "-1"], "initialization.seed must be at least 0, is -1"),
        (["--workers", "0"], "--workers"),
        (["--arm", "nobody"], "tiny has no arm 'nobody'; it has 'run'"),
        (["--data", "mnist"], "MNIST is not here yet: get it with `tunelab data fetch mnist`"),
        (["--data", "fashion-mnist"], "`tunelab data fetch fashion-mnist`"),
        (["--data", "minst"], "did you mean 'mnist'?"),
        (["--data", "points", "--set", "network.cost=cross-entropy"], 'use network.cost = "quadratic"'),
        (["--data", "nowhere.npz"], "nowhere.npz"),
        (["--data", "x" * 5000], "xxx"),
        (["--data", "~nobody-of-this-name/x.csv"], "~nobody-of-this-name/x.csv"),
        (["--data", "\x1b]0;title\x07"], "data.name has a control character (U+001B) in it"),
        (["--quite"], "there is no option '--quite' (did you mean '--quiet'?); `tunelab run --help`"),
        (["--set"], "'--set' requires an argument"),
        (["--out", "\x1b[31m"], "can't name a run"),
    ],
)
def test_options_that_cannot_be(tiny: str, words: list[str], sentence: str) -> None:
    assert sentence in refused(run_cli("run", tiny, "--quiet", *words))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run"], "PRESET is missing; `tunelab run --help` lists its options"),
        (["run", "first-loook"], "did you mean 'first-look'?"),
        (["run", "nowhere/x.toml"], "there is no file nowhere/x.toml"),
        (["run", PRESET, "nonsense"], "there is no preset 'nonsense'"),
        (["run", PRESET, PRESET, "--out", "x"], "--out names the directory of one run; give one preset"),
        (["run", "/dev/null"], "/dev/null can't be read: it isn't a regular file"),
        (["run", PRESET, "--workers", "100000"], "--workers must be less than or equal to 1000"),
        (["sweep", PRESET, "--over", "eta=log:1e-320..1e308", "--quiet"], "must lie within 1e-30 and 1e+30"),
        (["data", "export", "digits", "x" * 5000 + "/x.npz"], "can't be written: file name too long"),
        (["runs", "lst"], "there is no command 'lst' (did you mean 'list'?); `tunelab runs --help`"),
        (["runs", "show"], "RUN is missing"),
        (["runs", "show", "nothing"], "there is no run 'nothing'"),
        (["runs", "show", "last"], "there is no run yet"),
        (["runs", "show", "\x1b[31m"], "�[31m"),
        (["runs", "show", "../../etc"], "../../etc isn't a run"),
        (["runs", "show", "~nobody-of-this-name/x"], "~nobody-of-this-name/x isn't a run"),
        (["runs", "export", "last", "--format", "pdf"], "--format: 'pdf' is not one of 'csv', 'json', 'npz', 'md'"),
        (["runs", "remove", "nothing"], "there is no run 'nothing'"),
        (["presets", "show", "nothing"], "there is no preset 'nothing'"),
        (["presets", "check", PRESET, "nothing"], "there is no preset 'nothing'"),
        (["presets", "save", PRESET, "a/b"], "'a/b' can't name a preset"),
        (["presets", "save", PRESET, PRESET], "'first-look' is a preset that comes with tunelab"),
        (["presets", "save", PRESET, "mine", "--set", "eta=0"], "training.eta must be greater than 0"),
        (["init", "0"], "SIZES: every layer has from 1 to 1,000,000 neurons, not 0"),
        (["init", "ten"], "SIZES are whole numbers such as 784,30,10, not 'ten'"),
        (["init", "1.5"], "SIZES are whole numbers"),
        (["init", "\x1b[31m"], "�[31m"),
        (["init", "1000000,1000000"], "has 1,000,000,000,000 weights; at most 50,000,000"),
        (["init", "10", "--active", "11"], "--active must be from 0 to the 10 inputs, is 11"),
        (["init", "10", "--active", "-1"], "--active must be from 0 to the 10 inputs, is -1"),
        (["init", "10", "--active", "1", "--data", "digits"], "give one of the two"),
        (["init", "10", "--weights", "skaled"], "--weights has no 'skaled' (did you mean 'scaled'?)"),
        (["init", "10", "--biases", "none"], "--biases has no 'none'; there are standard, zeros"),
        (["init", "10", "--activation", "step"], "--activation has no 'step'"),
        (["init", "10", "--seed", "-1"], "--seed"),
        (["init", "10", "--data", "points"], "SIZES begin with 10, but points around (5.1, 23.7) has"),
        (["schema", "extra"], "unexpected extra argument"),
    ],
)
def test_commands_that_cannot_be(words: list[str], sentence: str) -> None:
    assert sentence in refused(run_cli(*words))


# -- presets ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n\x00\xff",
        b"#" * 1_000_001,
        b"eta =",
        b"a = " + b"[" * 5000,
        b'title = "\\u001b[31m"',
        b'[[arm]]\nname = "\\u0007"',
        b'[[arm]]\nname = "a"\n[[arm]]\nname = "a"',
        b"[training]\neta = true",
        b"[training]\nepochs = 0xffffffffffffffffffffffff",
        b"expect.rum = {}",
    ],
    ids=lambda content: repr(content[:16]),
)
@pytest.mark.parametrize("words", [["run"], ["presets", "check"], ["presets", "show"]], ids=" ".join)
def test_presets_that_cannot_be(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    assert "x.toml" in refused(run_cli(*words, path))


def test_a_preset_that_is_a_directory(tmp_path: Path) -> None:
    (tmp_path / "x.toml").mkdir()
    assert "can't be read" in refused(run_cli("run", tmp_path / "x.toml"))


def test_a_preset_that_is_named_with_control_characters(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31m.toml"
    path.write_text("eta = 1")
    assert "�[31m.toml: unknown key 'eta'; it belongs in [training]" in refused(run_cli("run", path))


def test_one_bad_file_does_not_hide_the_other_presets() -> None:
    own = Path(os.environ["TUNELAB_HOME"]) / "presets"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text('title = "\\u001b[2J"')
    listed = run_cli("presets", "list")
    assert listed.code == 0
    assert PRESET in listed.out
    assert "can't be used: mine.toml: title has a control character" in listed.out
    assert "\x1b" not in listed.out


# -- data -------------------------------------------------------------------------------------------------


def npz_bytes(**arrays: Any) -> bytes:
    """An archive of arrays, pickled where they need it."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


X, Y = np.zeros((12, 4), np.float32), np.arange(12) % 2
GOOD = npz_bytes(x_train=X, y_train=Y, x_test=X, y_test=Y)

FILES = {
    "truncated.npz": GOOD[: len(GOOD) // 2],
    "empty.npz": b"",
    "text.npz": b"not an archive",
    "pickled.npz": npz_bytes(x_train=X, y_train=np.array([object()] * 12), x_test=X, y_test=Y),
    "partial.npz": npz_bytes(x_train=X, y_train=Y),
    "uneven.npz": npz_bytes(x_train=X, y_train=Y[:5], x_test=X, y_test=Y),
    "nan.npz": npz_bytes(x_train=X + np.nan, y_train=Y, x_test=X, y_test=Y),
    "empty.csv": b"",
    "words.csv": b"a,b,label\nx,y,0\nz,w,1\n",
    "ragged.csv": b"1,2,0\n1,2\n" * 10,
    "binary.csv": bytes(range(256)) * 4,
    "one.csv": b"1,2,0\n",
    "other.xyz": b"1,2,0\n",
}


@pytest.mark.parametrize("name", FILES)
def test_data_files_that_cannot_be(tmp_path: Path, tiny: str, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    assert name in refused(run_cli("run", tiny, "--data", path))
    assert name in refused(run_cli("init", "--data", path))


def idx(array: np.ndarray) -> bytes:
    """An array in IDX format."""
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


IMAGES, LABELS = np.zeros((12, 2, 2), np.uint8), (np.arange(12) % 2).astype(np.uint8)
BREAKS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda whole: whole[:-3],
    "cut in its header": lambda whole: whole[:6],
    "empty": lambda _whole: b"",
    "too long": lambda whole: whole + b"\0",
    "not IDX": lambda whole: b"nonsense" + whole,
    "huge by its header": lambda whole: whole[:4] + b"\xff\xff\xff\xff" + whole[8:],
}


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "gz"])
@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("broken", ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"])
def test_idx_files_that_cannot_be(tmp_path: Path, tiny: str, broken: str, how: str, packed: bool) -> None:
    folder = tmp_path / "idx"
    folder.mkdir()
    for part in ("train", "t10k"):
        for name, array in ((f"{part}-images-idx3-ubyte", IMAGES), (f"{part}-labels-idx1-ubyte", LABELS)):
            content = BREAKS[how](idx(array)) if name == broken else idx(array)
            path = folder / (name + ".gz" if packed else name)
            path.write_bytes(gzip.compress(content) if packed else content)
    assert broken in refused(run_cli("run", tiny, "--data", folder))


def test_gz_files_that_cannot_be(tmp_path: Path, tiny: str) -> None:
    folder = tmp_path / "idx"
    folder.mkdir()
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(IMAGES))[:-9])
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(b"\x1f\x8bnonsense")
    assert "ubyte.gz" in refused(run_cli("run", tiny, "--data", folder))


def test_an_empty_directory_is_no_data(tmp_path: Path, tiny: str) -> None:
    (tmp_path / "nothing").mkdir()
    assert "nothing" in refused(run_cli("run", tiny, "--data", tmp_path / "nothing"))


# -- places that can't be written -------------------------------------------------------------------------


def test_a_home_that_cannot_be_written(tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("in the way")
    assert "can't be written: not a directory; set TUNELAB_HOME" in refused(run_cli("run", tiny, "--quiet"))
    assert "can't be written: not a directory" in refused(run_cli("presets", "save", PRESET, "mine"))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_home_that_is_not_permitted(tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNELAB_HOME", str(tmp_path / "closed" / "home"))
    (tmp_path / "closed").mkdir(mode=0o500)
    assert "can't be written: permission denied" in refused(run_cli("run", tiny, "--quiet"))


def test_out_must_be_new_or_empty_and_a_directory(tmp_path: Path, tiny: str) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "something").touch()
    assert "full isn't empty; name a new directory" in refused(run_cli("run", tiny, "--quiet", "--out", full))
    assert "can't be written" in refused(run_cli("run", tiny, "--quiet", "--out", full / "something"))
    assert "can't be written" in refused(run_cli("run", tiny, "--quiet", "--out", full / "something" / "inside"))
    assert [entry.name for entry in full.iterdir()] == ["something"]


def test_a_bad_setting_leaves_no_out_behind(tmp_path: Path, tiny: str) -> None:
    refused(run_cli("run", tiny, "--out", tmp_path / "new", "--set", "mini_batch=51", "--quiet"))
    assert not (tmp_path / "new").exists()


def test_an_export_that_cannot_be_written(tmp_path: Path, tiny: str) -> None:
    assert run_cli("run", tiny, "--out", tmp_path / "run").code == 0
    assert "need a file: add --to" in refused(run_cli("runs", "export", tmp_path / "run", "--format", "npz"))
    (tmp_path / "file").write_text("in the way")
    said = refused(run_cli("runs", "export", tmp_path / "run", "--to", tmp_path / "file" / "x.csv"))
    assert "file isn't a directory" in said
    assert (tmp_path / "file").read_text() == "in the way"


# -- in a process of its own ------------------------------------------------------------------------------


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_a_real_process_says_the_same_in_every_locale(tmp_path: Path, locale: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[training]\neta = -1\n")
    outcome = tunelab_process("run", path, LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert refused(outcome).endswith("x.toml: training.eta must be greater than 0, is -1")


def test_an_internal_error_is_a_sentence_too_and_its_details_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("tunelab.experiment.preset.schema", broken)
    outcome = run_cli("schema")
    kept = Path(os.environ["TUNELAB_HOME"]) / "last-error.txt"
    assert (outcome.code, outcome.out) == (1, "")
    assert (
        outcome.err == f"tunelab: something went wrong inside tunelab (ZeroDivisionError); the details are in {kept}\n"
    )
    assert "a bug" in kept.read_text()
    assert str(ROOT) in kept.read_text()
