"""Pooling: images [n, h, w, c], pads [top, left, bottom, right]."""

import math

import torch.nn.functional as F


def add_cases(family):
    def pooled(x, pads, value, pool):
        top, left, bottom, right = pads
        padded = F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom), value=value)
        return pool(padded).permute(0, 2, 3, 1)

    def maximum(name, x, kernel, strides, pads=(0, 0, 0, 0)):
        options = {"kernel": list(kernel), "strides": list(strides), "pads": list(pads)}
        family.case(
            name,
            "maxPool2d",
            options,
            {"x": family.distinct(*x)},
            lambda x: pooled(x, pads, -math.inf, lambda p: F.max_pool2d(p, kernel, strides)),
        )

    maximum("2x2", [1, 4, 4, 3], (2, 2), (2, 2))
    maximum("2x2, last row and column unread", [1, 5, 7, 4], (2, 2), (2, 2))
    maximum("3x3, stride 2, padded", [1, 5, 6, 5], (3, 3), (2, 2), (1, 1, 1, 1))
    maximum("3x3, overlapping", [1, 4, 4, 8], (3, 3), (1, 1))
    maximum("3x2, padded below only", [2, 4, 4, 2], (3, 2), (2, 1), (0, 0, 1, 1))

    def average(name, x, kernel, strides, pad=(0, 0), count=True):
        options = {
            "kernel": list(kernel),
            "strides": list(strides),
            "pads": [pad[0], pad[1], pad[0], pad[1]],
            "countIncludePad": count,
        }

        def compute(x):
            y = F.avg_pool2d(x.permute(0, 3, 1, 2), kernel, strides, pad, count_include_pad=count)
            return y.permute(0, 2, 3, 1)

        family.case(name, "averagePool2d", options, {"x": family.draw(*x)}, compute)

    average("2x2", [1, 4, 4, 3], (2, 2), (2, 2))
    average("3x3, stride 2, padding counted", [1, 5, 6, 5], (3, 3), (2, 2), (1, 1))
    average("3x3, stride 2, padding not counted", [1, 5, 6, 5], (3, 3), (2, 2), (1, 1), False)
    average("3x3, overlapping, padding not counted", [1, 4, 5, 8], (3, 3), (1, 1), (1, 1), False)
    average("2x3, last row unread", [1, 5, 6, 4], (2, 3), (2, 1))

    for shape in ([2, 4, 3, 5], [1, 5, 5, 8], [3, 1, 1, 4]):
        name = "x".join(map(str, shape))
        x = {"x": family.draw(*shape)}
        family.case(name, "globalAveragePool", {}, x, lambda x: x.mean((1, 2)))
