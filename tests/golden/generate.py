#!/usr/bin/env python3
"""Writes PyTorch's results, with which the parity tests compare.

    pip install torch==2.9.0 numpy safetensors
    python tests/golden/generate.py [--check]

With --check it writes nothing, and fails if the existing files differ from what it would write.
rnn, lstm and gru.safetensors hold the modules in all combinations of options, large.safetensors
modules above a vector's size and with work for several threads, cells.safetensors the single cells,
variants what PyTorch has no module for, written out here step by step. A tensor's name is
CASE/KIND/NAME: CASE spells the options that are not the default, KIND is ``weight``, ``in``, ``out``
or ``grad``. The gradients are those of

    loss = sum(output * upstream) + sum(h_n * upstream_h) [+ sum(c_n * upstream_c)]

with respect to every weight, the input and the initial states. The modules' weights and inputs,
``upstream`` included, follow from their names by a formula (`formula` below), which the tests compute
as well, so that they are in no file. Of a large tensor there are some elements, at places that follow
from its name, and under CASE/sum/KIND/NAME the sum of all elements and that of their magnitudes.

language.safetensors holds language models in evaluation: logits, the loss of predicting each next
token, and its gradients; training.safetensors holds the weights before and after five training steps,
and the losses. The .pt files are what ``torch.save`` writes. The folder forms holds one network in all
forms of files (forms.py), and checks networks with what they gave for an input (checks.py). All of it
is seeded: the same versions write the same numbers.
"""

import itertools
import math
import os
import pathlib
import sys
import tempfile

import numpy as np
import torch
from checks import checks
from forms import forms
from language import LanguageModel
from safetensors.torch import load_file, save_file
from tagging import Tagger
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

HERE = pathlib.Path(__file__).resolve().parent
SIZES = BATCH, TIME, INPUT, HIDDEN, PROJ = 3, 5, 3, 4, 2
LENGTHS = [2, 4, 3]  # all shorter than TIME
PICKED = 200  # elements of a large tensor that a file holds
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def spelled(options):
    """`num_layers=2,bidirectional`: the options that are set, as the tests read them."""
    flags = [key if value is True else f"{key}={value}" for key, value in options.items() if value]
    return ",".join(flags) or "plain"


def seeded_bits(name, count):
    """`count` integers of 64 bits: SplitMix64 from the FNV-1a hash of the name. Products and sums
    wrap around."""
    seed = 0xCBF29CE484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001B3 % 2**64
    z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def formula(name, shape, scale=1.0):
    """Numbers between -scale and scale that follow from a tensor's name, in 32 bits."""
    bits = (seeded_bits(name, int(np.prod(shape))) >> np.uint64(40)).astype(np.float32)
    numbers = (bits / np.float32(2**23) - np.float32(1)) * np.float32(scale)
    return torch.from_numpy(numbers.reshape(shape))


def picked(case, name, value):
    """What a file holds of a tensor: some elements, and sums over all."""
    places = seeded_bits(f"{case}/{name}", PICKED) % np.uint64(value.numel())
    sums = torch.stack([value.double().sum(), value.double().abs().sum()])
    return {
        name: value.flatten()[torch.from_numpy(places.astype(np.int64))],
        f"sum/{name}": sums.float(),
    }


def backward(parts, upstream):
    """Back-propagates fixed gradients with respect to the outputs."""
    sum((part * upstream[name]).sum() for name, part in parts.items()).backward()


def with_gradients(parts, weights, inputs):
    """Gradients through fixed random upstream ones; `parts` and `inputs` are tensors by name."""
    upstream = {name: torch.randn_like(part) for name, part in parts.items()}
    backward(parts, upstream)
    tensors = {f"in/upstream_{name}": value for name, value in upstream.items()}
    tensors |= {f"out/{name}": part for name, part in parts.items()}
    for kind, named in [("in", inputs), ("weight", weights)]:
        for name, value in named.items():
            tensors |= {f"{kind}/{name}": value, f"grad/{name}": value.grad}
    return {name: value.detach().contiguous().clone() for name, value in tensors.items()}


