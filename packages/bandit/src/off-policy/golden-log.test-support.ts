import { createLoggedData, type LoggedData } from "./logged-data.js";
import type { RewardPredictor } from "./reward-model.js";
import type { TargetPolicy } from "./target-policy.js";

// Twelve rows by hand; what NumPy makes of them stands in the tests:
//   arms, r, p as below; i = np.arange(12); pi = np.array(TARGET)[i % 4]; q = np.array(MODEL)[i % 3]
//   w = pi[i, arms] / p; qc = q[i, arms]; dm = (pi * q).sum(1)
const CHOSEN = [0, 1, 2, 0, 0, 1, 2, 1, 0, 2, 1, 0];
const TARGET = [
  [0.2, 0.3, 0.5],
  [0.1, 0.6, 0.3],
  [0.25, 0.25, 0.5],
  [0.7, 0.2, 0.1],
];
const MODEL = [
  [0.4, 0.3, 0.6],
  [0.5, 0.2, 0.1],
  [0.7, 0.6, 0.3],
];

export function goldenLog(): LoggedData {
  return createLoggedData({
    arms: ["a", "b", "c"],
    chosen: CHOSEN,
    rewards: [1, 0, 0.5, 0, 1, 1, 0, 0.25, 0.75, 1, 0, 0.5],
    propensities: [0.5, 0.3, 0.2, 0.6, 0.1, 0.25, 0.05, 0.4, 0.7, 0.3, 0.35, 0.2],
    contexts: [
      [0.1, 0.5],
      [0.4, -0.2],
      [-0.3, 0.8],
      [0.9, 0.1],
      [-0.6, -0.4],
      [0.2, 0.3],
      [0.7, -0.9],
      [-0.1, 0.6],
      [0.5, 0.5],
      [-0.8, 0.2],
      [0.3, -0.7],
      [0.6, 0.9],
    ],
  });
}

export const goldenTarget: TargetPolicy = ({ index }) => TARGET[index % 4]!;

export const goldenPredictor: RewardPredictor = {
  predict: (row, out) => out.set(MODEL[row % 3]!),
};
