#!/usr/bin/env python3
"""Races `rnn-apps bench` against PyTorch on the same weights and the same data.

    cargo build --release && pip install torch==2.9.0 numpy safetensors
    python rnn-apps/bench/race.py "target/release/rnn-apps bench" [--workload NAME ...] [--rounds 5]
                                  [--iters 30] [--threads 2]

In each round PyTorch draws the weights and a batch, saves them and times itself on them; then the given
command does so from the saved file. Both must reach the same loss (or sum of the outputs), or the
workload fails and the exit code is 1; only charlm-generate, which samples, has nothing to compare.

Quote the ratio (ours / PyTorch, the median over the rounds; below 1, ours takes less time), not the
times: a machine's speed drifts within minutes, and only the two runs of a round are close in time.
Memory is how much the process's peak grew from before the first iteration to the end (on Linux, else 0).
In PyTorch's figure for training, about 100 MB are the modules that it imports with its first optimiser.
"""

import argparse
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# What is done, and with what: an embedding of so many tokens (0: none), a recurrent layer of that many
# inputs, hidden units and layers, and a linear layer of that many outputs.
WORKLOADS = {
    f"mnist-{kind.lower()}-{task}": (task, 0, kind, 28, 128, 2, 10)
    for kind in ("LSTM", "RNN", "GRU") for task in ("train", "infer")
} | {
    "charlm-train": ("train", 65, "LSTM", 128, 512, 2, 65),
    "charlm-generate": ("generate", 65, "LSTM", 128, 512, 2, 65),
    "tagger-train": ("train", 10_000, "LSTM", 100, 128, 1, 17),
    "hihello-train": ("train", 0, "RNN", 5, 3, 1, 5),
}
SHORTEST = ("charlm-generate", "hihello-train")  # ten times the iterations, or noise would show


