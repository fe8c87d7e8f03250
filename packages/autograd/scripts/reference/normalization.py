"""Normalisations; channels are the last axis."""

import torch
import torch.nn.functional as F

from .family import rounded, stored


def add_cases(family):
    draw = family.draw

    def channels_first(x):
        return x.movedim(-1, 1)

    def affine(channels):
        return {"scale": draw(channels, low=0.5, high=1.5), "shift": draw(channels)}

    def batch_train(name, shape, momentum, epsilon):
        """Two training steps; output and gradients are those of the second."""
        channels = shape[-1]
        first = draw(*shape, low=-1, high=2)
        mean, variance = draw(channels), draw(channels, low=0.5, high=2)
        running = [mean.clone(), variance.clone()]
        after = []

        def step(x, scale, shift):
            y = F.batch_norm(channels_first(x), *running, scale, shift, True, momentum, epsilon)
            after.append([running[0].clone(), running[1].clone()])
            return y.movedim(1, -1)

        inputs = {"x": draw(*shape, low=-2, high=1.5), **affine(channels)}
        step(first, inputs["scale"], inputs["shift"])
        options = {"epsilon": epsilon, "momentum": momentum, "mode": "train"}
        family.case(name, "batchNorm", options, inputs, step)
        family.cases[-1]["steps"] = {
            "firstX": stored(first),
            "mean": stored(mean),
            "variance": stored(variance),
            "meanAfterFirst": stored(after[0][0]),
            "varianceAfterFirst": stored(after[0][1]),
            "meanAfterSecond": stored(after[1][0]),
            "varianceAfterSecond": stored(after[1][1]),
        }

    batch_train("training, images", [2, 2, 3, 5], 0.1, 1e-5)
    batch_train("training, whole vectors of channels", [3, 2, 2, 8], 0.25, 1e-3)
    batch_train("training, rows", [6, 3], 0.1, 1e-5)

    def batch_frozen(name, shape, epsilon):
        statistics = {"mean": draw(shape[-1]), "variance": draw(shape[-1], low=0.5, high=2)}

        def compute(x, scale, shift, mean, variance):
            y = F.batch_norm(channels_first(x), mean, variance, scale, shift, False, 0, epsilon)
            return y.movedim(1, -1)

        inputs = {"x": draw(*shape), **affine(shape[-1]), **statistics}
        family.case(
            name, "batchNorm", {"epsilon": epsilon, "mode": "frozen"}, inputs, compute, ("mean", "variance")
        )

    batch_frozen("frozen, images", [2, 2, 3, 5], 1e-5)
    batch_frozen("frozen, rows", [4, 8], 1e-3)

    for shape in ([4, 6], [2, 3, 8], [5, 11]):
        name = "layer " + "x".join(map(str, shape))
        family.case(
            name,
            "layerNorm",
            {"epsilon": 1e-5},
            {"x": draw(*shape, low=-1, high=2), **affine(shape[-1])},
            lambda x, scale, shift: F.layer_norm(x, x.shape[-1:], scale, shift, 1e-5),
        )

    for shape in ([4, 6], [2, 3, 8], [5, 11]):
        name = "RMS " + "x".join(map(str, shape))
        family.case(
            name,
            "rmsNorm",
            {"epsilon": 1e-6},
            {"x": draw(*shape, low=-1, high=2), "scale": affine(shape[-1])["scale"]},
            lambda x, scale: x * torch.rsqrt((x * x).mean(-1, keepdim=True) + 1e-6) * scale,
        )

    for shape, groups in (([2, 3, 2, 6], 2), ([1, 3, 3, 6], 3), ([2, 3, 2, 4], 4), ([2, 2, 2, 8], 1)):
        name = f"group {'x'.join(map(str, shape))} in {groups}"
        family.case(
            name,
            "groupNorm",
            {"groups": groups, "epsilon": 1e-5},
            {"x": draw(*shape, low=-1, high=2), **affine(shape[-1])},
            lambda x, scale, shift, groups=groups: F.group_norm(
                channels_first(x), groups, scale, shift, 1e-5
            ).movedim(1, -1),
        )
    # A mean far from 0 beside its deviation: one-pass variances lose their digits here.
    far = rounded(draw(2, 3, 3, 4).numpy() + 20)
    family.case(
        "layer, far from zero",
        "layerNorm",
        {"epsilon": 1e-5},
        {"x": far, **affine(4)},
        lambda x, scale, shift: F.layer_norm(x, x.shape[-1:], scale, shift, 1e-5),
    )
