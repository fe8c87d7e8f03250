"""What chance alone does to the sampled policies of the reference's table.

    python3 bench/reproduce/bandit/classification/reference_seeds.py ../shared/data/bandit/classification 20

Plays LinTS and epsilon-greedy as MABWiser 2.7.4 does, in plain numpy: the same draws in the same order from
numpy.random.default_rng(seed), with a random stream of its own for every arm that has learnt, begun as a copy of the
stream that the others share. Seed 1 gives the table's regrets to the last unit; the other seeds say how far from it
the table might as well have been. The figures are in reference-regrets.ts.
"""

import copy
import csv
import json
import sys

import numpy as np


def read_problem(folder, name):
    with open(f"{folder}/order_{name}.json") as file:
        order = json.load(file)
    with open(f"{folder}/{name}.csv") as file:
        rows = list(csv.reader(file))[1:]
    features = np.array([[float(value) for value in row[:-1]] for row in rows])
    deviation = features.std(axis=0)
    deviation[deviation == 0] = 1
    features = (features - features.mean(axis=0)) / deviation
    contexts = np.hstack([features, np.ones((len(rows), 1))])
    arm_of = {label: arm for arm, label in enumerate(order["labels"])}
    best = np.array([arm_of[row[-1]] for row in rows])
    return contexts[order["perm"]], best[order["perm"]], len(arm_of)


def play(problem, seed, alpha, epsilon):
    """Regret of LinTS (alpha above 0) or of epsilon-greedy on the means (alpha 0)."""
    contexts, best, arms = problem
    dimension = contexts.shape[1]
    shared = np.random.default_rng(seed)
    streams = [shared] * arms
    precision = [np.identity(dimension) for _ in range(arms)]
    covariance = [np.identity(dimension) for _ in range(arms)]
    moments = [np.zeros(dimension) for _ in range(arms)]
    weights = [np.zeros(dimension) for _ in range(arms)]
    regret = 0
    for round, x in enumerate(contexts):
        arm = 0  # the first round is forced
        if round > 0:
            # Drawn in every round, with epsilon 0 as well.
            if shared.random(1)[0] < epsilon:
                arm = int(np.argmax(shared.random((1, arms))[0]))
            elif alpha == 0:
                arm = int(np.argmax([x @ weights[a] for a in range(arms)]))
            else:
                arm = int(
                    np.argmax(
                        [
                            x
                            @ streams[a].multivariate_normal(
                                weights[a], alpha**2 * covariance[a], size=1, method="cholesky"
                            )[0]
                            for a in range(arms)
                        ]
                    )
                )
        reward = float(arm == best[round])
        regret += 1 - reward
        streams[arm] = copy.deepcopy(streams[arm])
        precision[arm] = precision[arm] + np.outer(x, x)
        covariance[arm] = np.linalg.inv(precision[arm])
        moments[arm] = moments[arm] + reward * x
        weights[arm] = covariance[arm] @ moments[arm]
    return int(regret)


def main():
    folder, seeds = sys.argv[1], int(sys.argv[2])
    for name in ("vehicle", "segment", "pendigits"):
        problem = read_problem(folder, name)
        for policy, alpha, epsilon in (("LinTS, alpha 0.1", 0.1, 0), ("LinGreedy, epsilon 0.1", 0, 0.1)):
            regrets = [play(problem, seed, alpha, epsilon) for seed in range(1, seeds + 1)]
            mean, deviation = np.mean(regrets), np.std(regrets, ddof=1)
            print(f"{name}, {policy}: seed 1 {regrets[0]}, mean {mean:.1f}, deviation {deviation:.1f}", flush=True)


if __name__ == "__main__":
    main()
