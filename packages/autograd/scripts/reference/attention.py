"""Scaled dot-product attention [batch, heads, positions, size] and rotary embeddings."""

import math

import torch


def add_cases(family):
    draw = family.draw

    def attention(name, queries, keys, heads=(2, 2), size=4, batch=1, causal=False, mask=None, scale=None):
        q = draw(batch, heads[0], queries, size)
        k = draw(batch, heads[1], keys, size)
        v = draw(batch, heads[1], keys, size)
        inputs = {"q": q, "k": k, "v": v}
        if mask is not None:
            inputs["mask"] = draw(*mask, low=-2, high=2)
        options = {"causal": causal}
        if scale is not None:
            options["scale"] = scale

        def compute(q, k, v, mask=None):
            repeat = heads[0] // heads[1]
            k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
            scores = q @ k.mT * (scale if scale is not None else 1 / math.sqrt(size))
            if mask is not None:
                scores = scores + mask
            if causal:
                later = torch.ones(queries, keys, dtype=torch.bool).triu(1)
                scores = scores.masked_fill(later, -math.inf)
            return torch.softmax(scores, -1) @ v

        family.case(name, "attention", options, inputs, compute, frozen=("mask",))

    attention("all positions", 5, 5)
    attention("more keys than queries", 3, 6, size=5)
    attention("causal, two sequences", 4, 4, batch=2, causal=True)
    attention("additive mask", 4, 6, mask=[4, 6])
    attention("additive mask and causal", 4, 4, mask=[4, 4], causal=True)
    attention("two query heads for each key head", 4, 4, heads=(4, 2), causal=True)
    attention("one key head for all", 3, 5, heads=(3, 1), size=8)
    attention("given scale", 3, 3, scale=0.25)

    def rotary(name, shape, interleaved, offset=0, base=10000.0):
        """Su et al. 2021, eq. 34: pairs turned by position * base^(-2i / size)."""
        positions, size = shape[-2], shape[-1]
        half = size // 2

        def compute(x):
            frequency = base ** (-torch.arange(half) * 2.0 / size)
            angle = (torch.arange(positions) + offset).unsqueeze(1) * frequency
            cos, sin = torch.cos(angle), torch.sin(angle)
            if interleaved:
                a, b = x[..., 0::2], x[..., 1::2]
            else:
                a, b = x[..., :half], x[..., half:]
            turned = (a * cos - b * sin, a * sin + b * cos)
            return torch.stack(turned, -1).flatten(-2) if interleaved else torch.cat(turned, -1)

        options = {"pairing": "interleaved" if interleaved else "half", "offset": offset, "base": base}
        family.case(name, "rope", options, {"x": draw(*shape)}, compute)

    rotary("rotary, halves", [1, 2, 4, 8], False)
    rotary("rotary, neighbours", [1, 2, 4, 8], True)
    rotary("rotary, halves, later positions", [1, 2, 3, 6], False, offset=17)
    rotary("rotary, neighbours, another base", [1, 1, 4, 6], True, offset=3, base=500.0)
