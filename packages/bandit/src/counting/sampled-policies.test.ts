import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import type { Policy } from "../policy/policy.js";
import { betaThompson } from "./beta-thompson.js";
import { epsilonGreedy } from "./epsilon-greedy.js";
import { exp3 } from "./exp3.js";
import { exp3Ix } from "./exp3-ix.js";
import { gaussianThompson } from "./gaussian-thompson.js";
import { evaluateArms, teach, withArms } from "./play-policy.test-support.js";
import { softmax } from "./softmax.js";

test("epsilon-greedy: epsilon / K for all and the rest for the first best one", () => {
  const policy = withArms(epsilonGreedy({ epsilon: 0.3 }), 3);
  const first = evaluateArms(policy, [2, 0, 1]).probabilities;
  [0.8, 0.1, 0.1].forEach((share, i) => {
    expect(first[i]).toBeCloseTo(share, 15);
  });
  teach(policy, 0, 0.5);
  teach(policy, 1, 0.5);
  teach(policy, 2, 0.2);
  const { probabilities } = evaluateArms(policy, [2, 1, 0]);
  [0.1, 0.8, 0.1].forEach((share, i) => {
    expect(probabilities[i]).toBeCloseTo(share, 15);
  });
  expect(evaluateArms(withArms(epsilonGreedy({ epsilon: 0 }), 3), [0, 1, 2]).probabilities[0]).toBe(
    1,
  );
});

test("epsilon-greedy: decays by rewards learnt, or as a function says", () => {
  const decaying = withArms(epsilonGreedy({ epsilon: 1, decay: 2, initialMean: 0 }), 2);
  for (let i = 0; i < 6; i++) teach(decaying, 1, 1);
  expect(evaluateArms(decaying, [0, 1]).probabilities[0]).toBeCloseTo(0.25 / 2, 15);
  const custom = withArms(epsilonGreedy({ epsilon: (rounds) => (rounds < 2 ? 1 : 0) }), 2);
  expect([...evaluateArms(custom, [0, 1]).probabilities]).toEqual([0.5, 0.5]);
  teach(custom, 1, 1);
  teach(custom, 0, 0);
  expect([...evaluateArms(custom, [0, 1]).probabilities]).toEqual([0, 1]);
  const wrong = withArms(epsilonGreedy({ epsilon: () => 2 }), 2);
  expect(() => evaluateArms(wrong, [0, 1])).toThrow("epsilon: from 0 to 1 was expected, got 2");
});

test("beta thompson: probabilities are the shares of many draws", () => {
  const policy = withArms(betaThompson(), 3);
  const rewards = [
    [1, 0, 1, 1, 0.5],
    [1, 0.25],
    [0, 0, 0, 1, 0, 0],
  ];
  rewards.forEach((list, slot) => {
    for (const reward of list) teach(policy, slot, reward);
  });
  const shapes = rewards.map((list) => {
    const sum = list.reduce((a, b) => a + b);
    return [1 + sum, 1 + list.length - sum] as const;
  });
  const { probabilities, means, widths } = evaluateArms(policy, [0, 1, 2]);
  shapes.forEach(([a, b], i) => {
    expect(means[i]).toBeCloseTo(a / (a + b), 14);
    expect(widths[i]).toBeCloseTo(Math.sqrt((a * b) / (a + b) ** 2 / (a + b + 1)), 14);
  });
  // Shares of draws by the slow way: order statistics would need whole numbers, so invert the distribution on a grid.
  const rng = createRng(3);
  const draws = 20_000;
  const wins = [0, 0, 0];
  const tables = shapes.map(([a, b]) => cumulativeBeta(a, b));
  for (let i = 0; i < draws; i++) {
    const values = tables.map((table) => invert(table, rng.uniform()));
    wins[values.indexOf(Math.max(...values))]!++;
  }
  wins.forEach((count, i) => {
    const p = probabilities[i]!;
    expect(Math.abs(count / draws - p)).toBeLessThan(4.5 * Math.sqrt((p * (1 - p)) / draws));
  });
});

test("beta thompson: closed forms", () => {
  // P(Beta(a, 1) > Beta(1, 1)) = a / (a + 1), and all alike share alike.
  const policy = withArms(betaThompson(), 2);
  for (let i = 0; i < 6; i++) teach(policy, 0, 1);
  expect(evaluateArms(policy, [0, 1]).probabilities[0]).toBeCloseTo(7 / 8, 7);
  for (const prior of [0.01, 0.5, 1, 50, 1e5]) {
    const alike = betaThompson({ priorSuccesses: prior, priorFailures: 2 * prior });
    for (const share of evaluateArms(withArms(alike, 5), [0, 1, 2, 3, 4]).probabilities) {
      expect(share).toBeCloseTo(0.2, 10);
    }
  }
});

