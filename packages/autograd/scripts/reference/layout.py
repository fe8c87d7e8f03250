"""Operations that move numbers: joining, cutting, resizing, looking up."""

import torch
import torch.nn.functional as F


def add_cases(family):
    draw = family.draw

    def concat(name, shapes, axis):
        inputs = {f"x{i}": draw(*shape) for i, shape in enumerate(shapes)}
        family.case(
            name, "concat", {"axis": axis}, inputs, lambda *parts: torch.cat(parts, axis)
        )

    concat("channels", [[1, 3, 2, 3], [1, 3, 2, 4], [1, 3, 2, 1]], 3)
    concat("rows", [[2, 5], [3, 5]], 0)
    concat("middle axis", [[2, 1, 4], [2, 3, 4]], -2)

    def split(name, shape, sizes, axis):
        # The output is what the parts hold, one after the other.
        family.case(
            name,
            "split",
            {"axis": axis, "sizes": sizes},
            {"x": draw(*shape)},
            lambda x: torch.cat([part.reshape(-1) for part in torch.split(x, sizes, axis)]),
        )

    split("channels", [2, 2, 3, 7], [3, 4], 3)
    split("rows", [6, 4], [1, 3, 2], 0)

    def pad(name, shape, before, after):
        pairs = [size for pair in reversed(list(zip(before, after))) for size in pair]
        options = {"before": before, "after": after}
        family.case(name, "pad", options, {"x": draw(*shape)}, lambda x: F.pad(x, pairs))

    pad("image", [2, 3, 2, 3], [0, 1, 2, 0], [0, 2, 0, 0])
    pad("channels", [2, 2, 3], [0, 0, 1], [0, 0, 4])

    def cut(name, shape, starts, ends, steps=None):
        options = {"starts": starts, "ends": ends}
        if steps is not None:
            options["steps"] = steps
        index = tuple(
            slice(start, end, step)
            for start, end, step in zip(starts, ends, steps or [1] * len(starts))
        )
        family.case(name, "slice", options, {"x": draw(*shape)}, lambda x: x[index])

    cut("block", [2, 3, 4, 3], [0, 1, 1, 0], [2, 2, 4, 2])
    cut("every second", [3, 7, 6], [0, 1, 0], [3, 7, 6], [1, 2, 3])

    family.case("flatten", "reshape", {"shape": [2, 12]}, {"x": draw(2, 2, 3, 2)}, lambda x: x.reshape(2, 12))
    for order in ([0, 3, 1, 2], [2, 0, 1], [1, 0]):
        x = {"x": draw(*[2, 3, 4, 5][: len(order)])}
        options = {"permutation": order}
        family.case(f"{order}", "transpose", options, x, lambda x, order=order: x.permute(order))

    def shuffle(name, shape, factor):
        family.case(
            name,
            "pixelShuffle",
            {"factor": factor},
            {"x": draw(*shape)},
            lambda x: F.pixel_shuffle(x.permute(0, 3, 1, 2), factor).permute(0, 2, 3, 1),
        )

    shuffle("factor 2", [1, 2, 3, 8], 2)
    shuffle("factor 3, two images", [2, 2, 1, 18], 3)

    def resize(name, shape, size, mode):
        def compute(x):
            align = {"align_corners": False} if mode == "bilinear" else {}
            return F.interpolate(x.permute(0, 3, 1, 2), size, mode=mode, **align).permute(0, 2, 3, 1)

        options = {"height": size[0], "width": size[1], "mode": mode}
        family.case(f"{mode}, {name}", "resize2d", options, {"x": draw(*shape)}, compute)

    resize("twice as large", [2, 3, 2, 3], [6, 4], "nearest")
    resize("three times as wide", [1, 2, 3, 4], [2, 9], "nearest")
    resize("twice as large", [2, 3, 2, 3], [6, 4], "bilinear")
    resize("uneven", [1, 3, 4, 2], [5, 7], "bilinear")
    resize("smaller", [1, 6, 5, 3], [3, 4], "bilinear")

    def embedding(name, ids, table):
        inputs = {"ids": torch.tensor(ids, dtype=torch.int32), "table": draw(*table)}
        family.case(name, "embedding", {}, inputs, F.embedding)

    embedding("ids that come again", [[1, 4, 1, 0], [6, 1, 4, 4]], [7, 5])
    embedding("one row for all", [2, 2, 2, 2, 2], [3, 8])
