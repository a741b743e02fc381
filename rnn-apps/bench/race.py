#!/usr/bin/env python3
"""Races `rnn-apps bench` against PyTorch on the same weights and the same data.

    cargo build --release && pip install torch==2.9.0 numpy safetensors
    python rnn-apps/bench/race.py "target/release/rnn-apps bench" [--workload NAME ...] [--rounds 5]
                                  [--iters 30] [--threads 2] [--onnxruntime]

In each round PyTorch draws the weights and a batch, saves them and times itself on them; then the given
command does so from the saved file. Both must reach the same loss (or sum of the outputs), or the
workload fails and the exit code is 1; only charlm-generate, which samples, has nothing to compare.

Quote the ratio (ours / PyTorch, the median over the rounds; below 1, ours takes less time), not the
times: a machine's speed drifts within minutes, and only the two runs of a round are close in time.
Memory is how much the process's peak grew from before the first iteration to the end (on Linux, else 0).
In PyTorch's figure for training, about 100 MB are the modules that it imports with its first optimiser.

With --onnxruntime (pip install onnxruntime onnx), ONNX Runtime is raced too, in each round, on the same
weights and batch: a graph of ONNX's own operators on its CPU provider, held to the same check. Further
columns give its time, the ratio ours / ONNX Runtime, and its memory, or dashes where a workload trains.

On a machine with a GPU, at the workloads' sizes and at eight times the batch:

    python rnn-apps/bench/race.py "target/release/rnn-apps bench --device libtorch:cuda" --device cuda [--scale 8]

The memory is the processor's then, not the GPU's.
"""

import argparse
import importlib.util
import json
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# The task and the model: an embedding of so many tokens (0: none), a recurrent layer of that many
# inputs, hidden units and layers, and a linear layer of that many outputs.
WORKLOADS = {
    f"mnist-{kind.lower()}-{task}": (task, 0, kind, 28, 128, 2, 10)
    for kind in ("LSTM", "RNN", "GRU") for task in ("train", "infer")
} | {
    "charlm-train": ("train", 65, "LSTM", 128, 512, 2, 65),
    "charlm-read": ("infer", 65, "LSTM", 128, 512, 2, 65),
    "charlm-generate": ("generate", 65, "LSTM", 128, 512, 2, 65),
    "tagger-train": ("train", 10_000, "LSTM", 100, 128, 1, 17),
    "hihello-train": ("train", 0, "RNN", 5, 3, 1, 5),
}
SHORTEST = ("charlm-generate", "hihello-train")  # ten times the iterations, to reduce noise
TEMPERATURE = 0.85  # of charlm-generate