test("beta thompson: a trial per reward keeps the mean, in whole successes", () => {
  const policy = withArms(betaThompson({ fractional: "trial" }), 1);
  const rng = createRng(12);
  for (let i = 0; i < 2000; i++) teach(policy, 0, 0.3, 1, rng);
  const successes = evaluateArms(policy, [0]).means[0]! * 2002 - 1;
  expect(successes).toBeCloseTo(Math.round(successes), 8);
  expect(Math.abs(successes - 600)).toBeLessThan(4 * Math.sqrt(2000 * 0.21));
});

test("beta thompson: weights of any size leave probabilities", () => {
  for (const weight of [1e9, 1e20, 1e50]) {
    const policy = withArms(betaThompson(), 3);
    teach(policy, 0, 0.7, weight);
    teach(policy, 1, 0.7, weight);
    teach(policy, 2, 0.699, weight);
    const { probabilities } = evaluateArms(policy, [0, 1, 2]);
    expect(probabilities[0]).toBeCloseTo(0.5, 6);
    expect(probabilities[1]).toBeCloseTo(0.5, 6);
  }
});

test("gaussian thompson: the posterior by hand, and the closed form for two arms", () => {
  const policy = withArms(gaussianThompson({ priorMean: 2, priorDeviation: 0.5, noise: 2 }), 2);
  for (const reward of [3, 5, 4, 4]) teach(policy, 0, reward);
  const { means, widths, probabilities } = evaluateArms(policy, [0, 1]);
  expect(means[0]).toBeCloseTo((16 * 2 + 16) / 20, 14); // the prior counts for (2 / 0.5)^2 rewards
  expect(widths[0]).toBeCloseTo(2 / Math.sqrt(20), 14);
  expect(means[1]).toBe(2);
  expect(widths[1]).toBe(0.5);
  // Phi(0.4 / sqrt(0.2 + 0.25)) = Phi(0.5962848), by mpmath
  expect(probabilities[0]).toBeCloseTo(0.7245075, 6);
});

test("gaussian thompson without opinion: unknown arms share what they have a claim to", () => {
  const policy = withArms(gaussianThompson({ priorDeviation: Infinity }), 3);
  teach(policy, 1, 5);
  const { probabilities, widths } = evaluateArms(policy, [0, 1, 2]);
  expect([...probabilities]).toEqual([0.375, 0.25, 0.375]);
  expect([...widths]).toEqual([Infinity, 1, Infinity]);
});

test("softmax by hand, and untried arms first", () => {
  const policy = withArms(softmax({ temperature: 2, decay: 3 }), 2);
  expect([...evaluateArms(policy, [0, 1]).probabilities]).toEqual([1, 0]);
  teach(policy, 0, 5);
  expect([...evaluateArms(policy, [0, 1]).probabilities]).toEqual([0, 1]);
  teach(policy, 1, 4);
  teach(policy, 1, 4);
  // The temperature has fallen to 1.
  expect(evaluateArms(policy, [0, 1]).probabilities[0]).toBeCloseTo(Math.E / (Math.E + 1), 14);
  const cold = withArms(softmax({ temperature: Number.MIN_VALUE }), 2);
  teach(cold, 0, 1e99);
  teach(cold, 1, -1e99);
  expect([...evaluateArms(cold, [0, 1]).probabilities]).toEqual([1, 0]);
});

test("exp3: probabilities are those of Auer's multiplicative weights", () => {
  const gamma = 0.25;
  const policy = withArms(exp3({ gamma }), 3);
  const weights = [1, 1, 1];
  const rng = createRng(6);
  for (let i = 0; i < 40; i++) {
    const sum = weights.reduce((a, b) => a + b);
    const expected = weights.map((weight) => ((1 - gamma) * weight) / sum + gamma / 3);
    const { probabilities } = evaluateArms(policy, [0, 1, 2]);
    expected.forEach((probability, slot) => {
      expect(probabilities[slot]).toBeCloseTo(probability, 12);
    });
    const slot = rng.categorical(probabilities);
    const reward = rng.uniform();
    const propensity = probabilities[slot]!;
    const none = new Float64Array(0);
    policy.learn({ slot, context: none, armFeatures: none, reward, propensity, weight: 1 }, rng);
    weights[slot]! *= Math.exp((gamma * (reward / propensity)) / 3);
  }
});

test("exp3-ix by hand: the loss over the probability plus half the rate", () => {
  const policy = withArms(exp3Ix({ eta: 0.4 }), 2);
  teach(policy, 0, 0.3); // chosen with probability 0.5
  const { scores, probabilities } = evaluateArms(policy, [0, 1]);
  expect(scores[0]).toBeCloseTo(-0.7 / 0.7, 14);
  expect(probabilities[1]).toBeCloseTo(1 / (1 + Math.exp(-0.4)), 14);
  policy.addArm(2);
  expect(evaluateArms(policy, [2]).scores[0]).toBeCloseTo(-0.5, 14); // the average of the others
});

