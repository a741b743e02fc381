"""Networks with what they gave for an input, for `import --check`, whose settings names don't tell.

Run by generate.py, which needs numpy beside torch and safetensors.
"""

import json

import numpy as np
import torch
from torch import nn

SIZE, HIDDEN, CLASSES, VOCAB = 5, 4, 3, 6


class Network(nn.Module):
    """A recurrent layer between whatever is before and after it."""

    def __init__(self, kind, head, embedding=None, **options):
        super().__init__()
        self.head = head
        if embedding:
            self.emb = nn.Embedding(VOCAB, embedding)
        self.rnn = getattr(nn, kind)(embedding or SIZE, HIDDEN, **options)
        directions = 2 if self.rnn.bidirectional else 1
        self.fc = nn.Linear(directions * HIDDEN, VOCAB if head == "next" else CLASSES)

    def forward(self, x):
        x = self.emb(x) if hasattr(self, "emb") else x
        output, state = self.rnn(x)
        h_n = state[0] if isinstance(state, tuple) else state
        steps = output if self.rnn.batch_first else output.transpose(0, 1)
        if self.head == "final_state":
            return self.fc(torch.cat(tuple(h_n[-2:]) if self.rnn.bidirectional else (h_n[-1],), 1))
        if self.head == "last_output":
            return self.fc(steps[:, -1])
        if self.head == "log_probabilities":
            return self.fc(output).log_softmax(-1)
        return self.fc(output)


def save(folder, name, model, x, description, seen=None, prefix=""):
    """The weights, the description and the outputs; `x` is the input, and `seen` what the network sees."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        output = model(x if seen is None else seen)
    weights = {prefix + name: value for name, value in model.state_dict().items()}
    torch.save(weights, folder / f"{name}.pt")
    (folder / f"{name}.json").write_text(json.dumps(description) + "\n")
    np.savez(folder / f"{name}.npz", input=x.numpy(), output=output.numpy())


def checks(folder):
    """Writes all files into `folder`. Seeded by itself."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(3)
    classifier = {"command": "mnist", "input_size": SIZE, "hidden_size": HIDDEN, "num_classes": CLASSES}
    images = torch.rand(3, 7, SIZE)
    both = {"batch_first": True, "bidirectional": True}
    for head in ["final_state", "last_output"]:
        model = Network("LSTM", head, **both)
        description = classifier | {"cell": "lstm", "bidirectional": True}
        save(folder, head, model, images, description)
    # Of one step both heads read the same.
    with torch.no_grad():
        step = images[:, :1]
        np.savez(folder / "one_step.npz", input=step.numpy(), output=model(step).numpy())
    model = Network("RNN", "last_output", batch_first=True, nonlinearity="relu")
    save(folder, "relu", model, images, classifier | {"cell": "rnn"})
    model = Network("GRU", "last_output")
    save(folder, "time_first", model, images.transpose(0, 1).contiguous(), classifier | {"cell": "gru"})
    for name, seen in [("normalize", images), ("normalized", (images - 0.1307) / 0.3081)]:
        # The second has an input that is normalised already.
        model = Network("LSTM", "last_output", batch_first=True)
        save(folder, name, model, seen, classifier | {"cell": "lstm"}, (images - 0.1307) / 0.3081)
    tagger = {
        "command": "tagger",
        "embedding_size": 2,
        "hidden_size": HIDDEN,
        "words": ["<unk>", "a", "b", "c", "d", "e"],
        "unk": "<unk>",
        "tags": ["X", "Y", "Z"],
    }
    ids = torch.randint(VOCAB, (2, 9))
    model = Network("LSTM", "log_probabilities", embedding=2, batch_first=True)
    save(folder, "tagger", model, ids, tagger, prefix="module.")
    language = {"command": "charlm", "cell": "rnn", "embedding_size": 2, "hidden_size": HIDDEN}
    language["vocab"] = {"b": 1, "a": 0, "c": 2, " ": 3, "d": 4, "e": 5}
    model = Network("RNN", "next", embedding=2, batch_first=True, nonlinearity="relu")
    save(folder, "language", model, ids, language)

    lstm = nn.LSTM(SIZE, HIDDEN, num_layers=2, batch_first=True)
    with torch.no_grad():
        _, (h_n, _) = lstm(images[:1])
    weights = {f"encoder.lstm.{name}": value for name, value in lstm.state_dict().items()}
    torch.save({"net": weights | {"similarity_weight": torch.ones(1)}}, folder / "encoder.pt")
    description = {"command": "recurrent", "cell": "lstm", "input_size": SIZE, "num_layers": 2}
    description["hidden_size"] = HIDDEN
    (folder / "encoder.json").write_text(json.dumps(description) + "\n")
    np.savez(folder / "encoder.npz", input=images[0].numpy(), output=h_n.numpy())
