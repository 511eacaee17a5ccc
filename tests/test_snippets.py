"""`tunelab snippet`: the scripts are run as they are, and end where tunelab ends."""

from __future__ import annotations

import io
import runpy
import shlex
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from commandline import refused, run_cli
from small_runs import little_data
from tunelab.data import load
from tunelab.data.dataset import Array
from tunelab.experiment import Experiment, load_data
from tunelab.experiment.assembly import assemble
from tunelab.experiment.preset import find as find_preset
from tunelab.experiment.preset import parse
from tunelab.initialization.schemes import WEIGHTS

TORCH = [
    "sigmoid cross-entropy",
    "softmax log-likelihood",
    "sigmoid quadratic",
    "softmax quadratic",
    "linear quadratic",
    "tanh quadratic",
    "tanh cross-entropy",
]
SCHEDULED = "early_stopping = {patience = 4}\nschedule = {rule = 'halve-on-plateau', patience = 1, stop_at = 64}"


def preset_file(folder: Path, network: str = "", first: str = "", training: str = "", train: int = 100) -> Path:
    """A preset on little data, float64; 10 epochs of 10 mini-batches are 100 steps."""
    path = folder / "p.toml"
    path.write_text(
        f'title = "A \\"quoted\\" title \\\\ η"\n[data]\nname = "{little_data(folder)}"\ntrain = {train}\n[network]\n'
        f'hidden = [5, 4]\nprecision = "float64"\n{network}\n[initialization]\nseed = 3\n{first}\n'
        f"[training]\neta = 0.4\nlambda = 1.5\nepochs = 10\n{training}\n"
    )
    return path


def ours(preset: Path) -> tuple[dict[str, Array], list[int]]:
    """Our parameters at the end, and how many were right after each epoch."""
    experiment: Experiment = parse(preset.read_text(), "p", "p").arms[0].experiment
    training = assemble([experiment], load(experiment.data.name, training=experiment.data.train))
    correct = [int(m.evaluation.correct[0]) for m in training]
    network = training.parameters()
    layers = range(len(network.weights))
    found = {f"weights_{n}": network.weights[n][0] for n in layers} | {
        f"biases_{n}": network.biases[n][0, 0] for n in layers
    }
    return found, correct


def theirs(library: str, preset: Path) -> tuple[dict[str, Array], list[int]]:
    """The same from the script, run as it is on data exported as it says."""
    folder = preset.parent
    script, data, end = (folder / name for name in ("script.py", "data.npz", "end.npz"))
    outcome = run_cli("snippet", preset, "--for", library, "--out", script)
    assert outcome.code == 0, outcome
    assert outcome.out == ""
    assert run_cli("data", "export", folder / "little.npz", data, "--force").code == 0
    said = io.StringIO()
    names = runpy.run_path(str(script))
    with redirect_stdout(said), mock.patch.object(sys, "argv", ["script", str(data), "--parameters", str(end)]):
        names["main"]()
    with np.load(end, allow_pickle=False) as arrays:
        parameters = {name: arrays[name] for name in arrays.files}
    return parameters, [int(line.split()[2]) for line in said.getvalue().splitlines()]


def assert_the_same(library: str, preset: Path, within: float = 1e-12) -> None:
    (mine, correct), (other, their_correct) = ours(preset), theirs(library, preset)
    assert correct == their_correct
    assert mine.keys() == other.keys()
    for name, values in mine.items():
        np.testing.assert_allclose(other[name], values, rtol=0, atol=within)


@pytest.mark.parametrize(
    ("pair", "activation"),
    list(zip(TORCH, ["sigmoid", "leaky-relu", "tanh", "relu", "sigmoid", "softplus", "gelu"], strict=True)),
)
def test_the_pytorch_script_ends_where_we_do(tmp_path: Path, pair: str, activation: str) -> None:
    """100 steps from the same seed in float64: the weights agree to 1e-12."""
    pytest.importorskip("torch", reason="PyTorch isn't installed")
    output, cost = pair.split()
    network = f'activation = "{activation}"\noutput = "{output}"\ncost = "{cost}"'
    assert_the_same("pytorch", preset_file(tmp_path, network))


@pytest.mark.parametrize("weights", [name for name, scheme in WEIGHTS.items() if not scheme.by_data])
def test_first_weights_are_ours(tmp_path: Path, weights: str) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed")
    first = f'weights = "{weights}"\ngain = 0.75\nbiases = "zeros"'
    training = "mini_batch = 100\nepochs = 2"
    preset = preset_file(tmp_path, first=first)
    preset.write_text(preset.read_text().replace("epochs = 10", training))
    assert_the_same("pytorch", preset)