def peak_mb():
    """The peak memory in MB, read as `rnn-apps bench` reads it, so that both figures are comparable."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def timed(iteration, last, iters):
    """The last result, and the median milliseconds; each iteration gets what the one before returned."""
    warmup, samples = max(5, iters // 10), []
    for _ in range(warmup + iters):
        start = time.perf_counter()
        last = iteration(last)
        samples.append((time.perf_counter() - start) * 1e3)
    return last, sorted(samples[warmup:])[iters // 2]


def run_pytorch(name, iters, threads, inputs, device="cpu", scale=1):
    import torch  # imported here, since the parent process does not need it
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
        batch = {"x": torch.randn(64 * scale, 28, 28), "y": torch.randint(0, 10, (64 * scale,))}
    elif name == "charlm-train":
        batch = {key: torch.randint(0, 65, (32 * scale, 64)) for key in "xy"}
    elif name == "charlm-read":
        batch = {"x": torch.randint(0, 65, (scale, 64))}
    elif packed:
        lengths = torch.randint(5, 41, (32 * scale,))
        lengths[0] = 40  # so that the longest sequence has the length of x
        beyond = torch.arange(40) >= lengths.unsqueeze(1)
        x = torch.randint(1, vocabulary, beyond.shape).masked_fill(beyond, padding)
        y = torch.randint(0, outputs, beyond.shape).masked_fill(beyond, -100)  # -100 is ignored by the loss
        batch = {"x": x, "y": y, "lengths": lengths}
    elif name == "hihello-train":  # "hihell" as one-hot rows, and "ihello"
        batch = {"x": torch.eye(5)[[0, 1, 0, 2, 3, 3]].unsqueeze(0), "y": torch.tensor([1, 0, 2, 3, 3, 4])}
    tensors = {key: value.contiguous() for key, value in (model.state_dict() | batch).items()}
    save_file(tensors, str(Path(inputs, f"{name}.safetensors")))
    model.to(device)
    batch |= {key: value.to(device) for key, value in batch.items() if key != "lengths"}
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
        token = torch.multinomial((logits[0] / TEMPERATURE).exp(), 1)
        token.item()  # synchronises, since a program that prints the text needs each character
        return token, state

    def infer(_):
        outputs = forward(batch["x"])[0]
        if device == "cuda":
            torch.cuda.synchronize()
        return outputs

    iteration = {"train": train, "generate": generate, "infer": infer}[task]
    with torch.inference_mode(task != "train"):
        first = torch.zeros(1, 1, dtype=torch.long, device=device), None
        last, median = timed(iteration, first, iters)
    check = None if task == "generate" else last if task == "train" else last.abs().sum().item()
    return {"workload": name, "iters": iters, "threads": threads, "check": check,
            "median_ms": median, "step_memory_mb": peak_mb() - before}


def onnx_model(name, x, weights):
    """The same model as an ONNX file's bytes: from x and each layer's state to logits and the next states."""
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    _, vocabulary, kind, _, hidden, layers, _ = WORKLOADS[name]
    # ONNX has the gates in another order: i o f c for PyTorch's i f g o, and z r h for its r z n.
    order = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2), "RNN": (0,)}[kind]
    options = {"linear_before_reset": 1} if kind == "GRU" else {}  # as PyTorch's GRU has it
    nodes, constants, inputs, outputs = [], [], [], []

    def node(operator, operands, results, **attributes):
        nodes.append(helper.make_node(operator, operands, results, **attributes))
        return results[0]

    def constant(key, array):
        constants.append(numpy_helper.from_array(array, key))
        return key

    def gates(key, *tensors):
        blocks = [np.split(weights[tensor], len(order)) for tensor in tensors]
        joined = np.concatenate([block[gate] for block in blocks for gate in order])
        return constant(key, joined[np.newaxis])  # the axis of directions

    def declare(values, key, shape, kind=TensorProto.FLOAT):
        values.append(helper.make_tensor_value_info(key, kind, shape))

    declare(inputs, "x", x.shape, TensorProto.INT64 if vocabulary else TensorProto.FLOAT)
    declare(outputs, "logits", None)
    last = node("Transpose", ["x"], ["steps"], perm=[1, 0, *range(2, x.ndim)])  # time before batch
    if vocabulary:
        last = node("Gather", [constant("emb", weights["emb.weight"]), last], ["embedded"])
    direction = constant("direction", np.array([1]))
    for layer in range(layers):
        states = [f"{state}{layer}" for state in ("hc" if kind == "LSTM" else "h")]
        results = [f"Y{layer}", *(f"next_{state}" for state in states)]
        for state, following in zip(states, results[1:]):
            declare(inputs, state, (1, len(x), hidden))
            declare(outputs, following, None)
        all_steps = layer < layers - 1 or name == "charlm-read"
        if not all_steps:
            results[0] = ""  # omitted: the next h is the last step's output
        node(kind, [last, gates(f"W{layer}", f"rnn.weight_ih_l{layer}"),
                    gates(f"R{layer}", f"rnn.weight_hh_l{layer}"),
                    gates(f"B{layer}", f"rnn.bias_ih_l{layer}", f"rnn.bias_hh_l{layer}"),
                    "", *states], results, hidden_size=hidden, **options)  # "": no lengths
        last = node("Squeeze", [results[0], direction], [f"hiddens{layer}"]) if all_steps else results[1]
    last = node("MatMul", [last, constant("fc", weights["fc.weight"].T)], ["products"])
    last = node("Add", [last, constant("bias", weights["fc.bias"])], ["sums"])
    node("Transpose", [last], ["logits"], perm=[1, 0, 2])
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    # Older versions, since ONNX Runtime may be older than the onnx package.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def run_onnxruntime(name, iters, threads, inputs):
    import numpy as np
    import onnxruntime
    from safetensors.numpy import load_file

    tensors = load_file(Path(inputs, f"{name}.safetensors"))
    x = tensors.get("x", np.zeros((1, 1), np.int64))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    model = onnx_model(name, x, tensors)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    states, results = session.get_inputs()[1:], [result.name for result in session.get_outputs()]
    feeds = {"x": x} | {state.name: np.zeros(state.shape, np.float32) for state in states}
    random = np.random.default_rng(0)
    before = peak_mb()

    def generate(_):
        logits, *following = session.run(results, feeds)
        feeds.update(zip((state.name for state in states), following))
        sums = np.exp(logits.ravel() / TEMPERATURE).cumsum()  # a draw from them is a multinomial one
        x[0, 0] = sums.searchsorted(random.random() * sums[-1])

    generates = WORKLOADS[name][0] == "generate"
    iteration = generate if generates else lambda _: session.run(["logits"], feeds)[0]
    last, median = timed(iteration, None, iters)
    check = None if generates else float(np.abs(last).sum())
    return {"workload": name, "iters": iters, "threads": threads, "check": check,
            "median_ms": median, "step_memory_mb": peak_mb() - before}


def run_command(argv, name, iters, threads, inputs):
    """The line that the command prints of its run: a process of its own, for its threads and its memory."""
    argv = [*argv, name, "--iters", str(iters), "--threads", str(threads), "--inputs", inputs]
    done = subprocess.run(argv, capture_output=True, text=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not rows:
        reason = " ".join(done.stderr.split())[-300:]  # the table keeps to a line each
        raise RuntimeError(f"{shlex.join(argv)} exited with {done.returncode}: {reason}")
    return json.loads(rows[-1])


def require_same_work(theirs, ours, side="ours"):
    for key in ("workload", "iters", "threads"):
        if ours.get(key) != theirs[key]:
            raise RuntimeError(f"{key} differs: PyTorch {theirs[key]}, {side} {ours.get(key)}")
    want, got = theirs["check"], ours.get("check")
    # In training, rounding differences grow from step to step.
    tolerance = 2e-4 if WORKLOADS[theirs["workload"]][0] == "train" else 1e-5
    # Written so that a NaN on either side is a difference.
    if want is not None and (got is None or not abs(got - want) <= tolerance * max(1e-3, abs(want))):
        raise RuntimeError(f"check differs: PyTorch {want}, {side} {got}")


def race(name, args, inputs):
    """A workload's figures in the table."""
    settings = (name, args.iters * (10 if name in SHORTEST else 1), args.threads, inputs)
    third = args.onnxruntime and WORKLOADS[name][0] != "train"
    rounds = []
    for _ in range(args.rounds):  # in turns, so that drift affects all alike
        pytorch = [sys.executable, __file__, "--device", args.device, "--scale", str(args.scale), "--pytorch"]
        theirs = run_command(pytorch, *settings)
        ours = run_command([*shlex.split(args.command), "--workload"], *settings)
        require_same_work(theirs, ours)
        rounds.append([theirs, ours])
        if third:
            rounds[-1].append(run_command([sys.executable, __file__, "--onnx"], *settings))
            require_same_work(theirs, rounds[-1][2], "ONNX Runtime")

    def median(key, side):
        return statistics.median(sides[side][key] for sides in rounds)

    def ratio(side):
        return statistics.median(sides[1]["median_ms"] / sides[side]["median_ms"] for sides in rounds)

    memory = f"{median('step_memory_mb', 0):.0f} / {median('step_memory_mb', 1):.0f}"
    line = f"{median('median_ms', 0):11.3f} {median('median_ms', 1):9.3f} {ratio(0):7.3f} {memory:>13}"
    if third:
        line += f" {median('median_ms', 2):16.3f} {ratio(2):7.3f} {median('step_memory_mb', 2):10.0f}"
    elif args.onnxruntime:
        line += f" {'-':>16} {'-':>7} {'-':>10}"
    return line


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add = parser.add_argument
    add("command", nargs="?", help="ours, such as 'target/release/rnn-apps bench'")
    add("--workload", nargs="+", action="extend", choices=WORKLOADS, metavar="NAME",
        help="default: all; one of\n" + "\n".join(WORKLOADS))
    add("--rounds", type=int, default=5)
    add("--iters", type=int, default=30, help="ten times as many of the shortest ones")
    add("--threads", type=int, default=2)
    add("--device", choices=("cpu", "cuda"), default="cpu", help="PyTorch's")
    add("--scale", type=int, default=1, help="so many times the batch, where there is one")
    add("--onnxruntime", action="store_true", help="race ONNX Runtime too, where nothing is trained")
    add("--pytorch", choices=WORKLOADS, help=argparse.SUPPRESS)  # how this script calls itself
    add("--onnx", choices=WORKLOADS, help=argparse.SUPPRESS)  # likewise
    add("--inputs", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.pytorch:
        settings = (args.iters, args.threads, args.inputs, args.device, args.scale)
        print(json.dumps(run_pytorch(args.pytorch, *settings)))
        return 0
    if args.onnx:
        print(json.dumps(run_onnxruntime(args.onnx, args.iters, args.threads, args.inputs)))
        return 0
    if not args.command or min(args.rounds, args.iters, args.threads, args.scale) < 1:
        parser.error("expected the command to race, and at least 1 round, iteration, thread and batch")
    if args.onnxruntime and not all(map(importlib.util.find_spec, ("onnxruntime", "onnx"))):
        sys.exit("--onnxruntime needs two more packages: pip install onnxruntime onnx")
    failed = False
    head = f"{'workload':16} {'PyTorch ms':>11} {'ours ms':>9} {'ratio':>7} {'memory MB':>13}"
    if args.onnxruntime:
        head += f" {'ONNX Runtime ms':>16} {'ratio':>7} {'memory MB':>10}"
    print(head, flush=True)
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
