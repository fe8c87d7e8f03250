"""Convolutions: images [n, h, w, c], pads [top, left, bottom, right]."""

import torch.nn.functional as F


def add_cases(family):
    draw = family.draw

    def image(x, pads):
        top, left, bottom, right = pads
        return F.pad(x.permute(0, 3, 1, 2), (left, right, top, bottom))

    def conv(name, x, w, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), groups=1, bias=True):
        inputs = {"x": draw(*x), "weight": draw(*w)}
        if bias:
            inputs["bias"] = draw(w[3])
        options = {
            "strides": list(strides),
            "pads": list(pads),
            "dilations": list(dilations),
            "groups": groups,
        }

        def compute(x, weight, bias=None):
            weight = weight.permute(3, 2, 0, 1)
            y = F.conv2d(image(x, pads), weight, bias, strides, 0, dilations, groups)
            return y.permute(0, 2, 3, 1)

        family.case(name, "conv2d", options, inputs, compute)

    same = (1, 1, 1, 1)
    conv("3x3, same size", [2, 4, 5, 3], [3, 3, 3, 4], pads=same)
    conv("3x3, stride 2", [1, 5, 6, 3], [3, 3, 3, 4], strides=(2, 2), pads=same)
    conv("3x3, stride 2, padded below only", [1, 6, 6, 2], [3, 3, 2, 4], strides=(2, 2), pads=(0, 0, 1, 1))
    conv("3x3, stride 2, last row unread", [1, 6, 6, 2], [3, 3, 2, 3], strides=(2, 2))
    conv("3x3, dilation 2", [1, 5, 6, 2], [3, 3, 2, 4], pads=(2, 2, 2, 2), dilations=(2, 2))
    conv("3x3, dilation 2 down, stride 2 across", [1, 6, 5, 2], [3, 3, 2, 3], strides=(1, 2), dilations=(2, 1))
    conv("3x3, two groups", [1, 4, 5, 4], [3, 3, 2, 6], pads=same, groups=2)
    conv("3x3, three groups, stride 2 down", [1, 6, 4, 6], [3, 3, 2, 3], strides=(2, 1), pads=same, groups=3)
    conv("3x2, whole vectors of channels", [1, 3, 3, 8], [3, 2, 8, 8], pads=same, bias=False)
    conv("1x1", [1, 3, 4, 8], [1, 1, 8, 5])
    conv("1x1, stride 2", [1, 5, 4, 4], [1, 1, 4, 8], strides=(2, 2), bias=False)
    conv("5x5 of one channel", [1, 7, 8, 1], [5, 5, 1, 6])
    conv("5x5, padded by 2", [1, 5, 6, 1], [5, 5, 1, 4], pads=(2, 2, 2, 2))
    conv("3x1 and uneven pads", [1, 5, 4, 3], [3, 1, 3, 2], pads=(2, 1, 0, 0), bias=False)
    conv("2x2, stride 3", [1, 8, 7, 2], [2, 2, 2, 3], strides=(3, 3))
    conv("as large as the image", [2, 4, 3, 2], [4, 3, 2, 3])

    def depthwise(name, x, kernel, strides=(1, 1), pads=(0, 0, 0, 0), dilations=(1, 1), bias=True):
        channels = x[3]
        inputs = {"x": draw(*x), "weight": draw(*kernel, channels)}
        if bias:
            inputs["bias"] = draw(channels)
        options = {"strides": list(strides), "pads": list(pads), "dilations": list(dilations)}

        def compute(x, weight, bias=None):
            weight = weight.permute(2, 0, 1).unsqueeze(1)
            y = F.conv2d(image(x, pads), weight, bias, strides, 0, dilations, channels)
            return y.permute(0, 2, 3, 1)

        family.case(name, "depthwiseConv2d", options, inputs, compute)

    depthwise("3x3, same size", [2, 4, 5, 4], [3, 3], pads=same)
    depthwise("3x3, five channels, stride 2", [1, 5, 6, 5], [3, 3], strides=(2, 2), pads=same)
    below = (0, 0, 1, 1)
    depthwise("3x3, stride 2, padded below only", [1, 4, 4, 8], [3, 3], (2, 2), below, bias=False)
    depthwise("3x3, dilation 2", [1, 6, 7, 3], [3, 3], pads=(2, 2, 2, 2), dilations=(2, 2))
    depthwise("5x5", [1, 5, 4, 9], [5, 5], pads=(2, 2, 2, 2))
    depthwise("10x4, stride 2", [1, 10, 5, 2], [10, 4], strides=(2, 2), pads=(4, 1, 4, 1))
    depthwise("1x3 of one channel", [1, 3, 6, 1], [1, 3], pads=(0, 1, 0, 1))
