"""Ten steps of every optimiser on a small least-squares problem, and learning-rate schedules."""

import torch
import torch.nn.functional as F

from .family import decimal, stored

STEPS = 10


def add_cases(family):
    x, target = family.draw(8, 3), family.draw(8, 2)
    start = {"weight": family.draw(3, 2), "bias": family.draw(2)}

    def train(name, operation, options, make, clip=None):
        weight, bias = (value.clone().requires_grad_() for value in start.values())
        optimizer = make([weight, bias])
        losses, weights, biases, norms = [], [], [], []
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.mse_loss(x @ weight + bias, target)
            loss.backward()
            if clip is not None:
                norms.append(decimal(torch.nn.utils.clip_grad_norm_([weight, bias], clip).item()))
            optimizer.step()
            losses.append(decimal(loss.item()))
            weights.append(weight.detach().clone())
            biases.append(bias.detach().clone())
        inputs = {"x": x, "target": target, **start}
        family.cases.append(
            {
                "name": name,
                "operation": operation,
                "options": options if clip is None else {**options, "clipNorm": clip},
                "inputs": {key: stored(value) for key, value in inputs.items()},
                "losses": losses,
                "norms": norms,
                "after": {"weight": stored(torch.stack(weights)), "bias": stored(torch.stack(biases))},
            }
        )

    def sgd(name, clip=None, rate=0.2, momentum=0.0, nesterov=False, decay=0.0):
        options = {"learningRate": rate, "momentum": momentum, "nesterov": nesterov, "weightDecay": decay}
        train(
            name,
            "sgd",
            options,
            lambda parameters: torch.optim.SGD(
                parameters, rate, momentum=momentum, nesterov=nesterov, weight_decay=decay
            ),
            clip,
        )

    sgd("plain")
    sgd("weight decay", decay=0.05)
    sgd("momentum", momentum=0.9, rate=0.05)
    sgd("momentum and weight decay", momentum=0.9, rate=0.05, decay=0.1)
    sgd("Nesterov", momentum=0.9, rate=0.05, nesterov=True)
    sgd("Nesterov and weight decay", momentum=0.8, rate=0.05, nesterov=True, decay=0.02)
    sgd("gradients clipped by their common norm", clip=0.5)

    def adam(name, make, operation, rate=0.05, betas=(0.9, 0.999), epsilon=1e-8, decay=0.0):
        options = {
            "learningRate": rate,
            "beta1": betas[0],
            "beta2": betas[1],
            "epsilon": epsilon,
            "weightDecay": decay,
        }
        train(name, operation, options, lambda p: make(p, rate, betas, epsilon, decay))

    adam("Adam", torch.optim.Adam, "adam")
    adam("Adam, other constants", torch.optim.Adam, "adam", rate=0.1, betas=(0.8, 0.95), epsilon=1e-3)
    adam("AdamW", torch.optim.AdamW, "adamW", decay=0.1)
    adam("AdamW, other constants", torch.optim.AdamW, "adamW", betas=(0.7, 0.9), epsilon=1e-4, decay=0.5)

    def schedule(name, operation, options, make, steps=12):
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.4)
        scheduler = make(optimizer)
        rates = []
        for _ in range(steps):
            rates.append(decimal(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            scheduler.step()
        family.cases.append(
            {"name": name, "operation": operation, "options": {"base": 0.4, **options}, "rates": rates}
        )

    rates = torch.optim.lr_scheduler
    options = {"steps": 11, "minimum": 0.02}
    schedule("cosine", "cosineSchedule", options, lambda o: rates.CosineAnnealingLR(o, 11, 0.02))
    options = {"steps": 12, "minimum": 0}
    schedule("cosine to zero", "cosineSchedule", options, lambda o: rates.CosineAnnealingLR(o, 12))
    options = {"every": 5, "factor": 0.3}
    schedule("steps", "stepSchedule", options, lambda o: rates.StepLR(o, 5, 0.3))
    # The rate of step s is base * (s + 1) / 5 while it warms up.
    schedule(
        "warm-up, then constant",
        "warmUp",
        {"steps": 5},
        lambda o: rates.LambdaLR(o, lambda step: min(1.0, (step + 1) / 5)),
    )
