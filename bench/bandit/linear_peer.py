"""LinUCB in Python: one line of JSON in, one out. Times are CPU times of this process.

mabwiser  MABWiser itself, where it can be imported: predict and partial_fit of one row each, as its users call them,
          with its defaults (n_jobs=1, l2_lambda=1). Without a first fit it cannot predict, so the first step is a fit
          of the first arm, which is what equal scores choose
plain     the arithmetic that it does at every step, in a loop in numpy, and nothing else
copying   the arithmetic, and the copies it makes at every update: of every arm's model, of the chosen arm or not, each
          with a random generator of its own. (To predict, it copies none since its predictions were vectorized.) Left
          out: checks of arguments, joblib, the draw against an epsilon of 0, the record of arms that have been taught
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

    def start_from(self, sums, _):
        for arm, (gram, moment) in enumerate(zip(*sums)):
            self.A[arm] = np.identity(len(moment)) + gram
            self.A_inv[arm] = np.linalg.inv(self.A[arm])
            self.Xty[arm] = moment
            self.beta[arm] = np.dot(self.A_inv[arm], self.Xty[arm])

    def shape(self, x):
        return x

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
    def __init__(self, dimension, generator):
        self.A = np.identity(dimension)
        self.A_inv = np.identity(dimension)
        self.Xty = np.zeros(dimension)
        self.beta = np.zeros(dimension)
        self.generator = generator

    def add(self, rows, rewards):
        self.A = self.A + np.dot(rows.T, rows)
        self.A_inv = np.linalg.inv(self.A)
        self.Xty = self.Xty + np.dot(rows.T, rewards)
        self.beta = np.dot(self.A_inv, self.Xty)

    def score(self, rows):
        return np.dot(rows, self.beta) + np.sqrt(np.sum(np.dot(rows, self.A_inv) * rows, axis=1))


class Copying:
    def __init__(self, arms, dimension):
        generator = np.random.default_rng(1)
        self.models = [Model(dimension, generator) for _ in range(arms)]

    def start_from(self, sums, _):
        for model, gram, moment in zip(self.models, *sums):
            model.A = model.A + gram
            model.A_inv = np.linalg.inv(model.A)
            model.Xty = moment
            model.beta = np.dot(model.A_inv, moment)

    def shape(self, x):
        return x.reshape(1, -1)

    def choose(self, row):
        return np.argmax([model.score(row) for model in self.models])

    def learn(self, chosen, row, reward):
        arms, rewards = np.array([chosen]), np.array([reward])
        for arm in range(len(self.models)):
            model = copy.deepcopy(self.models[arm])
            mine = np.where(arms == arm)
            if mine[0].size > 0:
                model.add(row[mine], rewards[mine])
                self.models[arm] = model


class MabWiser:
    def __init__(self, arms, _):
        from mabwiser.mab import MAB, LearningPolicy

        self.mab = MAB(arms=list(range(arms)), learning_policy=LearningPolicy.LinUCB(alpha=1.0))
        self.fitted = False

    def start_from(self, _, examples):
        self.mab.fit(*examples)
        self.fitted = True

    def shape(self, x):
        return x.reshape(1, -1)

    def choose(self, row):
        return self.mab.predict(row) if self.fitted else 0

    def learn(self, arm, row, reward):
        # partial_fit is a fit where there was none.
        self.mab.partial_fit(np.array([arm]), np.array([reward]), row)
        self.fitted = True


PEERS = {"mabwiser": MabWiser, "plain": Plain, "copying": Copying}


def versions():
    found = {"numpy": np.__version__}
    try:
        from mabwiser.mab import __version__ as mabwiser

        MabWiser(2, 2)
        found["mabwiser"] = mabwiser
    except ImportError:
        pass
    except Exception as error:  # A version that this Python or numpy is too new for.
        print(f"  MABWiser does not start here: {error!r}", file=sys.stderr)
    return found


class Comparison:
    """A stream, what to start from, and the peers that have got somewhere on it."""

    def __init__(self, request):
        self.arms, self.dimension, steps = (request[key] for key in ("arms", "dimension", "steps"))
        self.contexts = decode(request["contexts"], (steps, self.dimension))
        self.rewards = decode(request["rewards"], (steps, self.arms))
        self.peers = {}
        self.start = None
        if "taught" in request:
            taught = request["taught"]
            sums = (
                decode(taught["grams"], (self.arms, self.dimension, self.dimension)),
                decode(taught["moments"], (self.arms, self.dimension)),
            )
            examples = (
                decode(taught["decisions"], -1).astype(int),
                decode(taught["rewards"], -1),
                decode(taught["contexts"], (-1, self.dimension)),
            )
            self.start = (sums, examples)

    def find(self, name):
        if name not in self.peers:
            self.peers[name] = PEERS[name](self.arms, self.dimension)
            if self.start is not None:
                self.peers[name].start_from(*self.start)
        return self.peers[name]

    def run(self, name, first, end):
        peer = self.find(name)
        rows = [peer.shape(x) for x in self.contexts[first:end]]
        choices = []
        started = time.process_time()
        for step, x in enumerate(rows, first):
            arm = peer.choose(x)
            peer.learn(arm, x, self.rewards[step, arm])
            choices.append(int(arm))
        return {"seconds": time.process_time() - started, "choices": choices}


def main():
    comparison = None
    for line in sys.stdin:
        request = json.loads(line)
        if "versions" in request:
            answer = versions()
        elif "peer" in request:
            answer = comparison.run(request["peer"], request["from"], request["to"])
        else:
            comparison = Comparison(request)
            answer = {}
        print(json.dumps(answer), flush=True)


main()