@pytest.mark.parametrize("library", ["pytorch", "sklearn"])
def test_schedule_and_early_stopping_are_carried_over(tmp_path: Path, library: str) -> None:
    module = {"pytorch": "torch", "sklearn": "sklearn"}[library]
    pytest.importorskip(module, reason=f"{module} isn't installed")
    assert_the_same(library, preset_file(tmp_path, training=SCHEDULED.replace("'", '"')))


TRAININGS = {
    "momentum": "momentum = 0.8\n" + SCHEDULED,
    "nesterov, warm-up, cosine": 'momentum = 0.8\nnesterov = true\nschedule = {rule = "cosine", warm_up = 2}',
    "warm-up, halves": 'schedule = {rule = "halve-on-plateau", patience = 1, warm_up = 2}',
    "step": 'schedule = {rule = "step", every = 2, factor = 3.0, stop_at = 20.0}',
    "adam": 'optimizer = "adam"\nbeta2 = 0.99\nepsilon = 1e-6\nschedule = {rule = "linear"}',
    "l1, dropout": "l1 = 0.5\ndropout = 0.25",
    "clip": "clip_norm = 0.5\nmomentum = 0.5\nlambda = 0.0",
    "all of adam's": 'optimizer = "adam"\ndropout = 0.1\nclip_norm = 0.3',
}
"""What a training can be beside the plain one. No two of them leave the same lines in a script."""


def trained_otherwise(folder: Path, name: str) -> Path:
    """A preset of one of them; its own keys in place of the common ones."""
    preset = preset_file(folder, 'activation = "silu"' if name != "step" else 'activation = "tanh"', training="")
    text, own = preset.read_text(), TRAININGS[name]
    if "adam" in own:
        text = text.replace("eta = 0.4", "eta = 0.02")
    if "momentum" in own:
        text = text.replace("eta = 0.4", "eta = 0.1")  # η/(1 − μ) stays about what it is elsewhere
    if "lambda" in own:
        text = text.replace("lambda = 1.5\n", "")
    preset.write_text(text + own.replace("'", '"') + "\n")
    return preset


@pytest.mark.parametrize("name", TRAININGS)
def test_the_pytorch_script_trains_as_we_do(tmp_path: Path, name: str) -> None:
    pytest.importorskip("torch", reason="PyTorch isn't installed")
    assert_the_same("pytorch", trained_otherwise(tmp_path, name))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", TRAININGS)
def test_the_keras_script_trains_as_we_do(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="Keras' light backend, PyTorch, isn't installed")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras", reason="Keras isn't installed")
    # Its η is a float32, and it clips without PyTorch's 1e-6: below 1e-6 after an epoch, and this after ten
    assert_the_same("keras", trained_otherwise(tmp_path, name), within=5e-6)


