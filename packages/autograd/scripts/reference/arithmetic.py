"""Broadcasting arithmetic, functions of one number, reductions."""

import torch


def add_cases(family):
    draw = family.draw
    binary = {
        "add": torch.add,
        "subtract": torch.sub,
        "multiply": torch.mul,
        "divide": torch.div,
    }
    pairs = [
        ([3, 5], [3, 5]),
        ([2, 3, 4], [4]),
        ([2, 3, 4], [3, 1]),
        ([2, 1, 4], [3, 1]),
        ([5], [2, 3, 5]),
        ([3, 4], [1]),
    ]
    for operation, compute in binary.items():
        for a, b in pairs:
            kept = {"kinks": (0,)} if operation != "divide" else {"low": 0.5, "high": 2}
            name = f"{'x'.join(map(str, a))} and {'x'.join(map(str, b))}"
            family.case(name, operation, {}, {"a": draw(*a), "b": draw(*b, **kept)}, compute)

    positive = {"low": 0.2, "high": 3}
    for exponent in (2, 3, 0.5, -1, -1.5):
        x = {"x": draw(3, 5, **positive)}
        options = {"exponent": exponent}
        family.case(f"to {exponent}", "power", options, x, lambda x, e=exponent: x**e)
    family.case("3x5", "exponential", {}, {"x": draw(3, 5, low=-3, high=3)}, torch.exp)
    family.case("3x5", "logarithm", {}, {"x": draw(3, 5, **positive)}, torch.log)
    family.case("3x5", "squareRoot", {}, {"x": draw(3, 5, **positive)}, torch.sqrt)
    family.case("3x5", "square", {}, {"x": draw(3, 5)}, torch.square)
    family.case("3x5", "negate", {}, {"x": draw(3, 5)}, torch.neg)
    family.case("3x5", "absolute", {}, {"x": draw(3, 5, kinks=(0,))}, torch.abs)
    limits = {"low": -0.5, "high": 0.75}
    x = draw(3, 5, kinks=tuple(limits.values()))
    family.case("3x5", "clamp", limits, {"x": x}, lambda x: torch.clamp(x, *limits.values()))
    for operation, compute in {"maximum": torch.maximum, "minimum": torch.minimum}.items():
        for a, b in ([3, 5], [3, 5]), ([2, 3, 4], [4]), ([2, 1, 4], [3, 1]):
            name = f"{'x'.join(map(str, a))} and {'x'.join(map(str, b))}"
            inputs = {"a": family.distinct(*a), "b": family.distinct(*b, offset=0.005)}
            family.case(name, operation, {}, inputs, compute)

    reductions = [
        ([3, 7], [1], False),
        ([3, 7], [0], False),
        ([2, 3, 4], [0, 2], True),
        ([2, 2, 2, 2], [1, 2], False),
        ([2, 2, 3], [0, 1, 2], False),
        ([2, 3, 3], [-1], True),
    ]
    for shape, axes, keep in reductions:
        name = f"{'x'.join(map(str, shape))} over {axes}{', axes kept' if keep else ''}"
        options = {"axes": axes, "keepAxes": keep}
        x = {"x": draw(*shape)}
        family.case(name, "sum", options, x, lambda x, a=axes, k=keep: x.sum(a, k))
        family.case(name, "mean", options, x, lambda x, a=axes, k=keep: x.mean(a, k))
        apart = {"x": family.distinct(*shape)}
        family.case(name, "max", options, apart, lambda x, a=axes, k=keep: x.amax(a, k))
        family.case(name, "min", options, apart, lambda x, a=axes, k=keep: x.amin(a, k))
        for correction in (0, 1):
            family.case(
                f"{name}, less {correction}",
                "variance",
                {**options, "correction": correction},
                x,
                lambda x, a=axes, k=keep, c=correction: x.var(a, correction=c, keepdim=k),
            )