def module_case(case, kind, options, sizes=SIZES, dtype=torch.float32):
    """The outputs and gradients of one case of nn.RNN, nn.LSTM or nn.GRU, by name."""
    batch, time, input_size, hidden, proj = sizes
    layers, bidirectional = options["num_layers"], options.get("bidirectional", False)
    batch_first = not options.get("time_first", False)
    proj = proj if options.get("proj_size") else 0
    arguments = {"proj_size": proj} if proj else {}
    if kind == "RNN":
        arguments["nonlinearity"] = "relu" if options.get("relu") else "tanh"
    module = getattr(nn, kind)(
        input_size,
        hidden,
        num_layers=layers,
        bidirectional=bidirectional,
        bias=not options.get("no_bias", False),
        batch_first=batch_first,
        **arguments,
    ).to(dtype)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            weight.copy_(formula(f"{case}/weight/{name}", weight.shape, 1 / math.sqrt(hidden)))

    def given(name, *shape):
        return formula(f"{case}/in/{name}", shape).to(dtype)

    unbatched = options.get("unbatched", False)
    shape = (batch, time) if batch_first else (time, batch)
    x = given("x", *([time] if unbatched else shape), input_size).requires_grad_()
    rows = layers * (2 if bidirectional else 1)
    states = {"h_0": proj or hidden} | ({"c_0": hidden} if kind == "LSTM" else {})
    start = {
        name: given(name, *([rows] if unbatched else [rows, batch]), size).requires_grad_()
        for name, size in states.items()
    }
    state = tuple(start.values()) if kind == "LSTM" else start["h_0"]
    if options.get("lengths"):
        lengths = LENGTHS if sizes[1] == TIME else spread_lengths(batch, time)
        packed = pack_padded_sequence(x, lengths, batch_first, enforce_sorted=False)
        output, end = module(packed, state)
        output, _ = pad_packed_sequence(output, batch_first, total_length=time)
    else:
        output, end = module(x, state)
    ends = end if kind == "LSTM" else (end,)
    parts = {"output": output} | dict(zip(["h_n", "c_n"], ends))
    backward(parts, {name: given(f"upstream_{name}", *part.shape) for name, part in parts.items()})
    tensors = {f"out/{name}": part for name, part in parts.items()}
    inputs = {"x": x} | start
    for name, value in (dict(module.named_parameters()) | inputs).items():
        tensors[f"grad/{name}"] = value.grad
    return {name: value.detach().float().contiguous().clone() for name, value in tensors.items()}


def modules(kind):
    """The grid of all combinations of options."""
    switches = ["bidirectional", "no_bias", "time_first", "lengths"]
    switches += {"RNN": ["relu"], "LSTM": ["proj_size"], "GRU": []}[kind]
    tensors = {}
    for layers, *values in itertools.product([1, 2, 3], *[[False, True]] * len(switches)):
        options = {"num_layers": layers} | dict(zip(switches, values))
        case = spelled(options)
        tensors |= {f"{case}/{k}": v for k, v in module_case(case, kind, options).items()}
    for layers, bidirectional in itertools.product([1, 2], [False, True]):
        options = {"num_layers": layers, "bidirectional": bidirectional, "unbatched": True}
        case = spelled(options)
        tensors |= {f"{case}/{k}": v for k, v in module_case(case, kind, options).items()}
    return tensors


def spread_lengths(batch, time):
    """Lengths from 1 to `time`, not in order."""
    return [1 + (5 * sequence + 2) % time for sequence in range(batch)]


