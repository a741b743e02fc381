#!/usr/bin/env python3
"""Tests weights from PyTorch to the program and back, and from the program to PyTorch.

    pip install torch==2.9.0 numpy safetensors
    python tests/golden/exchange.py target/debug/rnn-apps

Ends with an error if a name, a shape, a number or a prediction differs.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

import torch
from language import LanguageModel
from safetensors.torch import load_file
from tagging import Tagger
from torch import nn

PROGRAM = pathlib.Path(sys.argv[1]).resolve()


class Classifier(nn.Module):
    """The row-by-row classifier: a linear layer on the recurrent network's final state of both
    directions, or on its last output."""

    def __init__(self, kind, head="final_state", **options):
        super().__init__()
        self.head = head
        self.rnn = getattr(nn, kind)(28, 16, batch_first=True, **options)
        self.fc = nn.Linear(32 if options.get("bidirectional") else 16, 10)

    def forward(self, images):
        output, state = self.rnn(images)
        if self.head == "last_output" or not self.rnn.bidirectional:
            return self.fc(output[:, -1])
        h_n = state[0] if isinstance(state, tuple) else state
        return self.fc(torch.cat((h_n[-2], h_n[-1]), 1))


def run(*arguments):
    """Runs the program; gives the JSON of its last line."""
    line = [str(PROGRAM), *map(str, arguments), "--json"]
    output = subprocess.run(line, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def there_and_back(folder, kind, options):
    """torch.save → import → export → load_state_dict(strict=True): nothing changes."""
    model = Classifier(kind, **options)
    torch.save({"step": 7, "net": model.state_dict()}, folder / "model.pt")
    description = {
        "command": "mnist",
        "strip_prefix": "net.",
        "cell": kind.lower(),
        "input_size": 28,
        "hidden_size": 16,
        "num_classes": 10,
        **options,
    }
    (folder / "model.json").write_text(json.dumps(description))
    name = "-".join([kind.lower(), *map(str, options.values())])
    arguments = ["--weights", folder / "model.pt", "--model", folder / "model.json"]
    run("import", *arguments, "--run", folder / name)
    run("export", "--run", folder / name, "--out", folder / f"{name}.safetensors")
    again = Classifier(kind, **options)
    again.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)
    for (key, before), after in zip(model.state_dict().items(), again.state_dict().values()):
        assert torch.equal(before, after), f"{name}: {key} changed"


def write_idx(path, array):
    """Unsigned bytes as an IDX file."""
    header = struct.pack(">HBB", 0, 8, array.dim()) + struct.pack(f">{array.dim()}I", *array.shape)
    path.write_bytes(header + array.to(torch.uint8).numpy().tobytes())


def trained_here(folder, kind):
    """A run trained and evaluated by the program has the same loss when PyTorch evaluates it."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    for split, count in [("train", 400), ("t10k", 100)]:
        labels = torch.arange(count) % 10
        images = torch.randint(0, 100, (count, 28, 28)) + 15 * labels[:, None, None]
        write_idx(data / f"{split}-images-idx3-ubyte", images)
        write_idx(data / f"{split}-labels-idx1-ubyte", labels)
    options = ["--hidden-size", 16, "--num-layers", 2, "--bidirectional", "--epochs", 2]
    found = run(
        "mnist", "train", "--cell", kind.lower(), "--data", data, *options, "--run", folder / kind
    )
    renames = ["--rename", "rnn.=layers.", "--prefix", "net."]
    run("export", "--run", folder / kind, "--out", folder / f"{kind}.safetensors", *renames)
    weights = load_file(folder / f"{kind}.safetensors")
    weights = {name.removeprefix("net."): value for name, value in weights.items()}
    weights = {name.replace("layers.", "rnn."): value for name, value in weights.items()}
    model = Classifier(kind, num_layers=2, bidirectional=True)
    model.load_state_dict(weights, strict=True)
    with torch.no_grad():
        logits = model(images / 255)
    loss = nn.functional.cross_entropy(logits, labels).item()
    assert abs(loss - found["test_loss"]) < 1e-5, (kind, loss, found["test_loss"])
    correct = (logits.argmax(1) == labels).sum().item()
    assert correct == found["correct"], (kind, correct, found["correct"])


