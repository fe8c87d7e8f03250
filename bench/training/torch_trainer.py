"""One training step in PyTorch on one thread, measured by the process itself.

Reads one JSON object a line and answers with one: first {"network": ...} (bench/training/network.ts with its
numbers in base64), then any of {"steps": n}, answered with the CPU milliseconds of one step and the losses,
and {"read": name}, answered with a parameter in base64.
"""
import base64
import json
import sys
import time

import numpy
import torch
import torch.nn.functional as functional

torch.set_num_threads(1)
EPSILON, MOMENTUM = 1e-3, 0.1


def decode(text, shape, dtype="<f4"):
    return torch.from_numpy(numpy.frombuffer(base64.b64decode(text), dtype).reshape(shape).copy())


class Trainer:
    def __init__(self, spec):
        self.nodes = spec["nodes"]
        n, h, w, c = spec["inputShape"]
        self.images = decode(spec["images"], (n, h, w, c)).permute(0, 3, 1, 2).contiguous()
        self.labels = decode(spec["labels"], (n,), "<i4").long()
        self.kinds = {}
        for node in self.nodes:
            if "weight" in node:
                self.kinds[node["weight"]] = node["op"]
        self.parameters, self.running = {}, {}
        for name, parameter in spec["parameters"].items():
            values = self.to_torch(name, decode(parameter["data"], parameter["shape"]))
            self.parameters[name] = values.contiguous().requires_grad_()
        for node in self.nodes:
            if node["op"] == "batch-norm":
                size = len(self.parameters[node["scale"]])
                self.running[node["scale"]] = (torch.zeros(size), torch.ones(size))
        self.optimizer = torch.optim.SGD(self.parameters.values(), lr=spec["learningRate"])

    def to_torch(self, name, values):
        kind = self.kinds.get(name)
        if kind == "conv":
            return values.permute(3, 2, 0, 1)
        if kind == "depthwise":
            return values.permute(2, 0, 1).unsqueeze(1)
        return values.t() if kind == "linear" else values

    def from_torch(self, name, values):
        kind = self.kinds.get(name)
        if kind == "conv":
            return values.permute(2, 3, 1, 0)
        if kind == "depthwise":
            return values.squeeze(1).permute(1, 2, 0)
        return values.t() if kind == "linear" else values

    def forward(self):
        values, x = {"input": self.images}, None
        for node in self.nodes:
            x = self.apply(node, values[node["input"]], values)
            values[node["output"]] = x
        return x

    def apply(self, node, x, values):
        op = node["op"]
        weights = self.parameters
        if op in ("conv", "depthwise"):
            top, left, bottom, right = node["pads"]
            padding = (top, left)
            if (top, left) != (bottom, right):
                x, padding = functional.pad(x, (left, right, top, bottom)), 0
            bias = weights[node["bias"]] if "bias" in node else None
            groups = x.shape[1] if op == "depthwise" else 1
            return functional.conv2d(
                x, weights[node["weight"]], bias, node.get("stride", 1), padding, groups=groups
            )
        if op == "batch-norm":
            mean, variance = self.running[node["scale"]]
            return functional.batch_norm(
                x, mean, variance, weights[node["scale"]], weights[node["shift"]], True, MOMENTUM, EPSILON
            )
        if op == "relu":
            return functional.relu(x)
        if op == "max-pool":
            return functional.max_pool2d(x, 2)
        if op == "global-average-pool":
            return x.mean((2, 3))
        if op == "flatten":
            # The order of the others, pixels before channels, so that the weights mean the same.
            return x.permute(0, 2, 3, 1).flatten(1)
        if op == "linear":
            return functional.linear(x, weights[node["weight"]], weights[node["bias"]])
        if op == "add":
            return x + values[node["other"]]
        raise ValueError(op)

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = functional.cross_entropy(self.forward(), self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def main():
    trainer = None
    for line in sys.stdin:
        request = json.loads(line)
        if "network" in request:
            trainer = Trainer(request["network"])
            answer = {"version": torch.__version__}
        elif "steps" in request:
            start = time.process_time()
            losses = [trainer.step() for _ in range(request["steps"])]
            spent = (time.process_time() - start) * 1000
            answer = {"milliseconds": spent / request["steps"], "losses": losses}
        else:
            name = request["read"]
            values = trainer.from_torch(name, trainer.parameters[name].detach()).contiguous()
            answer = {"data": base64.b64encode(values.numpy().tobytes()).decode()}
        print(json.dumps(answer), flush=True)


main()
