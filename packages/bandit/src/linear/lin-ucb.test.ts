import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import {
  ask,
  type PlainExample,
  randomVector,
  solveRidge,
  teach,
} from "./dense-ridge.test-support.js";
import { linUcb } from "./lin-ucb.js";

describe("linUcb", () => {
  it("scores as plain ridge regressions do, whatever the dimension", () => {
    for (const dimension of [1, 2, 3, 4, 5, 8, 11]) {
      const rng = createRng(dimension);
      const policy = linUcb({ dimension, alpha: 0.7, ridge: 0.5 });
      const seen: PlainExample[][] = [[], [], []];
      for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
      for (let step = 0; step < 60; step++) {
        const slot = rng.integer(0, 3);
        const example = {
          x: randomVector(rng, dimension),
          reward: rng.normal(),
          weight: rng.uniform() + 0.1,
        };
        seen[slot]!.push(example);
        teach(policy, slot, example.x, example.reward, example);
        const x = randomVector(rng, dimension);
        const { means, widths, scores } = ask(policy, [2, 0, 1], x);
        [2, 0, 1].forEach((arm, i) => {
          const { mean, width } = solveRidge(x, 0.5, seen[arm]!);
          expect(means[i]).toBeCloseTo(mean, 9);
          expect(widths[i]).toBeCloseTo(width, 9);
          expect(scores[i]).toBeCloseTo(mean + 0.7 * width, 9);
        });
      }
    }
  });

  it("puts all probability on the first of the best arms", () => {
    const policy = linUcb({ dimension: 2 });
    for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
    expect([...ask(policy, [1, 2, 0], [1, 1]).probabilities]).toEqual([1, 0, 0]);
    teach(policy, 2, [1, 1], 5);
    expect([...ask(policy, [1, 2, 0], [1, 1]).probabilities]).toEqual([0, 1, 0]);
  });

  it("chooses the same arms when it works out needed scores only", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom(0, 0.1, 1, 3),
        fc.constantFrom(1, 0.97),
        fc.constantFrom(1e-8, 1, 1e8),
        (seed, dimension, arms, alpha, discount, size) => {
          const rng = createRng(seed);
          const all = linUcb({ dimension, alpha, discount });
          const needed = linUcb({ dimension, alpha, discount, scores: "needed" });
          const slots = Array.from({ length: arms }, (_, slot) => slot);
          for (const slot of slots) {
            all.addArm(slot);
            needed.addArm(slot);
          }
          for (let step = 0; step < 80; step++) {
            const x = randomVector(rng, dimension).map((value) => value * size);
            const one = ask(all, slots, x);
            const other = ask(needed, slots, x);
            expect(other.probabilities).toEqual(one.probabilities);
            other.scores.forEach((score, i) => {
              if (!Number.isNaN(score)) expect(score).toBe(one.scores[i]);
            });
            const chosen = one.probabilities.indexOf(1);
            const reward = Math.sign(x[0]!) * (chosen % 3) + rng.normal(0, 0.1);
            teach(all, chosen, x, reward);
            teach(needed, chosen, x, reward);
          }
        },
      ),
      { seed: 7, numRuns: 60 },
    );
  });

  it("chooses the same arms with bounds in float32, which many features have", () => {
    for (const size of [1, 1e-8, 1e8, 1e25]) {
      const rng = createRng(17);
      const dimension = 37;
      const all = linUcb({ dimension });
      const needed = linUcb({ dimension, scores: "needed" });
      const slots = Array.from({ length: 12 }, (_, slot) => slot);
      for (const slot of slots) for (const policy of [all, needed]) policy.addArm(slot);
      let worked = 0;
      for (let step = 0; step < 300; step++) {
        const x = randomVector(rng, dimension).map((value) => value * size);
        const one = ask(all, slots, x);
        const other = ask(needed, slots, x);
        expect(other.probabilities).toEqual(one.probabilities);
        worked += other.scores.filter((score) => !Number.isNaN(score)).length;
        const chosen = one.probabilities.indexOf(1);
        for (const policy of [all, needed]) teach(policy, chosen, x, (x[chosen]! / size) % 1);
      }
      if (size === 1) expect(worked / 300).toBeLessThan(3);
    }
  });

  it("chooses the same arms with needed scores when an arm that rested fades all at once", () => {
    const dimension = 4;
    const rng = createRng(2);
    const all = linUcb({ dimension, discount: 0.9 });
    const needed = linUcb({ dimension, discount: 0.9, scores: "needed" });
    const slots = [0, 1, 2, 3];
    for (const slot of slots) for (const policy of [all, needed]) policy.addArm(slot);
    for (let step = 0; step < 8000; step++) {
      const x = randomVector(rng, dimension);
      expect(ask(needed, slots, x).probabilities).toEqual(ask(all, slots, x).probabilities);
      const slot = Math.floor(step / 60) % 4;
      const reward = 0.1 * rng.uniform() + 0.01 * slot;
      const weight = step % 97 === 0 ? 1 : 20;
      for (const policy of [all, needed]) teach(policy, slot, x, reward, { weight });
    }
  });

  it("chooses the same arms with needed scores when a window takes examples back", () => {
    const rng = createRng(4);
    const all = linUcb({ dimension: 2, window: 30 });
    const needed = linUcb({ dimension: 2, window: 30, scores: "needed" });
    for (const slot of [0, 1, 2]) for (const policy of [all, needed]) policy.addArm(slot);
    for (let step = 0; step < 1500; step++) {
      const x = randomVector(rng, 2);
      expect(ask(needed, [0, 1, 2], x).probabilities).toEqual(ask(all, [0, 1, 2], x).probabilities);
      const slot = Math.floor(step / 40) % 3;
      for (const policy of [all, needed]) teach(policy, slot, x, 0.1 * slot, { weight: 20 });
    }
  });

  it("chooses by means alone without optimism, where no bound of widths is known either", () => {
    const policy = linUcb({ dimension: 1, alpha: 0, scores: "needed" });
    for (const slot of [0, 1]) {
      policy.addArm(slot);
      teach(policy, slot, [1], slot);
      policy.sums!.writeArm(slot, policy.sums!.readArm(slot));
    }
    expect([...ask(policy, [0, 1], [1]).probabilities]).toEqual([0, 1]);
  });

  it("recovers from a width that overflows", () => {
    const policy = linUcb({ dimension: 2, ridge: 1e-200 });
    policy.addArm(0);
    teach(policy, 0, [1e60, 0], 1e60);
    expect(ask(policy, [0], [1, 0]).means[0]).toBeCloseTo(1, 9);
  });

  it("leaves most widths out once arms are told apart", () => {
    const rng = createRng(3);
    const policy = linUcb({ dimension: 6, scores: "needed" });
    const slots = Array.from({ length: 20 }, (_, slot) => slot);
    for (const slot of slots) policy.addArm(slot);
    let worked = 0;
    for (let step = 0; step < 4000; step++) {
      const x = randomVector(rng, 6);
      const { probabilities, scores, widths } = ask(policy, slots, x);
      const chosen = probabilities.indexOf(1);
      if (step >= 3000) worked += scores.filter((score) => !Number.isNaN(score)).length;
      expect(widths[chosen]).toBeGreaterThan(0);
      teach(policy, chosen, x, (chosen % 5) * x[chosen % 6]! + rng.normal(0, 0.1));
    }
    expect(worked / 1000).toBeLessThan(5);
  });

  it("counts an example with weight w like w examples", () => {
    const heavy = linUcb({ dimension: 2 });
    const often = linUcb({ dimension: 2 });
    heavy.addArm(0);
    often.addArm(0);
    teach(heavy, 0, [1, 2], 0.5, { weight: 3 });
    for (let i = 0; i < 3; i++) teach(often, 0, [1, 2], 0.5);
    expect(ask(heavy, [0], [0.3, 1]).scores[0]).toBeCloseTo(
      ask(often, [0], [0.3, 1]).scores[0]!,
      12,
    );
  });

  it("starts a new arm from what another knows, and forgets a removed one", () => {
    const policy = linUcb({ dimension: 2 });
    policy.addArm(0);
    teach(policy, 0, [1, 0.5], 1);
    policy.addArm(1, 0);
    policy.addArm(2);
    const { scores } = ask(policy, [0, 1, 2], [1, 1]);
    expect(scores[1]).toBe(scores[0]);
    expect(scores[2]).toBe(Math.SQRT2);
    teach(policy, 1, [1, 1], -1);
    expect(ask(policy, [0], [1, 1]).scores[0]).toBe(scores[0]);
    policy.removeArm(0);
    policy.addArm(0);
    expect(ask(policy, [0], [1, 1]).scores[0]).toBe(Math.SQRT2);
  });

  it("learns through a bandit which arm suits which context", () => {
    const bandit = createBandit({
      policy: linUcb({ dimension: 2 }),
      arms: ["small", "large"],
      seed: 1,
    });
    const rng = createRng(5);
    let right = 0;
    for (let step = 0; step < 500; step++) {
      const load = rng.uniform();
      const { id, arm } = bandit.decide([1, load]);
      const best = load > 0.5 ? "small" : "large";
      bandit.update(id, arm === "small" ? load : 1 - load);
      if (step >= 250 && arm === best) right++;
    }
    expect(right / 250).toBeGreaterThan(0.95);
  });

  it("refuses options out of their range", () => {
    expect(() => linUcb({ dimension: 0 })).toThrow(
      "linUcb: dimension a whole number from 1 to 20,000 was expected, got 0",
    );
    expect(() => linUcb({ dimension: 2, alpha: -1 })).toThrow("alpha a number from 0");
    expect(() => linUcb({ dimension: 2, ridge: 0 })).toThrow("ridge a number above 0");
    expect(() => linUcb({ dimension: 2, discount: 1.1 })).toThrow("discount");
    expect(() => linUcb({ dimension: 2, window: 0.5 })).toThrow("window");
    expect(() => linUcb({ dimension: 2, window: 5, discount: 0.9 })).toThrow("beside a discount");
  });

  it("refuses an example whose squares overflow and stays as it was", () => {
    const policy = linUcb({ dimension: 2, discount: 0.9 });
    policy.addArm(0);
    teach(policy, 0, [1, 1], 1);
    const before = JSON.stringify(policy.state());
    expect(() => teach(policy, 0, [1e200, 1], 1)).toThrow("scale them");
    expect(() => teach(policy, 0, [1, 1], -1e200)).toThrow("scale them");
    expect(JSON.stringify(policy.state())).toBe(before);
  });
});