LANGUAGE_MODELS = [
    ("LSTM", 24, {"num_layers": 2, "tied": True}),
    ("LSTM", 16, {"num_layers": 2, "proj_size": 16, "tied": True}),
    ("GRU", 12, {}),
    ("RNN", None, {}),
]


def language_model(folder, kind, embedding, options):
    """A language model that is trained here predicts the same in PyTorch, and one of PyTorch's here."""
    name = f"text-{kind}-{len(options)}"
    text = folder / "text.txt"
    lines = ["the sea is calm tonight", "the tide is full, the moon lies fair", "ÄÖÜ and 海"]
    text.write_text("\n".join(lines * 12), encoding="utf-8")
    flags = ["--hidden-size", 24, "--num-layers", options.get("num_layers", 1)]
    flags += ["--embedding-size", embedding] if embedding else ["--one-hot"]
    flags += ["--tied-weights"] if "tied" in options else []
    flags += ["--proj-size", options["proj_size"]] if "proj_size" in options else []
    flags += ["--output-dropout", 0.1, "--batch-size", 4, "--window", 16, "--max-steps", 80]
    train = ["charlm", "train", "--data", text, "--cell", kind.lower()]
    run(*train, *flags, "--run", folder / name)
    run("export", "--run", folder / name, "--out", folder / f"{name}.safetensors")
    symbols = json.loads((folder / name / "vocab.json").read_text(encoding="utf-8"))["symbols"]
    model = LanguageModel(kind, len(symbols), embedding, 24, **options)
    model.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)

    def compare(where, model):
        ids = [symbols.index(character) for character in text.read_text(encoding="utf-8")]
        found = run("charlm", "eval", "--run", where, "--file", text, "--window", 16)
        for key, window in [("valid_nats_per_char", None), ("valid_nats_per_char_reset", 16)]:
            nats = model.nats(torch.tensor(ids), window)
            assert abs(nats - found[key]) < 1e-5, (where.name, key, nats, found[key])
        prompt = ["--prompt", "the sea ", "--length", 40, "--temperature", 0]
        found = run("charlm", "sample", "--run", where, *prompt)["text"]
        expected = model.continues([symbols.index(character) for character in "the sea "], 40)
        assert found == "".join(symbols[i] for i in expected), (where.name, found)

    compare(folder / name, model)

    # Other weights, from PyTorch to here and back; not so large that rounding grows from step to step.
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight).mul(0.15))
    torch.save(model.state_dict(), folder / "model.pt")
    description = {
        "command": "charlm",
        "cell": kind.lower(),
        "hidden_size": 24,
        "vocab": symbols,
        "unk": symbols[0],
        **({"embedding_size": embedding} if embedding else {}),
        **{"tied_weights" if key == "tied" else key: value for key, value in options.items()},
    }
    (folder / "model.json").write_text(json.dumps(description))
    there = folder / f"{name}-back"
    arguments = ["--weights", folder / "model.pt", "--model", folder / "model.json"]
    run("import", *arguments, "--run", there)
    compare(there, model)
    run("export", "--run", there, "--out", folder / f"{name}-back.safetensors")
    again = load_file(folder / f"{name}-back.safetensors")
    assert again.keys() == model.state_dict().keys(), (name, list(again))
    for key, before in model.state_dict().items():
        assert torch.equal(before, again[key]), f"{name}: {key} changed"


SENTENCES = """The/DET dog/NN ate/V the/DET apple/NN ./.
Everybody/NN read/V that/DET book/NN ./.
A/DET smørrebrød/NN was/V eaten/V by/IN 12/CD dogs/NN ,/, and/CC read/V by/IN nobody/NN !/.
Stop/V
"""

TAGGERS = [
    ("chars", {"characters": 8, "num_layers": 2}, []),
    ("chars-crf", {"characters": 8, "crf": True}, ["--crf", "--num-layers", 1]),
    ("words-crf", {"crf": True}, ["--crf", "--no-chars", "--num-layers", 1]),
    ("words", {"num_layers": 2}, ["--no-chars"]),
]