test("exp3 and exp3-ix at any time: the rates of their papers, round after round", () => {
  const rates: [() => Policy, (t: number) => number[]][] = [
    [
      exp3,
      (t) => {
        const share = Math.min(1, Math.sqrt((2 * Math.log(2)) / ((Math.E - 1) * t)));
        let gain = 0;
        for (let s = 1; s < t; s++) gain += 0.3 / 0.5;
        const first = 1 / (1 + Math.exp((-share * gain) / 2));
        return [first, 1 - first].map((p) => (1 - share) * p + share / 2);
      },
    ],
    [
      exp3Ix,
      (t) => {
        const rate = (s: number): number => Math.sqrt(Math.log(2) / (2 * s));
        let loss = 0;
        for (let s = 1; s < t; s++) loss += 0.7 / (0.5 + rate(s) / 2);
        const first = 1 / (1 + Math.exp(rate(t) * loss));
        return [first, 1 - first];
      },
    ],
  ];
  for (const [create, expected] of rates) {
    const policy = withArms(create(), 2);
    for (let t = 1; t <= 12; t++) {
      const { probabilities } = evaluateArms(policy, [0, 1]);
      expected(t).forEach((p, slot) => {
        expect(probabilities[slot]).toBeCloseTo(p, 12);
      });
      teach(policy, 0, 0.3); // chosen with probability 0.5
    }
  }
});

test("extreme rewards and propensities leave states that can be read", () => {
  const huge = withArms(gaussianThompson(), 2);
  expect(() => teach(huge, 0, 1e101)).toThrow("a reward of at most 1e100");
  expect(() => teach(huge, 0, 1, 1e51)).toThrow("a weight of at most 1e50");
  expect(evaluateArms(huge, [0]).widths[0]).toBe(1);
  teach(huge, 0, -1e100);
  teach(huge, 0, 1e100);
  huge.restore(huge.state());
  expect([...evaluateArms(huge, [0, 1]).means]).toEqual([0, 0]);
  const none = new Float64Array(0);
  const rare = { slot: 1, context: none, armFeatures: none, reward: 1, weight: 1 };
  const adversarial = withArms(exp3(), 2);
  for (let i = 0; i < 3; i++) adversarial.learn({ ...rare, propensity: 5e-324 }, createRng(1));
  adversarial.restore(adversarial.state());
  for (const p of evaluateArms(adversarial, [0, 1]).probabilities) expect(p).toBeGreaterThan(0);
});

test("refuses parameters out of range", () => {
  expect(() => epsilonGreedy({ epsilon: 1.5 })).toThrow("from 0 to 1 was expected, got 1.5");
  expect(() => epsilonGreedy({ decay: 0 })).toThrow("a decay above 0 was expected, got 0");
  expect(() => epsilonGreedy({ initialMean: Number.NaN })).toThrow("initialMean, got NaN");
  expect(() => betaThompson({ priorFailures: 0 })).toThrow("prior counts from 0.01");
  expect(() => betaThompson({ fractional: "x" as "trial" })).toThrow('"counts" or "trial"');
  expect(() => gaussianThompson({ noise: 0 })).toThrow("a noise above 0");
  expect(() => gaussianThompson({ priorMean: 1e308 })).toThrow("a priorMean of at most 1e100");
  expect(() => gaussianThompson({ priorDeviation: 1e-200 })).toThrow(
    "a priorDeviation of at least 1e-50 of the noise was expected, got 1e-200 for a noise of 1",
  );
  expect(() => softmax({ temperature: 0 })).toThrow("softmax: temperature");
  expect(() => exp3({ gamma: 0 })).toThrow("exp3: a gamma");
  expect(() => exp3Ix({ eta: -1 })).toThrow("exp3Ix: an eta");
});

/** Distribution function of Beta(a, b) at the middles of a fine grid, by sums. */
function cumulativeBeta(a: number, b: number): number[] {
  const cells = 4000;
  let sum = 0;
  const sums = Array.from({ length: cells }, (_, i) => {
    const x = (i + 0.5) / cells;
    sum += x ** (a - 1) * (1 - x) ** (b - 1);
    return sum;
  });
  return sums.map((value) => value / sum);
}

function invert(table: readonly number[], share: number): number {
  let [low, high] = [0, table.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (table[middle]! < share) low = middle + 1;
    else high = middle;
  }
  const before = low > 0 ? table[low - 1]! : 0;
  return (low + (share - before) / (table[low]! - before)) / table.length;
}
