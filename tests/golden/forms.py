"""One LSTM in the forms in which people have their weights, and files that are not read.

Run by generate.py, which needs numpy beside torch and safetensors.
"""

import argparse
import collections
import datetime
import pathlib
import warnings

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

INPUT, HIDDEN = 3, 4


class Encoder(nn.Module):
    """An LSTM, a linear layer on its last output, and a constant that its code refers to."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True)
        self.fc = nn.Linear(HIDDEN, 2)
        self.register_buffer("mean", torch.full((INPUT,), 0.5))

    def forward(self, x):
        return self.fc(self.lstm(x - self.mean)[0][:, -1]) + torch.tensor([1.0, 2.0])


def beside(model):
    """What programs keep beside their weights."""
    return {
        "model": model.state_dict(),
        "args": argparse.Namespace(lr=0.1, data=pathlib.PurePosixPath("data")),
        "best": np.float64(0.5),
        "seen": np.int64(7),
        "curve": np.arange(3, dtype=np.float32),
        "when": datetime.datetime(2020, 1, 2),
        "counts": collections.Counter("abc"),
        "steps": collections.defaultdict(list, {"a": [1]}),
        "splits": {"train", "test"},
        "version": torch.__version__,
    }


def normalized(folder, x):
    """LSTMs under both forms of weight normalisation, and what they give."""
    expected = {}
    for name, normalize in [
        ("weight_norm", torch.nn.utils.weight_norm),
        ("parametrized", torch.nn.utils.parametrizations.weight_norm),
    ]:
        lstm = nn.LSTM(INPUT, HIDDEN, batch_first=True)
        for weight in ["weight_hh_l0", "weight_ih_l0"]:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the older form is deprecated
                lstm = normalize(lstm, weight)
        with torch.no_grad():
            for parameter in lstm.parameters():
                parameter.add_(torch.rand_like(parameter))
            # The older form sets the weight before each call; the newer one when it is asked for.
            output = lstm(x)[0]
        torch.save({"rnn": lstm.state_dict()}, folder / f"{name}.pt")
        expected[f"{name}/output"] = output.contiguous()
    return expected


def unread(folder, model):
    """Tensors of which the numbers are not read, and files without tensors that have names."""
    weight = model.fc.weight.detach()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantized = torch.ao.quantization.quantize_dynamic(model, {nn.LSTM, nn.Linear})
        torch.save(quantized.state_dict(), folder / "quantized.pt")
    torch.save({"bias": weight[0], "weight": weight.to_sparse()}, folder / "sparse.pt")
    torch.save({"weight": weight.to(torch.complex64)}, folder / "complex.pt")
    torch.save({"weight": weight.to(torch.float8_e4m3fn)}, folder / "float8.pt")
    torch.save({}, folder / "empty.pt")
    torch.save({"epoch": 3, "loss": 0.5}, folder / "numbers.pt")
    torch.save(weight, folder / "bare.pt")


def forms(folder):
    """Writes all files into `folder`. Seeded by itself."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(2)
    model = Encoder().eval()
    x = torch.randn(2, 5, INPUT)
    weights = model.state_dict()
    arrays = {name: value.numpy() for name, value in weights.items()}
    with torch.no_grad():
        expected = {"x": x, "lstm": model.lstm(x)[0].contiguous(), "output": model(x)}
    expected |= {f"weight/{name}": value.clone() for name, value in weights.items()}

    torch.save(beside(model), folder / "beside.pt")
    torch.save(weights, folder / "protocol4.pt", pickle_protocol=4)
    torch.save(
        weights, folder / "legacy-protocol4.pt", pickle_protocol=4,
        _use_new_zipfile_serialization=False,
    )
    torch.save(
        beside(model), folder / "legacy-beside.pt", _use_new_zipfile_serialization=False
    )
    torch.serialization.set_crc32_options(False)
    torch.save(weights, folder / "no-checksums.pt")
    torch.serialization.set_crc32_options(True)
    torch.save({"ids": torch.arange(3).to(torch.uint16)}, folder / "unsigned.pt")

    scripted = torch.jit.script(model)
    torch.jit.save(scripted, folder / "scripted.pt")
    torch.jit.save(torch.jit.freeze(scripted), folder / "frozen.pt")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the constant becomes one of the trace, as it should
        torch.jit.save(torch.jit.trace(model, x), folder / "traced.pt")

    np.savez(folder / "arrays.npz", **arrays, note=np.array("a text"))
    np.savez_compressed(folder / "deflated.npz", **arrays)
    np.save(folder / "weight_ih_l0.npy", np.asfortranarray(arrays["lstm.weight_ih_l0"]))
    np.save(folder / "objects.npy", np.array(arrays, dtype=object))

    cell = nn.LSTMCell(INPUT, HIDDEN)
    with torch.no_grad():
        h = c = torch.zeros(2, HIDDEN)
        steps = []
        for t in range(x.shape[1]):
            h, c = cell(x[:, t], (h, c))
            steps.append(h)
    torch.save({f"decoder.rnn.{name}": value for name, value in cell.state_dict().items()},
               folder / "cell.pt")
    expected["cell/output"] = torch.stack(steps, 1)

    expected |= normalized(folder, x)
    unread(folder, model)
    save_file(expected, folder / "expected.safetensors")