def large():
    """Modules of more units than a vector holds, whose outputs are there as a whole; and such with
    work for several threads. Computed in 64 bits, so that rounding on the machine at hand is no part of
    the numbers."""
    tensors = {}
    stacked = {"num_layers": 2, "bidirectional": True, "lengths": True}
    for kind, hidden in itertools.product(GATES, [17, 64, 130]):
        of_kind = {"RNN": {"relu": True}, "LSTM": {"proj_size": True}, "GRU": {}}[kind]
        for options in [{"num_layers": 1}, stacked | of_kind]:
            case = f"{kind},hidden={hidden},{spelled(options)}"
            sizes = (7, 4, 19, hidden, hidden // 2)
            for name, value in module_case(case, kind, options, sizes, torch.float64).items():
                found = picked(case, name, value) if name.startswith("grad/") else {name: value}
                tensors |= {f"{case}/{k}": v for k, v in found.items()}
        if hidden == 130:
            case = f"{kind},threads,hidden={hidden},{spelled(stacked)}"
            sizes = (24, 12, 19, hidden, 0)
            for name, value in module_case(case, kind, stacked, sizes, torch.float64).items():
                tensors |= {f"{case}/{k}": v for k, v in picked(case, name, value).items()}
    return tensors


def cells():
    """nn.RNNCell, nn.LSTMCell and nn.GRUCell, one step each."""
    tensors = {}
    for kind, no_bias in itertools.product(["RNN", "RNN,relu", "LSTM", "GRU"], [False, True]):
        name, *relu = kind.split(",")
        arguments = {"nonlinearity": "relu"} if relu else {}
        cell = getattr(nn, f"{name}Cell")(INPUT, HIDDEN, bias=not no_bias, **arguments)
        x = torch.randn(BATCH, INPUT, requires_grad=True)
        names = ["h", "c"] if name == "LSTM" else ["h"]
        start = {f"{n}_0": torch.randn(BATCH, HIDDEN, requires_grad=True) for n in names}
        end = cell(x, tuple(start.values()) if name == "LSTM" else start["h_0"])
        ends = end if name == "LSTM" else (end,)
        parts = dict(zip([f"{n}_n" for n in names], ends))
        case = kind + (",no_bias" if no_bias else "")
        found = with_gradients(parts, dict(cell.named_parameters()), {"x": x} | start)
        tensors |= {f"{case}/{k}": v for k, v in found.items()}
    return tensors


def variant_case(kind, layer_norm, zoneout):
    """Two layers with layer normalisation and/or zoneout in evaluation mode, step by step."""
    gates = GATES[kind] * HIDDEN
    weights = {}

    def weight(name, *shape):
        weights[name] = torch.randn(*shape).mul(0.5).requires_grad_()
        return weights[name]

    x = torch.randn(BATCH, TIME, INPUT, requires_grad=True)
    names = ["h", "c"] if kind == "LSTM" else ["h"]
    start = {f"{n}_0": torch.randn(2, BATCH, HIDDEN, requires_grad=True) for n in names}
    sequence, ends = x, {n: [] for n in names}
    for layer in range(2):
        w_ih = weight(f"weight_ih_l{layer}", gates, sequence.shape[2])
        w_hh = weight(f"weight_hh_l{layer}", gates, HIDDEN)
        b_ih = weight(f"bias_ih_l{layer}", gates)
        b_hh = weight(f"bias_hh_l{layer}", gates)

        def norm(place, size):
            if not layer_norm:
                return lambda value: value
            gamma = weight(f"norm_{place}_l{layer}.weight", size)
            beta = weight(f"norm_{place}_l{layer}.bias", size)
            return lambda value: nn.functional.layer_norm(value, [size], gamma, beta)

        norm_ih, norm_hh = norm("ih", gates), norm("hh", gates)
        norm_c = norm("c", HIDDEN) if kind == "LSTM" else None
        state = [start[f"{n}_0"][layer] for n in names]
        outputs = []
        for t in range(TIME):
            i = norm_ih(sequence[:, t] @ w_ih.T) + b_ih
            r = norm_hh(state[0] @ w_hh.T) + b_hh
            if kind == "RNN":
                after = [torch.tanh(i + r)]
            elif kind == "GRU":
                (ir, iz, i_n), (rr, rz, r_n) = i.chunk(3, 1), r.chunk(3, 1)
                z = torch.sigmoid(iz + rz)
                n = torch.tanh(i_n + torch.sigmoid(ir + rr) * r_n)
                after = [(1 - z) * n + z * state[0]]
            else:
                gi, gf, gg, go = (i + r).chunk(4, 1)
                c = torch.sigmoid(gf) * state[1] + torch.sigmoid(gi) * torch.tanh(gg)
                after = [torch.sigmoid(go) * torch.tanh(norm_c(c)), c]
            state = [p * s + (1 - p) * a for p, s, a in zip(zoneout, state, after)]
            outputs.append(state[0])
        sequence = torch.stack(outputs, 1)
        for name, value in zip(names, state):
            ends[name].append(value)
    parts = {"output": sequence} | {f"{n}_n": torch.stack(end) for n, end in ends.items()}
    return with_gradients(parts, weights, {"x": x} | start)


def variants():
    tensors = {}
    for kind in GATES:
        for layer_norm, zoneout in [(True, (0, 0)), (False, (0.3, 0.1)), (True, (0.2, 0.4))]:
            case = f"{kind},layer_norm={str(layer_norm).lower()},zoneout={zoneout[0]},{zoneout[1]}"
            found = variant_case(kind, layer_norm, zoneout)
            tensors |= {f"{case}/{k}": v for k, v in found.items()}
    return tensors


def train():
    """Five steps of the notebook's model: cross entropy, clipping, Adam, one cycle."""
    classes, steps = 5, 5
    rnn, fc = nn.RNN(classes, 3, batch_first=True), nn.Linear(3, classes)
    named = {f"rnn.{name}": p for name, p in rnn.named_parameters()}
    named |= {f"fc.{name}": p for name, p in fc.named_parameters()}
    tensors = {f"before/{name}": p.detach().clone() for name, p in named.items()}
    x = nn.functional.one_hot(torch.tensor([0, 1, 0, 2, 3, 3]), classes).float().unsqueeze(0)
    y = torch.tensor([1, 0, 2, 3, 3, 4])
    adam = torch.optim.Adam(named.values(), lr=0.1)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        adam, max_lr=0.1, total_steps=steps, cycle_momentum=False
    )
    state, losses = None, []
    for step in range(steps):
        adam.zero_grad()
        output, state = rnn(x, state)
        state = state.detach()
        loss = nn.functional.cross_entropy(fc(output).flatten(0, 1), y)
        loss.backward()
        nn.utils.clip_grad_norm_(named.values(), 0.5)
        adam.step()
        if step + 1 < steps:
            cycle.step()
        losses.append(loss.detach())
    tensors["losses"] = torch.stack(losses)
    return tensors | {f"after/{name}": p.detach().clone() for name, p in named.items()}


