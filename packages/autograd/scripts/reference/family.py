"""What every family of reference cases shares: drawing inputs, differentiating, writing JSON."""

import json
import math
import zlib

import numpy as np
import torch


def rounded(values, places=2):
    """Doubles that a 32-bit float holds exactly and a few decimals write."""
    return torch.tensor(np.round(values, places).astype(np.float32).astype(np.float64))


def decimal(value):
    """Seven significant digits, as short as JSON allows."""
    short = float(f"{value:.7g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def stored(tensor):
    """Shape and values; floats to the sixth or seventh digit of the largest, below which no test looks."""
    tensor = tensor.detach()
    flat = tensor.reshape(-1).tolist()
    if not tensor.is_floating_point():
        return {"shape": list(tensor.shape), "type": "i32", "data": flat}
    largest = max(map(abs, flat))
    places = 7 - math.ceil(math.log10(largest)) if largest > 0 else 0
    return {"shape": list(tensor.shape), "data": [decimal(round(value, places)) for value in flat]}


class Family:
    """The cases of one file, and the only source of its random numbers."""

    def __init__(self, name):
        self.name = name
        self.random = np.random.default_rng(zlib.crc32(name.encode()))
        self.cases = []

    def draw(self, *shape, low=-1.5, high=1.5, kinks=()):
        """Uniform numbers; those within 0.05 of a kink are pushed off it, to the side they are on."""
        values = self.random.uniform(low, high, shape)
        for kink in kinks:
            side = np.where(values < kink, -1, 1)
            values = np.where(np.abs(values - kink) < 0.05, values + 0.1 * side, values)
        return rounded(values)

    def distinct(self, *shape, offset=0.0):
        """Hundredths of which no two are equal: a maximum stays the maximum in 32 bits."""
        count = int(np.prod(shape))
        hundredths = self.random.permutation(count) - count // 2
        return rounded(hundredths.reshape(shape) / 100 + offset, 3)

    def integers(self, *shape, high):
        return torch.from_numpy(self.random.integers(0, high, shape).astype(np.int32))

    def case(self, name, operation, options, inputs, compute, frozen=()):
        """
        Adds one case. `compute` takes the inputs in their order, in our layouts, and returns the output;
        every float among the inputs that is not `frozen` gets its gradient for a random upstream gradient.
        """
        leaves = {
            key: value.clone().requires_grad_(value.is_floating_point() and key not in frozen)
            for key, value in inputs.items()
        }
        for key, value in inputs.items():
            written = np.array(stored(value)["data"], np.float32).reshape(value.shape)
            assert (written == value.numpy()).all(), f"{name}: {key} is not what the file says"
        output = compute(*leaves.values())
        upstream = self.draw(*output.shape)
        output.backward(upstream)
        self.cases.append(
            {
                "name": name,
                "operation": operation,
                "options": options,
                "inputs": {key: stored(value) for key, value in inputs.items()},
                "upstream": stored(upstream),
                "output": stored(output),
                "gradients": {
                    key: stored(value.grad) for key, value in leaves.items() if value.requires_grad
                },
            }
        )

    def to_json(self):
        """One line a tensor: short enough to read, and a change shows where it is."""

        def write(value, indent):
            pad = "  " * indent
            nested = isinstance(value, dict) and ("cases" in value or "name" in value)
            if nested or isinstance(value, dict) and any(isinstance(v, dict) for v in value.values()):
                rows = [f"{pad}  {json.dumps(key)}: {write(item, indent + 1)}" for key, item in value.items()]
                return "{\n" + ",\n".join(rows) + f"\n{pad}}}"
            if isinstance(value, list) and value and isinstance(value[0], dict):
                return "[\n" + ",\n".join(f"{pad}  {write(item, indent + 1)}" for item in value) + f"\n{pad}]"
            return json.dumps(value, separators=(",", ":"))

        source = f"torch {torch.__version__}, float64"
        return write({"source": source, "family": self.name, "cases": self.cases}, 0) + "\n"
