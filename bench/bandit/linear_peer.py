"""LinUCB in Python: one line of JSON in, one out. Times are CPU times of this process.

plain     the arithmetic that MABWiser does at every step, in numpy, and nothing else
mabwiser  MABWiser itself, where it is installed (not tried by its authors: it was not installable there)
"""
import base64
import json
import sys
import time

import numpy as np


def decode(text, shape):
    return np.frombuffer(base64.b64decode(text), dtype="<f8").reshape(shape).copy()


class Plain:
    """x @ beta + alpha * sqrt(x @ A_inv @ x) for every arm; A_inv = inv(A), beta = A_inv @ Xty for the chosen one."""

    def __init__(self, arms, dimension):
        self.arms = range(arms)
        self.A = [np.identity(dimension) for _ in self.arms]
        self.A_inv = [np.identity(dimension) for _ in self.arms]
        self.Xty = [np.zeros(dimension) for _ in self.arms]
        self.beta = [np.zeros(dimension) for _ in self.arms]

    def load(self, grams, moments):
        for arm in self.arms:
            self.A[arm] = np.identity(len(moments[arm])) + grams[arm]
            self.A_inv[arm] = np.linalg.inv(self.A[arm])
            self.Xty[arm] = moments[arm]
            self.beta[arm] = np.dot(self.A_inv[arm], self.Xty[arm])

    def choose(self, x):
        best, highest = 0, -np.inf
        for arm in self.arms:
            score = np.dot(x, self.beta[arm]) + np.sqrt(np.dot(np.dot(x, self.A_inv[arm]), x))
            if score > highest:
                best, highest = arm, score
        return best

    def learn(self, arm, x, reward):
        self.A[arm] = self.A[arm] + np.outer(x, x)
        self.A_inv[arm] = np.linalg.inv(self.A[arm])
        self.Xty[arm] = self.Xty[arm] + reward * x
        self.beta[arm] = np.dot(self.A_inv[arm], self.Xty[arm])


class MabWiser:
    """The library itself; its first step is a fit, with the arm that all untried arms' equal scores choose."""

    def __init__(self, arms, dimension):
        from mabwiser.mab import MAB, LearningPolicy

        policy = LearningPolicy.LinUCB(alpha=1.0, l2_lambda=1.0)
        self.mab = MAB(arms=list(range(arms)), learning_policy=policy)
        self.fitted = False

    def choose(self, x):
        return self.mab.predict(x.reshape(1, -1)) if self.fitted else 0

    def learn(self, arm, x, reward):
        fit = self.mab.partial_fit if self.fitted else self.mab.fit
        fit([arm], [reward], x.reshape(1, -1))
        self.fitted = True


def main():
    peer = stream = None
    versions = {"numpy": np.__version__}
    try:
        import mabwiser

        versions["mabwiser"] = mabwiser.__version__
    except ImportError:
        pass
    for line in sys.stdin:
        request = json.loads(line)
        if "versions" in request:
            answer = versions
        elif "peer" in request:
            arms, dimension, steps = (request[key] for key in ("arms", "dimension", "steps"))
            stream = (decode(request["contexts"], (steps, dimension)), decode(request["rewards"], (steps, arms)))
            peer = {"plain": Plain, "mabwiser": MabWiser}[request["peer"]](arms, dimension)
            if "grams" in request:
                peer.load(
                    decode(request["grams"], (arms, dimension, dimension)),
                    decode(request["moments"], (arms, dimension)),
                )
            answer = {}
        else:
            contexts, rewards = stream
            choices = []
            started = time.process_time()
            for step in range(request["from"], request["to"]):
                x = contexts[step]
                arm = peer.choose(x)
                peer.learn(arm, x, rewards[step, arm])
                choices.append(int(arm))
            answer = {"seconds": time.process_time() - started, "choices": choices}
        print(json.dumps(answer), flush=True)


main()