def language():
    """Logits, loss and gradients of language models; the second half of a text goes on from the state
    after the first."""
    tensors = {}
    text = torch.tensor([[0, 3, 3, 6, 1, 2, 0], [5, 0, 1, 1, 2, 6, 4]])
    for case, model in [
        ("LSTM,tied", LanguageModel("LSTM", 7, 4, 4, tied=True, num_layers=2, dropout=0.3)),
        ("GRU", LanguageModel("GRU", 7, 4, 5)),
    ]:
        model.eval()
        with torch.no_grad():
            for name, weight in model.named_parameters():
                weight.copy_(formula(f"{case}/weight/{name}", weight.shape))
        first, state = model(text[:, :3])
        second, _ = model(text[:, 3:6], state)
        logits = torch.cat((first, second), 1)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), text[:, 1:].flatten())
        loss.backward()
        found = {"in/text": text.clone(), "out/logits": logits, "out/loss": loss.unsqueeze(0)}
        found |= {f"grad/{name}": weight.grad for name, weight in model.named_parameters()}
        tensors |= {f"{case}/{k}": v.detach().contiguous().clone() for k, v in found.items()}
    return tensors


def tagging():
    """Logits, loss, gradients and tags of taggers, sentence by sentence."""
    # The characters of each word.
    words = [[1], [2, 3, 1, 4], [5, 0, 2], [3, 3, 3, 3, 3, 3, 6], [4, 1]]
    words = [torch.tensor(word) for word in words]
    sentences = [([0, 1, 2, 1, 3], [2, 0, 1, 1, 3]), ([4], [0]), ([3, 0, 2], [1, 2, 2])]
    sentences = [
        (torch.tensor(ids), [words[i] for i in ids], torch.tensor(tags)) for ids, tags in sentences
    ]
    tensors = {}
    for case, model in [
        ("characters", Tagger(5, 4, 3, 4, characters=(7, 2, 3), num_layers=2)),
        ("characters,crf", Tagger(5, 4, 3, 4, characters=(7, 2, 3), crf=True)),
        ("words,crf", Tagger(5, 4, 3, 4, crf=True)),
    ]:
        with torch.no_grad():
            for name, weight in model.named_parameters():
                # Small biases, or one tag is the best everywhere.
                scale = 0.25 if "bias" in name else 2.5
                weight.copy_(formula(f"{case}/weight/{name}", weight.shape, scale))
        loss = model.loss(sentences)
        loss.backward()
        logits = torch.cat([model(ids, spelling) for ids, spelling, _ in sentences])
        tags = sum((model.tag(ids, spelling) for ids, spelling, _ in sentences), [])
        found = {"out/logits": logits, "out/loss": loss.unsqueeze(0), "tags": torch.tensor(tags)}
        found |= {f"grad/{name}": weight.grad for name, weight in model.named_parameters()}
        tensors |= {f"{case}/{k}": v.detach().contiguous().clone() for k, v in found.items()}
    return tensors


