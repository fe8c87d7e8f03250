"""Two networks: gradients of every parameter and the losses of ten steps.

Weights and images are too many to keep: both sides draw them from the same 32-bit generator.
"""

import numpy as np
import torch
import torch.nn.functional as F

from .family import decimal, stored

LENET = {
    "conv1.weight": ([5, 5, 1, 6], 0.2),
    "conv1.bias": ([6], 0.2),
    "conv2.weight": ([5, 5, 6, 16], 0.08),
    "conv2.bias": ([16], 0.08),
    "linear1.weight": ([400, 120], 0.05),
    "linear1.bias": ([120], 0.05),
    "linear2.weight": ([120, 84], 0.09),
    "linear2.bias": ([84], 0.09),
    "linear3.weight": ([84, 10], 0.11),
    "linear3.bias": ([10], 0.11),
}
# A residual block around a depthwise-separable one; the widths are no multiples of 4.
RESIDUAL = {
    "stem.weight": ([3, 3, 2, 6], 0.3),
    "stem.scale": ([6], 1.0),
    "stem.shift": ([6], 0.2),
    "depthwise.weight": ([3, 3, 6], 0.4),
    "depthwise.scale": ([6], 1.0),
    "depthwise.shift": ([6], 0.2),
    "pointwise.weight": ([1, 1, 6, 10], 0.5),
    "pointwise.scale": ([10], 1.0),
    "pointwise.shift": ([10], 0.2),
    "shortcut.weight": ([1, 1, 6, 10], 0.5),
    "shortcut.bias": ([10], 0.2),
    "head.weight": ([10, 5], 0.4),
    "head.bias": ([5], 0.4),
}
NORMALIZED = {"stem": 6, "depthwise": 6, "pointwise": 10}
STEPS = 10


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


def first_channels(x):
    return x.permute(0, 3, 1, 2)


def convolved(p, x, name, **options):
    return F.conv2d(x, p[f"{name}.weight"].permute(3, 2, 0, 1), p.get(f"{name}.bias"), **options)


def dense(p, x, name):
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def lenet5(p, x):
    x = F.max_pool2d(F.relu(convolved(p, first_channels(x), "conv1", padding=2)), 2)
    x = F.max_pool2d(F.relu(convolved(p, x, "conv2")), 2)
    x = x.permute(0, 2, 3, 1).flatten(1)  # rows in the order of our images
    x = F.relu(dense(p, x, "linear1"))
    return dense(p, F.relu(dense(p, x, "linear2")), "linear3")


def residual(statistics):
    def normalized(p, x, name):
        mean, variance = statistics[name]
        return F.batch_norm(x, mean, variance, p[f"{name}.scale"], p[f"{name}.shift"], True, 0.1, 1e-5)

    def forward(p, x):
        x = F.relu(normalized(p, convolved(p, first_channels(x), "stem", padding=1), "stem"))
        weight = p["depthwise.weight"].permute(2, 0, 1).unsqueeze(1)
        y = F.conv2d(x, weight, stride=2, padding=1, groups=6)
        y = F.relu6(normalized(p, y, "depthwise"))
        y = normalized(p, convolved(p, y, "pointwise"), "pointwise")
        y = F.relu(y + convolved(p, x, "shortcut", stride=2))
        return dense(p, y.mean((2, 3)), "head")

    return forward


def train(family, name, options, shapes, forward, make, images, labels):
    """Trains on one batch, over and over; gradients are those of the first step."""
    parameters = {}
    for seed, (key, (shape, bound)) in enumerate(shapes.items(), start=1):
        # Scales lie around 1, everything else around 0.
        low = 0.5 if key.endswith(".scale") else -bound
        parameters[key] = drawn(seed, shape, low, low + 2 * bound).requires_grad_()
    x = drawn(100, images, 0, 1)
    optimizer = make(parameters.values())
    losses, first = [], {}
    for step in range(STEPS):
        optimizer.zero_grad()
        logits = forward(parameters, x)
        loss = F.cross_entropy(logits, torch.tensor(labels))
        loss.backward()
        losses.append(decimal(loss.item()))
        if step == 0:
            outputs = stored(logits)
            for seed, (key, (shape, bound)) in enumerate(shapes.items(), start=1):
                flat = parameters[key].grad.reshape(-1)
                positions = [int(i) for i in np.linspace(0, len(flat) - 1, min(6, len(flat)))]
                first[key] = {
                    "shape": shape,
                    "seed": seed,
                    "low": 0.5 if key.endswith(".scale") else -bound,
                    "width": 2 * bound,
                    "norm": decimal(flat.norm().item()),
                    "largest": decimal(flat.abs().max().item()),
                    "positions": positions,
                    "values": [decimal(flat[i].item()) for i in positions],
                }
        optimizer.step()
    family.cases.append(
        {
            "name": name,
            "operation": "network",
            "options": options,
            "images": {"seed": 100, "shape": images},
            "labels": labels,
            "logits": outputs,
            "parameters": first,
            "losses": losses,
        }
    )


def add_cases(family):
    options = {"learningRate": 0.05, "momentum": 0.9}
    sgd = lambda parameters: torch.optim.SGD(parameters, 0.05, momentum=0.9)
    train(family, "LeNet-5", options, LENET, lenet5, sgd, [4, 28, 28, 1], [3, 0, 9, 3])

    statistics = {name: (torch.zeros(size), torch.ones(size)) for name, size in NORMALIZED.items()}
    options = {"learningRate": 0.01, "weightDecay": 0.05}
    adam_w = lambda parameters: torch.optim.AdamW(parameters, 0.01, weight_decay=0.05)
    forward = residual(statistics)
    train(family, "residual", options, RESIDUAL, forward, adam_w, [4, 7, 6, 2], [3, 0, 4, 3])
    family.cases[-1]["statistics"] = {
        name: {"mean": stored(mean), "variance": stored(variance)}
        for name, (mean, variance) in statistics.items()
    }
