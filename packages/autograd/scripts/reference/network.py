"""LeNet-5 (6-16-120-84-10): gradients at batch 4 and ten steps of momentum.

Weights and images are too many to keep: both sides draw them from the same 32-bit generator.
"""

import numpy as np
import torch
import torch.nn.functional as F

from .family import decimal, stored

SHAPES = {
    "conv1.weight": [5, 5, 1, 6],
    "conv1.bias": [6],
    "conv2.weight": [5, 5, 6, 16],
    "conv2.bias": [16],
    "linear1.weight": [400, 120],
    "linear1.bias": [120],
    "linear2.weight": [120, 84],
    "linear2.bias": [84],
    "linear3.weight": [84, 10],
    "linear3.bias": [10],
}
BOUNDS = {"conv1": 0.2, "conv2": 0.08, "linear1": 0.05, "linear2": 0.09, "linear3": 0.11}
LABELS = [3, 0, 9, 3]
RATE, MOMENTUM = 0.05, 0.9


def mulberry32(seed, count):
    """Tommy Ettinger's generator: `count` numbers in [0, 1), exactly those of the TypeScript version."""
    low = np.uint64(0xFFFFFFFF)
    steps = np.arange(1, count + 1, dtype=np.uint64)
    state = (np.uint64(seed) + steps * np.uint64(0x6D2B79F5)) & low
    t = ((state ^ (state >> np.uint64(15))) * (state | np.uint64(1))) & low
    t ^= (t + (((t ^ (t >> np.uint64(7))) * (t | np.uint64(61))) & low)) & low
    return ((t ^ (t >> np.uint64(14))) & low) / 2.0**32


def drawn(seed, shape, low, high):
    values = low + (high - low) * mulberry32(seed, int(np.prod(shape)))
    return torch.from_numpy(values.astype(np.float32).astype(np.float64)).reshape(shape)


def forward(p, x):
    def convolved(x, name, pad):
        return F.conv2d(x, p[f"{name}.weight"].permute(3, 2, 0, 1), p[f"{name}.bias"], padding=pad)

    x = F.max_pool2d(F.relu(convolved(x.permute(0, 3, 1, 2), "conv1", 2)), 2)
    x = F.max_pool2d(F.relu(convolved(x, "conv2", 0)), 2)
    x = x.permute(0, 2, 3, 1).flatten(1)  # rows in the order of our images
    x = F.relu(x @ p["linear1.weight"] + p["linear1.bias"])
    x = F.relu(x @ p["linear2.weight"] + p["linear2.bias"])
    return x @ p["linear3.weight"] + p["linear3.bias"]


def add_cases(family):
    seeds = {name: seed for seed, name in enumerate(SHAPES, start=1)}
    parameters = {}
    for name, shape in SHAPES.items():
        bound = BOUNDS[name.split(".")[0]]
        parameters[name] = drawn(seeds[name], shape, -bound, bound).requires_grad_()
    images = drawn(100, [4, 28, 28, 1], 0, 1)
    labels = torch.tensor(LABELS)
    optimizer = torch.optim.SGD(parameters.values(), RATE, momentum=MOMENTUM)
    losses, first = [], {}
    for step in range(10):
        optimizer.zero_grad()
        logits = forward(parameters, images)
        loss = F.cross_entropy(logits, labels)
        loss.backward()
        losses.append(decimal(loss.item()))
        if step == 0:
            outputs = stored(logits)
            for name, value in parameters.items():
                flat = value.grad.reshape(-1)
                positions = [int(i) for i in np.linspace(0, len(flat) - 1, min(6, len(flat)))]
                first[name] = {
                    "shape": SHAPES[name],
                    "seed": seeds[name],
                    "bound": BOUNDS[name.split(".")[0]],
                    "norm": decimal(flat.norm().item()),
                    "largest": decimal(flat.abs().max().item()),
                    "positions": positions,
                    "values": [decimal(flat[i].item()) for i in positions],
                }
        optimizer.step()
    family.cases.append(
        {
            "name": "LeNet-5",
            "operation": "lenet5",
            "options": {"learningRate": RATE, "momentum": MOMENTUM},
            "images": {"seed": 100, "shape": [4, 28, 28, 1]},
            "labels": LABELS,
            "logits": outputs,
            "parameters": first,
            "losses": losses,
        }
    )