class Evil:
    """A malicious object: unpickling it calls os.system."""

    def __reduce__(self):
        return os.system, ("touch evil-was-here",)


class Encoder(nn.Module):
    """A larger model, of which the tests load one module."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(INPUT, HIDDEN, num_layers=2, bidirectional=True, batch_first=True)
        self.norm = nn.BatchNorm1d(2 * HIDDEN)  # has an integer buffer


class LSTMTagger(nn.Module):
    """The notebook's tagger, with its names."""

    def __init__(self, words, tags):
        super().__init__()
        self.embedding_layer = nn.Embedding(words, 6)
        self.lstm = nn.LSTM(6, 3, batch_first=True)
        self.linear = nn.Linear(3, tags)

    def forward(self, words):
        return self.linear(self.lstm(self.embedding_layer(words))[0])


def tagger():
    """Trains on the notebook's two sentences; tests/golden/tagger.json describes the model."""
    sentences = [([0, 1, 2, 3, 4], [0, 1, 2, 0, 1]), ([5, 6, 7, 8], [1, 2, 0, 1])]
    model = LSTMTagger(9, 3)
    adam = torch.optim.Adam(model.parameters(), lr=0.1)
    for _ in range(30):
        for words, tags in sentences:
            adam.zero_grad()
            logits = model(torch.tensor([words]))[0]
            nn.functional.cross_entropy(logits, torch.tensor(tags)).backward()
            adam.step()
    for words, tags in sentences:
        assert model(torch.tensor([words]))[0].argmax(1).tolist() == tags
    torch.save({"epoch": 30, "model": model.state_dict()}, HERE / "tagger.pt")


