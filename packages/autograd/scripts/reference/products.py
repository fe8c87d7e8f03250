"""Matrix products."""

import torch


def add_cases(family):
    draw = family.draw

    def linear(name, x, w, bias):
        inputs = {"x": draw(*x), "weight": draw(*w)}
        if bias:
            inputs["bias"] = draw(w[1])
        family.case(
            name, "linear", {}, inputs, lambda x, weight, bias=0: torch.matmul(x, weight) + bias
        )

    linear("rows with bias", [5, 7], [7, 4], True)
    linear("without bias", [3, 6], [6, 2], False)
    linear("leading axes", [2, 2, 8], [8, 16], True)
    linear("one row", [1, 9], [9, 5], True)
    linear("one output", [6, 5], [5, 1], True)

    def matmul(name, a, b, ta=False, tb=False):
        family.case(
            name,
            "matmul",
            {"transposeA": ta, "transposeB": tb},
            {"a": draw(*a), "b": draw(*b)},
            lambda a, b: torch.matmul(a.mT if ta else a, b.mT if tb else b),
        )

    matmul("plain", [6, 5], [5, 7])
    matmul("first transposed", [5, 6], [5, 7], ta=True)
    matmul("second transposed", [6, 5], [7, 5], tb=True)
    matmul("both transposed", [5, 6], [7, 5], ta=True, tb=True)
    matmul("batched", [2, 2, 3, 5], [2, 2, 5, 4])
    matmul("batched, second transposed", [2, 2, 3, 5], [2, 2, 4, 5], tb=True)
    matmul("batched, first transposed", [3, 5, 4], [3, 5, 6], ta=True)
    matmul("one matrix for the whole batch", [2, 3, 4], [4, 5])
    matmul("inner product", [1, 8], [8, 1])
