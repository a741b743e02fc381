#!/usr/bin/env python3
"""Characters per second: `charlm sample` of a run against a PyTorch loop of the same model.

    pip install torch==2.9.0 numpy safetensors
    cargo build -p rnn-apps
    python rnn-apps/bench/sample.py RUN [--ours target/debug/rnn-apps] [--length 2000] [--threads 2]

Both read the same weights, feed one character at a time with the state of the one before, and draw the
next one at temperature 0.8. The reading of the prompt is not counted. Prints a line of JSON.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import torch
from safetensors.torch import load_file
from torch import nn


class CharLm(nn.Module):
    def __init__(self, settings):
        super().__init__()
        embedding, hidden = settings["embedding_size"], settings["hidden_size"]
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[settings["cell"]]
        options = {"proj_size": settings["proj_size"]} if settings.get("proj_size") else {}
        self.emb = nn.Embedding(settings["vocab_size"], embedding)
        self.rnn = kind(embedding, hidden, settings["num_layers"], batch_first=True, **options)
        self.fc = nn.Linear(settings.get("proj_size") or hidden, settings["vocab_size"])
        if settings.get("tied_weights"):
            self.fc.weight = self.emb.weight

    def forward(self, x, state=None):
        out, state = self.rnn(self.emb(x), state)
        return self.fc(out), state


def theirs(model, length):
    x, state = torch.zeros(1, 1, dtype=torch.long), None
    start = None
    with torch.inference_mode():
        for number in range(length):
            logits, state = model(x, state)
            x = torch.multinomial(torch.softmax(logits[0, -1] / 0.8, 0), 1)[None]
            if number == 0:
                start = time.perf_counter()
    return (length - 1) / (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=pathlib.Path)
    parser.add_argument("--ours", default="target/debug/rnn-apps")
    parser.add_argument("--length", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    settings = json.loads((args.run / "config.json").read_text())["model"]
    with tempfile.TemporaryDirectory() as folder:
        weights = pathlib.Path(folder) / "weights.safetensors"
        subprocess.run([args.ours, "export", "--run", args.run, "--out", weights, "--quiet"], check=True)
        model = CharLm(settings).eval()
        model.load_state_dict(load_file(weights))
    command = [args.ours, "charlm", "sample", "--run", args.run, "--length", str(args.length)]
    command += ["--threads", str(args.threads), "--device", "ndarray", "--quiet", "--json"]
    rates = []
    for _ in range(3):  # in turn; the best of each
        ours = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rates.append((ours["chars_per_second"], theirs(model, args.length)))
    ours, pytorch = (max(rate) for rate in zip(*rates))
    print(json.dumps({"ours": round(ours), "pytorch": round(pytorch), "ratio": round(ours / pytorch, 1)}))


if __name__ == "__main__":
    main()
