"""LinUCB in Python: one line of JSON in, one out. Times are CPU times of this process.

plain     the arithmetic that MABWiser 2.7 does at every step, in numpy, and nothing else
copying   as plain, with the copies that it makes: of all models to predict, of every arm's model to fit. What it
          spends on checking its input, on joblib and on a random generator per row is left out
mabwiser  MABWiser itself, where it is installed (not tried by its authors: it was not installable there)
"""
import base64
import copy
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


class Model:
    def __init__(self, dimension):
        self.A = np.identity(dimension)
        self.A_inv = np.identity(dimension)
        self.Xty = np.zeros(dimension)
        self.beta = np.zeros(dimension)


class Copying:
    def __init__(self, arms, dimension):
        self.models = {arm: Model(dimension) for arm in range(arms)}
        self.expectations = dict.fromkeys(self.models, 0)

    def load(self, grams, moments):
        for arm, model in self.models.items():
            model.A = np.identity(len(moments[arm])) + grams[arm]
            model.A_inv = np.linalg.inv(model.A)
            model.Xty = moments[arm]
            model.beta = np.dot(model.A_inv, model.Xty)

    def choose(self, x):
        models = copy.deepcopy(self.models)
        expectations = copy.deepcopy(self.expectations)
        for arm, model in models.items():
            expectations[arm] = np.dot(x, model.beta) + np.sqrt(np.dot(np.dot(x, model.A_inv), x))
        return max(expectations, key=expectations.get)

    def learn(self, chosen, x, reward):
        decisions, rewards, contexts = np.array([chosen]), np.array([reward]), x.reshape(1, -1)
        for arm in self.models:
            model = copy.deepcopy(self.models[arm])
            rows = np.where(decisions == arm)
            if rows[0].size == 0:
                continue
            X, y = contexts[rows], rewards[rows]
            model.A = model.A + np.dot(X.T, X)
            model.A_inv = np.linalg.inv(model.A)
            model.Xty = model.Xty + np.dot(X.T, y)
            model.beta = np.dot(model.A_inv, model.Xty)
            self.models[arm] = model


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
            peer = {"plain": Plain, "copying": Copying, "mabwiser": MabWiser}[request["peer"]](arms, dimension)
            if "grams" in request:
                peer.load(
                    decode(request["grams"], (arms, dimension, dimension)),
                    decode(request["moments"], (arms, dimension)),
                )
            answer = {}
        else:
            contexts, rewards = stream
            choices = []
            rows = list(contexts[request["from"] : request["to"]])
            started = time.process_time()
            for step, x in enumerate(rows, request["from"]):
                arm = peer.choose(x)
                peer.learn(arm, x, rewards[step, arm])
                choices.append(int(arm))
            answer = {"seconds": time.process_time() - started, "choices": choices}
        print(json.dumps(answer), flush=True)


main()
