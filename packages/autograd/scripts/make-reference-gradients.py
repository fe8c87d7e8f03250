"""Writes src/references/*.json: outputs and gradients computed by PyTorch in 64 bits.

The tests in that folder run every case through our operations. The layouts are ours (images NHWC,
convolution weights [kh, kw, c / groups, oc], depthwise [kh, kw, c], linear [in, out]); the permutations
to and from PyTorch's lie inside the differentiated functions, so that gradients come out in ours too.
Inputs are short decimals rounded to 32-bit floats, so that both sides start from the same numbers;
results are kept to the sixth or seventh digit of the largest number of their tensor.

    apt-get install python3-torch
    /usr/bin/python3 packages/autograd/scripts/make-reference-gradients.py [family ...]

Run from anywhere. The committed files were made by torch 1.13.0a0 (Debian 1.13.1+dfsg-4) and numpy
1.24.2 on Python 3.11.2. Every family has its own seed: the files come out the same each time.
"""

import importlib
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
FAMILIES = [
    "products",
    "convolution",
    "pooling",
    "normalization",
    "activations",
    "losses",
    "attention",
    "layout",
    "arithmetic",
    "optimizers",
    "network",
]

if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    from reference.family import Family

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    folder = HERE.parent / "src" / "references"
    folder.mkdir(exist_ok=True)
    for name in sys.argv[1:] or FAMILIES:
        family = Family(name)
        importlib.import_module(f"reference.{name}").add_cases(family)
        path = folder / f"{name}.json"
        path.write_text(family.to_json())
        print(f"{path.name}: {len(family.cases)} cases, {path.stat().st_size} bytes")
