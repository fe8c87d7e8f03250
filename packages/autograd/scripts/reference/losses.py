"""Losses: means over the rows, one number each."""

import torch
import torch.nn.functional as F


def add_cases(family):
    draw = family.draw
    rows, classes = 6, 7

    def entropy(name, ignored=(), smoothing=0.0):
        labels = family.integers(rows, high=classes)
        for row in ignored:
            labels[row] = -100
        family.case(
            name,
            "crossEntropy",
            {"ignoreIndex": -100, "labelSmoothing": smoothing},
            {"logits": draw(rows, classes, low=-3, high=3), "labels": labels},
            lambda logits, labels: F.cross_entropy(
                logits, labels.long(), ignore_index=-100, label_smoothing=smoothing
            ),
        )

    entropy("labels")
    entropy("labels, two rows ignored", ignored=(1, 4))
    entropy("labels, smoothed", smoothing=0.1)
    entropy("labels, smoothed, a row ignored", ignored=(0,), smoothing=0.2)

    # Rows that sum to 1 in 32 bits as well: multiples of 1/64.
    counts = family.random.multinomial(64, [1 / classes] * classes, rows)
    family.case(
        "soft targets",
        "softCrossEntropy",
        {},
        {"logits": draw(rows, classes, low=-3, high=3), "targets": torch.from_numpy(counts / 64)},
        F.cross_entropy,
        frozen=("targets",),
    )

    for temperature in (1.0, 4.0):
        # Hinton et al. 2015: the gradient is brought back to its scale by temperature squared.
        family.case(
            f"KL at temperature {temperature:g}",
            "klDivergence",
            {"temperature": temperature},
            {
                "teacher": draw(rows, classes, low=-3, high=3),
                "student": draw(rows, classes, low=-3, high=3),
            },
            lambda teacher, student, t=temperature: F.kl_div(
                F.log_softmax(student / t, -1), F.softmax(teacher / t, -1), reduction="batchmean"
            )
            * t**2,
            frozen=("teacher",),
        )

    for size in ([5, 8], [3, 7]):
        family.case(
            f"cosine {size[0]}x{size[1]}",
            "cosineLoss",
            {},
            {"a": draw(*size), "b": draw(*size)},
            lambda a, b: (1 - F.cosine_similarity(a, b, -1)).mean(),
        )
    family.case("rows", "meanSquaredError", {}, {"a": draw(5, 7), "b": draw(5, 7)}, F.mse_loss)
    family.case("images", "meanSquaredError", {}, {"a": draw(2, 3, 2, 3), "b": draw(2, 3, 2, 3)}, F.mse_loss)

    labels = family.integers(rows, high=classes)
    family.case(
        "logits far apart",
        "crossEntropy",
        {"ignoreIndex": -100, "labelSmoothing": 0.1},
        {"logits": draw(rows, classes, low=-95, high=95), "labels": labels},
        lambda logits, labels: F.cross_entropy(logits, labels.long(), label_smoothing=0.1),
    )
    counts = family.random.multinomial(64, [1 / classes] * classes, rows)
    family.case(
        "KL to given probabilities at temperature 2",
        "klDivergence",
        {"temperature": 2, "teacherGives": "probabilities"},
        {"teacher": torch.from_numpy(counts / 64), "student": draw(rows, classes, low=-3, high=3)},
        lambda teacher, student: 4
        * F.kl_div(F.log_softmax(student / 2, -1), teacher, reduction="batchmean"),
        frozen=("teacher",),
    )
