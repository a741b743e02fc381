#!/usr/bin/env python3
"""Writes what PyTorch computes, for the parity tests to compare with.

    pip install torch==2.9.0 numpy safetensors
    python tests/golden/generate.py

One file per module. A tensor's name is CASE/KIND/NAME: CASE spells the module's options, KIND is
``weight``, ``in``, ``out`` or ``grad``. The gradients are those of

    loss = sum(output * upstream) + sum(h_n * upstream_h) [+ sum(c_n * upstream_c)]

with respect to every weight, the input and the initial states. training.safetensors holds the
weights before and after five training steps, and the losses. Seeded: the same versions write the
same bytes.
"""

import itertools
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
BATCH, TIME, INPUT, HIDDEN = 3, 5, 4, 6


def run(kind, options):
    """All tensors of one case."""
    module = getattr(nn, kind)(INPUT, HIDDEN, **options)
    shape = (BATCH, TIME) if options["batch_first"] else (TIME, BATCH)
    directions = 2 if options["bidirectional"] else 1
    state_shape = (options["num_layers"] * directions, BATCH, HIDDEN)
    names = ["h", "c"] if kind == "LSTM" else ["h"]

    x = torch.randn(*shape, INPUT, requires_grad=True)
    start = [torch.randn(state_shape, requires_grad=True) for _ in names]
    output, end = module(x, tuple(start) if kind == "LSTM" else start[0])
    end = list(end) if kind == "LSTM" else [end]
    upstream = torch.randn_like(output)
    upstream_end = [torch.randn_like(state) for state in end]
    loss = (output * upstream).sum()
    for state, weight in zip(end, upstream_end):
        loss = loss + (state * weight).sum()
    loss.backward()

    tensors = {"in/x": x, "in/upstream": upstream, "out/output": output, "grad/x": x.grad}
    for name, before, after, weight in zip(names, start, end, upstream_end):
        tensors |= {f"in/{name}_0": before, f"in/upstream_{name}": weight}
        tensors |= {f"out/{name}_n": after, f"grad/{name}_0": before.grad}
    for name, weight in module.named_parameters():
        tensors |= {f"weight/{name}": weight, f"grad/{name}": weight.grad}
    return {name: value.detach().contiguous().clone() for name, value in tensors.items()}


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


def main():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for kind in ["RNN", "LSTM", "GRU"]:
        tensors = {}
        grid = itertools.product([1, 2], [False, True], [True, False], [True, False])
        for num_layers, bidirectional, bias, batch_first in grid:
            for nonlinearity in ["tanh", "relu"] if kind == "RNN" else [None]:
                options = {
                    "num_layers": num_layers,
                    "bidirectional": bidirectional,
                    "bias": bias,
                    "batch_first": batch_first,
                }
                if nonlinearity:
                    options["nonlinearity"] = nonlinearity
                case = ",".join(f"{key}={str(value).lower()}" for key, value in options.items())
                tensors |= {f"{case}/{name}": value for name, value in run(kind, options).items()}
        save_file(tensors, str(HERE / f"{kind.lower()}.safetensors"))
    save_file(train(), str(HERE / "training.safetensors"))


if __name__ == "__main__":
    main()