def peak_mb():
    """Read where the other side reads it, so that both mean the same."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def run_pytorch(name, iters, threads, inputs):
    import torch  # not above: the process that starts the others has no use for it
    from safetensors.torch import save_file
    from torch import nn
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    task, vocabulary, kind, width, hidden, layers, outputs = WORKLOADS[name]
    packed, images = name == "tagger-train", name.startswith("mnist-")
    padding = 0 if packed else None
    emb = nn.Embedding(vocabulary, width, padding_idx=padding) if vocabulary else nn.Identity()
    rnn = getattr(nn, kind)(width, hidden, layers, batch_first=True, bidirectional=packed)
    fc = nn.Linear(hidden * (2 if packed else 1), outputs)
    model = nn.ModuleDict({"emb": emb, "rnn": rnn, "fc": fc})  # the keys begin the names in the file
    model.train(task == "train")

    batch = {}
    if images:
        batch = {"x": torch.randn(64, 28, 28), "y": torch.randint(0, 10, (64,))}
    elif name == "charlm-train":
        batch = {"x": torch.randint(0, 65, (32, 64)), "y": torch.randint(0, 65, (32, 64))}
    elif packed:
        lengths = torch.randint(5, 41, (32,))
        lengths[0] = 40  # so that some sequence is as long as x
        beyond = torch.arange(40) >= lengths.unsqueeze(1)
        x = torch.randint(1, vocabulary, (32, 40)).masked_fill(beyond, padding)
        y = torch.randint(0, outputs, (32, 40)).masked_fill(beyond, -100)  # which the loss leaves out
        batch = {"x": x, "y": y, "lengths": lengths}
    elif name == "hihello-train":  # "hihell" as one-hot rows, and "ihello"
        batch = {"x": torch.eye(5)[[0, 1, 0, 2, 3, 3]].unsqueeze(0), "y": torch.tensor([1, 0, 2, 3, 3, 4])}
    tensors = {key: value.contiguous() for key, value in (model.state_dict() | batch).items()}
    save_file(tensors, str(Path(inputs, f"{name}.safetensors")))
    before = peak_mb()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3) if task == "train" else None

    def forward(x, state=None):
        if packed:
            x = pack_padded_sequence(emb(x), batch["lengths"], batch_first=True, enforce_sorted=False)
            return fc(pad_packed_sequence(rnn(x)[0], batch_first=True)[0]), None
        hiddens, state = rnn(emb(x), state)
        return fc(hiddens[:, -1] if images else hiddens), state

    def train(_):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(forward(batch["x"])[0].flatten(0, -2), batch["y"].flatten())
        loss.backward()
        optimiser.step()
        return loss.item()

    def generate(last):
        logits, state = forward(*last)
        token = torch.multinomial((logits[0] / 0.85).exp(), 1)
        token.item()  # whoever prints the text waits for each character
        return token, state

    iteration = {"train": train, "generate": generate, "infer": lambda _: forward(batch["x"])[0]}[task]
    warmup, samples, last = max(5, iters // 10), [], (torch.zeros(1, 1, dtype=torch.long), None)
    with torch.inference_mode(task != "train"):
        for _ in range(warmup + iters):
            start = time.perf_counter()
            last = iteration(last)
            samples.append((time.perf_counter() - start) * 1e3)
    check = None if task == "generate" else last if task == "train" else last.abs().sum().item()
    return {"workload": name, "iters": iters, "threads": threads, "check": check,
            "median_ms": sorted(samples[warmup:])[iters // 2], "step_memory_mb": peak_mb() - before}


def run_command(argv, name, iters, threads, inputs):
    """The line that the command prints of its run: a process of its own, for its threads and its memory."""
    argv = [*argv, name, "--iters", str(iters), "--threads", str(threads), "--inputs", inputs]
    done = subprocess.run(argv, capture_output=True, text=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not rows:
        reason = " ".join(done.stderr.split())[-300:]  # the table keeps to a line each
        raise RuntimeError(f"{shlex.join(argv)} exited with {done.returncode}: {reason}")
    return json.loads(rows[-1])


def require_same_work(theirs, ours):
    for key in ("workload", "iters", "threads"):
        if ours.get(key) != theirs[key]:
            raise RuntimeError(f"{key} differs: PyTorch {theirs[key]}, ours {ours.get(key)}")
    want, got = theirs["check"], ours.get("check")
    # Written so that a NaN on either side is a difference.
    if want is not None and (got is None or not abs(got - want) <= 2e-4 * max(1e-3, abs(want))):
        raise RuntimeError(f"check differs: PyTorch {want}, ours {got}")


def race(name, args, inputs):
    """A workload's figures in the table."""
    settings = (name, args.iters * (10 if name in SHORTEST else 1), args.threads, inputs)
    rounds = []
    for _ in range(args.rounds):  # taking turns, for the drift
        theirs = run_command([sys.executable, __file__, "--pytorch"], *settings)
        ours = run_command([*shlex.split(args.command), "--workload"], *settings)
        require_same_work(theirs, ours)
        rounds.append((theirs, ours))
    times, memory = ([statistics.median(pair[side][key] for pair in rounds) for side in (0, 1)]
                     for key in ("median_ms", "step_memory_mb"))
    ratio = statistics.median(ours["median_ms"] / theirs["median_ms"] for theirs, ours in rounds)
    return f"{times[0]:11.3f} {times[1]:9.3f} {ratio:7.3f} {f'{memory[0]:.0f} / {memory[1]:.0f}':>13}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("command", nargs="?", help="ours, such as 'target/release/rnn-apps bench'")
    add("--workload", nargs="+", action="extend", choices=WORKLOADS, metavar="NAME",
        help="default: all; one of\n" + "\n".join(WORKLOADS))
    add("--rounds", type=int, default=5)
    add("--iters", type=int, default=30, help="ten times as many of the shortest ones")
    add("--threads", type=int, default=2)
    add("--pytorch", choices=WORKLOADS, help=argparse.SUPPRESS)  # how this script calls itself
    add("--inputs", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pytorch:
        print(json.dumps(run_pytorch(args.pytorch, args.iters, args.threads, args.inputs)))
        return 0
    if not args.command or min(args.rounds, args.iters, args.threads) < 1:
        parser.error("expected the command to race, and at least 1 round, iteration and thread")
    failed = False
    print(f"{'workload':16} {'PyTorch ms':>11} {'ours ms':>9} {'ratio':>7} {'memory MB':>13}", flush=True)
    with tempfile.TemporaryDirectory() as inputs:
        for name in args.workload or WORKLOADS:
            try:
                line = race(name, args, inputs)
            except (RuntimeError, OSError, ValueError, KeyError) as error:
                line, failed = f"failed: {error}", True
            print(f"{name:16} {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