def checkpoints():
    """Files of torch.save: the same LSTM saved in several ways, with an input and its output."""
    model = Encoder()
    state_dict = {f"encoder.{name}": value for name, value in model.state_dict().items()}
    x = torch.randn(BATCH, TIME, INPUT)
    with torch.no_grad():
        output, (h_n, c_n) = model.lstm(x)
    torch.save(model.lstm.state_dict(), HERE / "lstm.pt")
    nested = {"epoch": 3, "loss": 0.5, "model": state_dict, "note": ["any", ("plain", None)]}
    torch.save(nested, HERE / "checkpoint.pt")
    torch.save(
        model.lstm.state_dict(), HERE / "legacy.pt", _use_new_zipfile_serialization=False
    )
    half = {name: value.half() for name, value in model.lstm.state_dict().items()}
    half |= {name: value.bfloat16() for name, value in half.items() if "bias" in name}
    torch.save(half, HERE / "half.pt")
    # A view: a transposed tensor that shares its storage with another.
    weight = model.lstm.weight_ih_l0.detach()
    torch.save({"whole": weight, "turned": weight.T, "row": weight[1]}, HERE / "views.pt")
    torch.save({"weight": weight, "epoch": Evil()}, HERE / "evil.pt")
    torch.save(nn.Sequential(), HERE / "module.pt")
    tensors = {"x": x, "output": output.contiguous(), "h_n": h_n, "c_n": c_n}
    save_file(tensors, HERE / "checkpoint.safetensors")


class Layers(nn.Module):
    """Layers that Burn has too, whose names and layouts differ."""

    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(7, 3)
        self.conv = nn.Conv1d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.after = nn.LayerNorm(4)
        self.groups = nn.GroupNorm(2, 4)
        self.fc = nn.Linear(4, 4)

    def forward(self, words):
        x = self.norm(self.conv(self.emb(words).transpose(1, 2))).transpose(1, 2)
        x = self.after(x + self.attention(x, x, x, need_weights=False)[0])
        return self.fc(self.groups(x.transpose(1, 2)).transpose(1, 2))


def layers():
    """The weights of `Layers`, an input and its output. Seeded by itself."""
    torch.manual_seed(1)
    model = Layers().eval()
    with torch.no_grad():
        for value in model.state_dict().values():
            if value.is_floating_point():
                value.copy_(torch.rand_like(value).add(0.1))
                value.mul_(torch.randint_like(value, 2).mul(2).sub(1) if value.dim() > 1 else 1)
        words = torch.randint(7, (2, 6))
        output = model(words)
    tensors = {f"weight/{name}": value for name, value in model.state_dict().items()}
    save_file(tensors | {"in/words": words, "out/output": output}, HERE / "layers.safetensors")


def stream():
    """An LSTM for tests/consumer, with a sequence and its output at every step."""
    lstm = nn.LSTM(8, 16, num_layers=2)
    x = torch.randn(50, 1, 8)
    with torch.no_grad():
        output, _ = lstm(x)
    tensors = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    tensors |= {"x": x.squeeze(1), "output": output.squeeze(1)}
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    save_file(tensors, HERE.parent / "consumer" / "lstm.safetensors")


def generate(folder):
    """Writes all files: into `folder`, and one into the folder `consumer` beside it."""
    global HERE
    HERE = folder
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for kind in GATES:
        save_file(modules(kind), HERE / f"{kind.lower()}.safetensors")
    save_file(large(), HERE / "large.safetensors")
    torch.manual_seed(0)
    save_file(cells(), HERE / "cells.safetensors")
    save_file(variants(), HERE / "variants.safetensors")
    save_file(train(), HERE / "training.safetensors")
    checkpoints()
    tagger()
    stream()
    layers()
    save_file(language(), HERE / "language.safetensors")
    save_file(tagging(), HERE / "tagging.safetensors")
    forms(HERE / "forms")
    checks(HERE / "checks")


def check(here):
    """Compares new files with the existing ones: names, shapes and numbers."""
    with tempfile.TemporaryDirectory() as root:
        new = pathlib.Path(root) / "golden"
        (pathlib.Path(root) / "consumer").mkdir()
        new.mkdir()
        generate(new)
        for file in sorted(pathlib.Path(root).rglob("*.safetensors")):
            there = load_file(here.parent / file.relative_to(root))
            for name, value in load_file(file).items():
                torch.testing.assert_close(there.pop(name), value, rtol=1e-5, atol=1e-6)
            assert not there, f"{file.name}: {list(there)} are not made any more"
    print("the golden files are what PyTorch computes")


if __name__ == "__main__":
    if "--check" in sys.argv:
        check(HERE)
    else:
        generate(HERE)
