"""Activations, away from their kinks, and the softmax family."""

import torch
import torch.nn.functional as F


def add_cases(family):
    draw = family.draw
    shape = [3, 13]  # not a multiple of any vector, nor of a byte of mask bits

    def activation(operation, compute, options=None, kinks=(), reach=2.5):
        x = draw(*shape, low=-reach, high=reach, kinks=kinks)
        name = operation + "".join(f" {value}" for value in (options or {}).values())
        family.case(name, operation, options or {}, {"x": x}, compute)

    activation("relu", F.relu, kinks=(0,))
    activation("relu6", F.relu6, kinks=(0, 6), reach=9)
    activation("leakyRelu", lambda x: F.leaky_relu(x, 0.01), {"slope": 0.01}, kinks=(0,))
    activation("leakyRelu", lambda x: F.leaky_relu(x, 0.2), {"slope": 0.2}, kinks=(0,))
    activation("silu", F.silu, reach=6)
    activation("gelu", F.gelu, {"approximation": "none"}, reach=4)
    activation("gelu", lambda x: F.gelu(x, approximate="tanh"), {"approximation": "tanh"}, reach=4)
    activation("sigmoid", torch.sigmoid, reach=6)
    activation("tanh", torch.tanh, reach=4)
    activation("hardSwish", F.hardswish, kinks=(-3, 3), reach=4.5)

    def prelu(name, x, slopes):
        inputs = {"x": draw(*x, kinks=(0,)), "slope": draw(slopes, low=0.05, high=0.5)}
        family.case(
            name, "prelu", {}, inputs, lambda x, slope: torch.where(x > 0, x, x * slope)
        )

    prelu("prelu, a slope for each channel", [2, 3, 2, 5], 5)
    prelu("prelu, one slope", [3, 7], 1)

    for size in ([4, 7], [2, 3, 10], [5, 1]):
        name = "x".join(map(str, size))
        x = draw(*size, low=-4, high=4)
        family.case(f"softmax {name}", "softmax", {}, {"x": x}, lambda x: F.softmax(x, -1))
        family.case(f"log-softmax {name}", "logSoftmax", {}, {"x": x}, lambda x: F.log_softmax(x, -1))

    activation("elu", F.elu, kinks=(0,), reach=4)
    activation("softplus", F.softplus, reach=6)
    activation("mish", F.mish, reach=5)
    activation("hardSigmoid", F.hardsigmoid, kinks=(-3, 3), reach=4.5)
    # Far out, where a careless formula overflows, and one number near by that gives the scale.
    for operation, compute in {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "silu": F.silu,
        "gelu": F.gelu,
        "softplus": F.softplus,
        "mish": F.mish,
        "logSoftmax": lambda x: F.log_softmax(x, -1),
    }.items():
        x = draw(3, 5, low=-95, high=95)
        x[0, 0] = 0.5
        family.case(f"{operation}, far out", operation, {}, {"x": x}, compute)
    # Not far apart: where one output rounds to 1, its gradient is the difference of equal numbers.
    x = draw(3, 5, low=90, high=95)
    family.case("softmax, far out", "softmax", {}, {"x": x}, lambda x: F.softmax(x, -1))
