#!/usr/bin/env python3
"""Writes what PyTorch computes, for the parity tests to compare with.

    pip install torch==2.9.0 numpy safetensors
    python tests/golden/generate.py

One file per module. A tensor's name is CASE/KIND/NAME: CASE spells the module's options, KIND is
``weight``, ``in``, ``out`` or ``grad``. The gradients are those of

    loss = sum(output * upstream) + sum(h_n * upstream_h) [+ sum(c_n * upstream_c)]

with respect to every weight, the input and the initial states. Seeded: the same versions write the
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


if __name__ == "__main__":
    main()
