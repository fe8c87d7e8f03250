import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import {
  ask,
  type PlainExample,
  randomVector,
  solveRidge,
  teach,
} from "./dense-ridge.test-support.js";
import { sharedLinUcb } from "./shared-lin-ucb.js";

describe("sharedLinUcb", () => {
  it("scores as one plain ridge regression on [d; m; vec(d x m)] does", () => {
    const rng = createRng(4);
    const policy = sharedLinUcb({ contextDimension: 2, armDimension: 3, alpha: 0.4, ridge: 2 });
    const join = (d: readonly number[], m: readonly number[]) => [
      ...[...d, ...m],
      ...d.flatMap((a) => m.map((b) => a * b)),
    ];
    const seen: PlainExample[] = [];
    for (let step = 0; step < 50; step++) {
      const context = randomVector(rng, 2);
      const arms = [randomVector(rng, 3), randomVector(rng, 3)];
      const { means, widths, scores, probabilities } = ask(policy, [0, 1], context, arms.flat());
      arms.forEach((arm, i) => {
        const { mean, width } = solveRidge(join(context, arm), 2, seen);
        expect(means[i]).toBeCloseTo(mean, 9);
        expect(widths[i]).toBeCloseTo(width, 9);
        expect(scores[i]).toBeCloseTo(mean + 0.4 * width, 9);
      });
      expect(probabilities.indexOf(1)).toBe(scores[1]! > scores[0]! ? 1 : 0);
      const reward = rng.normal();
      const slot = rng.integer(0, 2);
      seen.push({ x: join(context, arms[slot]!), reward });
      teach(policy, slot, context, reward, { armFeatures: arms[slot]! });
    }
  });

  it("joins features side by side or by a function of one's own", () => {
    const beside = sharedLinUcb({ contextDimension: 1, armDimension: 1, joint: "concatenate" });
    teach(beside, 0, [2], 3, { armFeatures: [1] });
    // (I + z z')^-1 z r = 3 z / (1 + 5) with z = [2, 1]
    expect([...beside.weights(0).coefficients]).toEqual([1, 0.5]);
    const product = sharedLinUcb({
      ...{ contextDimension: 1, armDimension: 1 },
      joint: {
        dimension: 1,
        write(context, arm, out) {
          out[0] = context[0]! * arm[0]!;
        },
      },
    });
    teach(product, 0, [1], 4, { armFeatures: [1] });
    expect([...product.weights(0).coefficients]).toEqual([2]);
  });

  it("chooses the same arms when it works out needed scores only", () => {
    const rng = createRng(8);
    const shape = { contextDimension: 3, armDimension: 3, joint: "interactions" } as const;
    const all = sharedLinUcb(shape);
    const needed = sharedLinUcb({ ...shape, scores: "needed" });
    const slots = Array.from({ length: 10 }, (_, slot) => slot);
    const arms = slots.map(() => randomVector(rng, 3));
    let left = 0;
    for (let step = 0; step < 300; step++) {
      const context = randomVector(rng, 3);
      const one = ask(all, slots, context, arms.flat());
      const other = ask(needed, slots, context, arms.flat());
      expect(other.probabilities).toEqual(one.probabilities);
      left += other.scores.filter(Number.isNaN).length;
      const chosen = one.probabilities.indexOf(1);
      const reward = context[0]! * arms[chosen]![1]! + rng.normal(0, 0.1);
      for (const policy of [all, needed]) {
        teach(policy, chosen, context, reward, { armFeatures: arms[chosen]! });
      }
    }
    expect(left).toBeGreaterThan(500);
  });

  it("knows an arm it never tried by its features", () => {
    const policy = sharedLinUcb({ contextDimension: 1, armDimension: 2, alpha: 0.1 });
    const arms = new Map([
      ["small", [1, 0.2]],
      ["large", [1, 0.9]],
    ]);
    const bandit = createBandit({ policy, arms, seed: 1 });
    const rng = createRng(2);
    for (let step = 0; step < 400; step++) {
      const context = [rng.uniform()];
      const { id, arm } = bandit.decide(context);
      bandit.update(id, context[0]! * arms.get(arm)![1]! + rng.normal(0, 0.05));
    }
    const { means } = ask(policy, [0, 1, 2], [0.5], [1, 0.2, 1, 0.9, 1, 1.5]);
    expect(means[2]).toBeGreaterThan(means[1]! + 0.1);
    expect(means[1]).toBeGreaterThan(means[0]! + 0.1);
  });

  it("refuses a joint that it does not know", () => {
    const make = (joint: never) => sharedLinUcb({ contextDimension: 1, armDimension: 1, joint });
    expect(() => make("product" as never)).toThrow(
      'sharedLinUcb: joint "concatenate", "interactions" or an object was expected, got product',
    );
  });
});