@pytest.mark.filterwarnings("ignore::UserWarning")  # a last mini-batch is smaller than batch_size
@pytest.mark.parametrize("name", ["momentum", "nesterov, warm-up, cosine", "warm-up, halves", "step"])
def test_the_scikit_learn_script_trains_as_we_do(tmp_path: Path, name: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn isn't installed")
    preset = trained_otherwise(tmp_path, name)
    preset.write_text(preset.read_text().replace('"silu"', '"tanh"'))
    assert_the_same("sklearn", preset)


@pytest.mark.parametrize(
    ("library", "training", "sentence"),
    [
        ("sklearn", "l1 = 0.5", "scikit-learn has no l1 (training.l1); --for pytorch"),
        ("sklearn", "dropout = 0.5", "scikit-learn has no dropout (training.dropout)"),
        ("sklearn", "clip_norm = 0.5", "scikit-learn has no clipping of gradients (training.clip_norm)"),
        ("sklearn", 'optimizer = "adam"', "scikit-learn has an Adam whose ε is added before its bias is corrected"),
        ("keras", "clip_norm = 0.5\nmomentum = 0.9", "training.clip_norm with momentum and λ is another training"),
        ("keras", "clip_norm = 0.5\nl1 = 0.5", "training.clip_norm with l1 is another training"),
    ],
)
def test_what_a_library_lacks_is_named(tmp_path: Path, library: str, training: str, sentence: str) -> None:
    assert sentence in refused(run_cli("snippet", preset_file(tmp_path, training=training), "--for", library))


def test_weights_that_the_data_scale_are_not_carried_over(tmp_path: Path) -> None:
    preset = preset_file(tmp_path, first='weights = "lsuv"')
    assert "lsuv is scaled by the data as tunelab reads them" in refused(run_cli("snippet", preset, "--for", "pytorch"))


@pytest.mark.parametrize(
    "network",
    ["", 'output = "softmax"\nactivation = "tanh"', 'output = "linear"\ncost = "quadratic"\nactivation = "relu"'],
)
def test_the_scikit_learn_script_ends_where_we_do(tmp_path: Path, network: str) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn isn't installed")
    assert_the_same("sklearn", preset_file(tmp_path, network))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch and Keras among themselves
@pytest.mark.parametrize("pair", ["sigmoid cross-entropy", "softmax log-likelihood", "sigmoid quadratic"])
def test_the_keras_script_ends_where_we_do(tmp_path: Path, pair: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="Keras' light backend, PyTorch, isn't installed")
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras", reason="Keras isn't installed")
    output, cost = pair.split()
    # Keras keeps η as float32 whatever the network is made of, which is wrong in the eighth digit
    assert_the_same("keras", preset_file(tmp_path, f'output = "{output}"\ncost = "{cost}"'), within=1e-7)


@pytest.mark.parametrize("library", ["pytorch", "sklearn", "keras"])
def test_every_script_is_python_and_says_what_it_needs(tmp_path: Path, library: str) -> None:
    preset = preset_file(tmp_path, training="mini_batch = 30\nmonitor_every = 50", first="seeds = 3")
    outcome = run_cli("snippet", preset, "--for", library)
    assert outcome.code == 0, outcome
    compile(outcome.out, "script", "exec")
    head = outcome.out.split('"""')[1]
    assert "tunelab data export" in head
    assert "3 seeds side by side" in head
    assert "every 50 examples" in head
    if library == "sklearn":
        assert "last mini-batch of an epoch has 10 examples" in head


def test_a_run_and_its_arms_can_be_taken_too(tmp_path: Path) -> None:
    preset = preset_file(tmp_path)
    preset.write_text(preset.read_text() + '[[arm]]\nname = "a"\n[[arm]]\nname = "b"\ntraining.eta = 0.25\n')
    assert run_cli("run", preset, "--quiet").code == 0
    first = run_cli("snippet", "last", "--for", "pytorch")
    assert "ETA, LAMBDA, M, EPOCHS = 0.4," in first.out
    assert "--arm takes 'b'" in first.err
    assert "ETA, LAMBDA, M, EPOCHS = 0.25," in run_cli("snippet", "last", "--for", "pytorch", "--arm", "b").out


def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    preset = preset_file(tmp_path, 'activation = "leaky-relu"')
    assert "no leaky-relu" in refused(run_cli("snippet", preset, "--for", "sklearn"))
    assert "quadratic" in refused(run_cli("snippet", preset_file(tmp_path, 'cost = "quadratic"'), "--for", "sklearn"))
    assert "no arm 'x'" in refused(run_cli("snippet", "first-look", "--for", "keras", "--arm", "x"))
    assert "did you mean 'first-look'" in refused(run_cli("snippet", "first-lok", "--for", "keras"))
    assert "--for is missing" in refused(run_cli("snippet", "first-look"))
    assert "--for" in refused(run_cli("snippet", "first-look", "--for", "jax"))
    assert "another name" in refused(run_cli("snippet", preset, "--for", "keras", "--out", tmp_path / "keras.py"))
    assert "there is no run yet" in refused(run_cli("snippet", "last", "--for", "keras"))


def test_the_command_for_the_data_reads_them_as_the_network_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    rows = [f"{'xyz'[i % 3]},{i % 3 + rng.normal():.3f},{i % 2},{rng.normal():.3f}" for i in range(60)]
    (tmp_path / "a b.csv").write_text("\n".join(["kind,one,my code,two", *rows]) + "\n")
    (tmp_path / "p.toml").write_text(
        '[data]\nname = "a b.csv"\nlabel = "kind"\nsplit_seed = 3\ntest_share = 0.2\n[data.columns]\n'
        '"my code" = "category"\n[network]\nhidden = [4]\nprecision = "float64"\n[training]\nepochs = 2\n'
    )
    monkeypatch.chdir(tmp_path)
    script = run_cli("snippet", "p.toml", "--for", "sklearn", "--out", "script.py")
    assert script.code == 0, script
    names = runpy.run_path("script.py")
    command = next(line for line in names["__doc__"].splitlines() if "data export" in line)
    assert run_cli(*shlex.split(command)[1:]).code == 0
    dataset = load_data(find_preset("p.toml").arms[0].experiment)
    (inputs, wanted), (judged, _) = names["examples"]("DATA.npz")
    np.testing.assert_allclose(inputs, dataset.training.scaled(slice(None), np.float64))
    assert wanted.argmax(axis=1).tolist() == dataset.training.targets.tolist()
    assert judged.shape == (len(dataset.validation), dataset.features)
    assert "only the keys of [data]" in refused(
        run_cli("data", "export", "a b.csv", "x.npz", "--set", "training.eta=1")
    )