def tagger(folder, name, options, flags):
    """A tagger that is trained here gives the same tags and probabilities in PyTorch, and one of
    PyTorch's here."""
    data = folder / "tagged.txt"
    data.write_text(SENTENCES, encoding="utf-8")
    sizes = ["--embedding-size", 12, "--hidden-size", 16, "--char-embedding-size", 6]
    sizes += ["--char-hidden-size", 8, "--min-count", 1, "--epochs", 30, "--batch-size", 2]
    there = folder / f"tagger-{name}"
    run("tagger", "train", "--data", data, "--dev", data, *sizes, *flags, "--run", there)
    run("export", "--run", there, "--out", folder / f"{name}.safetensors")
    symbols = lambda file: json.loads((there / file).read_text(encoding="utf-8"))["symbols"]
    words, tags = symbols("vocab.json"), symbols("tags.json")
    characters = symbols("characters.json") if "characters" in options else []
    if characters:
        options = options | {"characters": (len(characters), 6, options["characters"])}
    model = Tagger(len(words), len(tags), 12, 16, **options)
    model.load_state_dict(load_file(folder / f"{name}.safetensors"), strict=True)
    lines = [line.split() for line in SENTENCES.splitlines()]
    texts = [[token.rsplit("/", 1)[0] for token in line] for line in lines]
    texts += [["zebras", "É"], ["THE", "counterrevolutionaries-counterrevolutionaries"]]
    id_of = lambda symbols, symbol: symbols.index(symbol) if symbol in symbols else 0
    # Where characters are read, words are known in lower case. Of a long word both ends are read.
    word_id = lambda word: id_of(words, word.lower() if characters and word not in words else word)
    read = lambda word: word if len(word) <= 32 else word[:16] + word[-16:]

    def compare(where):
        found = run("tagger", "tag", "--run", where, "--probabilities", *map(" ".join, texts))
        for text, sentence in zip(texts, found["sentences"]):
            assert sentence["tokens"] == text, (name, sentence)
            ids = torch.tensor([word_id(word) for word in text])
            spelling = [torch.tensor([id_of(characters, c) for c in read(word)]) for word in text]
            assert sentence["tags"] == [tags[tag] for tag in model.tag(ids, spelling)], (name, text)
            if "crf" not in options:
                with torch.no_grad():
                    expected = model(ids, spelling).softmax(1).max(1).values
                torch.testing.assert_close(
                    torch.tensor(sentence["probabilities"]), expected, rtol=1e-4, atol=1e-5
                )

    compare(there)

    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight).mul(0.3))
    torch.save(model.state_dict(), folder / "tagger.pt")
    described = {"embedding_size": 6, "hidden_size": 8, "symbols": characters, "unk": "<unk>"}
    description = {
        "command": "tagger",
        "embedding_size": 12,
        "hidden_size": 16,
        "num_layers": options.get("num_layers", 1),
        "bidirectional": True,
        # Words as the notebook has them, tags as a list.
        "words": {word: id for id, word in enumerate(words)},
        "unk": "<unk>",
        "tags": tags,
        "crf": options.get("crf", False),
        **({"characters": described, "word_form": {"lowercase": True}} if characters else {}),
    }
    (folder / "tagger.json").write_text(json.dumps(description))
    arguments = ["--weights", folder / "tagger.pt", "--model", folder / "tagger.json"]
    back = folder / f"tagger-{name}-back"
    run("import", *arguments, "--run", back)
    compare(back)


def main():
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for kind in ["RNN", "LSTM", "GRU"]:
            both = {"num_layers": 3, "bidirectional": True}
            heads = [{**both, "head": head} for head in ["final_state", "last_output"]]
            for options in [{}, *heads, {"bias": False}]:
                there_and_back(folder, kind, options)
            trained_here(folder, kind)
        for kind, embedding, options in LANGUAGE_MODELS:
            language_model(folder, kind, embedding, options)
        for name, options, flags in TAGGERS:
            tagger(folder, name, options, flags)
    print("PyTorch and the program agree")


if __name__ == "__main__":
    main()
