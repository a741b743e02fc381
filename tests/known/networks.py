#!/usr/bin/env python3
"""Imports three trained networks from the Python package index, and compares with what their own
packages compute.

    pip install torch==2.9.0 numpy safetensors
    cargo build --workspace --bins --examples
    python tests/known/networks.py target/debug/rnn-apps target/debug/examples/known_networks [FOLDER]

The packages (Resemblyzer 0.1.4, g2p_en 2.1.0, silero-vad 6.2.3; 40 MB) are put into FOLDER, or
used if they are there; without FOLDER they are removed in the end. What they need for other
purposes, such as reading sound files, is not installed.

Each network is imported twice: by the program, with the description that `rnn-apps names` gives and
with `import --check`, and by the library, in rnn-model/examples/known_networks.rs. Ends with an
error if an output differs by more than 1e-4 over 200 steps. Prints a table with the largest
differences (`import --check` gives them relative to the largest output) and times, which are those
of the recurrent part alone: 200 steps, one sequence, one thread, the median of 31, and of three
rounds of original and library.
"""

import os

# Before NumPy and PyTorch start their threads.
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"

import importlib
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from unittest.mock import MagicMock

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

PROGRAM, EXAMPLE = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
PACKAGES = {"Resemblyzer": "0.1.4", "g2p_en": "2.1.0", "silero-vad": "6.2.3"}
STEPS = 200
ROUNDS = 3
CLOSE = 1e-4
# What the packages import for other purposes.
NOT_NEEDED = [
    *["librosa", "webrtcvad", "scipy", "scipy.ndimage", "scipy.ndimage.morphology"],
    *["nltk", "nltk.corpus", "nltk.tokenize", "inflect"],
]


def fetch(folder):
    """Puts the packages into `folder`, without their dependencies."""
    for package, version in PACKAGES.items():
        if not list(folder.glob(f"{package.replace('-', '_')}-{version}.dist-info")):
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            options = ["--no-deps", "--only-binary", ":all:", "--no-compile", "--target", folder]
            subprocess.run([*pip, *options, f"{package}=={version}"], check=True)


def run(*arguments):
    """Runs the program; gives the JSON of its last line."""
    line = [str(PROGRAM), *map(str, arguments), "--json"]
    output = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def import_checked(folder, weights, command, layer, input, output, symbols=None):
    """Imports by the description that `names` gives for `layer` in a network of `command`, and
    compares; gives the largest difference, relative to the largest output."""
    found = run("names", weights)["candidates"]
    found = [one for one in found if (one["command"], one["layer"]) == (command, layer)]
    assert len(found) == 1, (weights, command, layer, found)
    here = folder / f"{command}-{layer.strip('._')}"
    here.mkdir()
    (here / "model.json").write_text(json.dumps(found[0]["description"]))
    for file in found[0]["symbols"]:
        (here / file).write_text(json.dumps(symbols))
    save_file({"input": input, "output": output}, here / "expected.safetensors")
    arguments = ["--weights", weights, "--model", here / "model.json"]
    arguments += ["--check", here / "expected.safetensors", "--run", here / "run"]
    difference = run("import", *arguments)["check"]["difference"]
    assert difference <= CLOSE, (weights, command, layer, difference)
    return difference


def median_time(compute):
    """In milliseconds, as the example measures."""
    times = []
    for _ in range(36):
        start = time.perf_counter()
        compute()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[5:])


def in_rust(folder, network, weights, inputs, originals, words=()):
    """The library's outputs, and for each of the `originals` its time and that of the original."""
    input, output = folder / "in.safetensors", folder / "out.safetensors"
    save_file({name: np.ascontiguousarray(array) for name, array in inputs.items()}, input)
    line = [EXAMPLE, network, weights, input, output, *words]
    theirs, ours = ({name: [] for name in originals} for _ in range(2))
    for _ in range(ROUNDS):
        for name, compute in originals.items():
            theirs[name].append(median_time(compute))
        printed = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout
        for name, milliseconds in map(str.split, printed.splitlines()):
            ours[name].append(float(milliseconds))
    median = statistics.median
    times = {name: (median(theirs[name]), median(ours[name])) for name in originals}
    return load_file(output), times


def largest_difference(found, expected):
    assert found.shape == expected.shape, (found.shape, expected.shape)
    difference = float(np.abs(found - expected).max())
    assert difference <= CLOSE, difference  # of NaN too
    return difference


def resemblyzer(packages, folder, rng):
    """An LSTM of three layers, in a checkpoint of PyTorch before 1.6, and a linear layer on it."""
    weights = packages / "resemblyzer" / "pretrained.pt"
    module = importlib.import_module("resemblyzer.voice_encoder")
    original = module.VoiceEncoder("cpu", verbose=False)
    mels = torch.from_numpy(np.exp(rng.normal(-4, 2, (1, STEPS, 40))).astype(np.float32))
    forward = lambda: original.lstm(mels)
    hidden, (h_n, _) = forward()
    scores, embedding = original.linear(h_n[-1]), original(mels)
    found, times = in_rust(folder, "voice", weights, {"mels": mels.numpy()}, {"hidden": forward})
    program = lambda command, output: import_checked(
        folder, weights, command, "model_state.lstm.", mels.numpy(), output.numpy()
    )
    yield (
        "Resemblyzer: LSTM",
        program("recurrent", hidden),
        largest_difference(found["hidden"], hidden.numpy()),
        times["hidden"],
    )
    yield (
        "Resemblyzer: embedding",
        program("mnist", scores),
        largest_difference(found["embedding"], embedding.numpy()),
        None,
    )


def g2p(packages, folder, rng):
    """Two GRUs as arrays of NumPy, which the original computes in NumPy."""
    weights = packages / "g2p_en" / "checkpoint20.npz"
    original = importlib.import_module("g2p_en.g2p").G2p()
    take = lambda embedding, ids: np.take(embedding, ids, axis=0)
    letters = take(original.enc_emb, rng.integers(3, 29, (1, STEPS)))
    ids = rng.integers(4, 74, (1, STEPS))
    sounds = take(original.dec_emb, ids)
    of = lambda part: [
        getattr(original, f"{part}_{name}") for name in ["w_ih", "w_hh", "b_ih", "b_hh"]
    ]
    encode = lambda: original.gru(letters, STEPS, *of("enc"))

    def decode():
        h, states = np.zeros((1, 256), np.float32), []
        for t in range(STEPS):
            h = original.grucell(sounds[:, t], h, *of("dec"))
            states.append(h)
        return np.stack(states, 1)

    logits = np.matmul(decode(), original.fc_w.T) + original.fc_b
    words = ["activationist", "recurrent", "torch", "pneumonoultramicroscopic"]
    words += ["zxqvj", "rnn", "a", "o'brïen"]
    originals = {"encoder": encode, "decoder": decode}
    inputs = {"letters": letters, "sounds": sounds}
    found, times = in_rust(folder, "word", weights, inputs, originals, words)
    for word in words:
        spoken = [original.phonemes[i] for i in found[f"word {word}"]]
        assert spoken == original.predict(word), (word, spoken, original.predict(word))
    program = lambda *arguments: import_checked(folder, weights, *arguments)
    # The program's language models are of characters, so each phoneme gets one.
    characters = [chr(0x4E00 + i) for i in range(len(original.phonemes))]
    for part, input in [("encoder", letters), ("decoder", sounds)]:
        expected = originals[part]()
        yield (
            f"g2p_en: GRU of the {part}",
            program("recurrent", f"{part[:3]}_", input, expected),
            largest_difference(found[part], expected),
            times[part],
        )
    yield (
        f"g2p_en: scores; {len(words)} words",
        program("charlm", "dec_", ids, logits, characters),
        largest_difference(found["logits"], logits),
        None,
    )


def sound(rng):
    """Something like syllables, 16,000 samples a second: a voice's overtones, and noise."""
    t = np.arange(512 * STEPS) / 16000
    phase = 2 * np.pi * np.cumsum(120 + 30 * np.sin(2 * np.pi * 0.7 * t)) / 16000
    voice = sum(np.sin(k * phase) / k * (1 + np.cos(k * 2 * np.pi * 1.3 * t)) for k in range(1, 25))
    loudness = np.clip(np.sin(2 * np.pi * 3 * t), 0, 1) * (np.sin(2 * np.pi * 0.3 * t) > -0.3)
    samples = 0.1 * voice * loudness + 0.003 * rng.standard_normal(t.size)
    return torch.from_numpy(samples.astype(np.float32)).reshape(STEPS, 1, 512)


def silero(packages, folder, rng):
    """An LSTM cell in a TorchScript archive, behind convolutions that the original computes."""
    weights = packages / "silero_vad" / "data" / "silero_vad.jit"
    original = torch.jit.load(weights)
    network = original._model
    context = torch.zeros(1, 64)
    features, hidden, probabilities = [], [], []
    for chunk in sound(rng):
        probabilities.append(original(chunk, 16000))
        hidden.append(original._state[0])
        chunk = torch.cat([context, chunk], 1)
        features.append(network.encoder(network.run_extractors(chunk)).squeeze(-1))
        context = chunk[:, -64:]
    probability = torch.stack(probabilities, 2).numpy()  # [1, 1, chunks]
    assert np.ptp(probability) > 0.5, "speech and silence should differ"

    def listen():
        state = (torch.zeros(1, 128), torch.zeros(1, 128))
        for chunk in features:
            state = network.decoder.rnn(chunk, state)

    input, expected = torch.stack(features, 1).numpy(), torch.stack(hidden, 1).numpy()
    found, times = in_rust(folder, "speech", weights, {"features": input}, {"hidden": listen})
    yield (
        "silero-vad: LSTM cell",
        import_checked(folder, weights, "recurrent", "_model.decoder.rnn.", input, expected),
        largest_difference(found["hidden"], expected),
        times["hidden"],
    )
    yield (
        "silero-vad: probability",
        None,
        largest_difference(found["probability"], probability),
        None,
    )


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    sys.modules.update({name: MagicMock() for name in NOT_NEEDED})
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        given = sys.argv[3:]
        packages = pathlib.Path(given[0]).resolve() if given else temporary / "packages"
        packages.mkdir(parents=True, exist_ok=True)
        fetch(packages)
        sys.path.insert(0, str(packages))
        row = lambda name, *cells: print(f"{name:29}" + "".join(f"{cell:>16}" for cell in cells))
        row("network", "steps", "import --check", "library", "original ms", "here ms", "ratio")
        for compare in [resemblyzer, g2p, silero]:
            folder = temporary / compare.__name__
            folder.mkdir()
            for name, program, library, times in compare(packages, folder, rng):
                program = f"{program:.1e}" if program is not None else "-"
                theirs, ours = times or (None, None)
                times = [theirs, ours, ours / theirs] if times else []
                times = [f"{number:.2f}" for number in times] or ["-"] * 3
                row(name, STEPS, program, f"{library:.1e}", *times)
    print("The networks compute here what they compute in their packages")


if __name__ == "__main__":
    main()
