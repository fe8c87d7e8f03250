import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import {
  ask,
  type PlainExample,
  randomVector,
  solveRidge,
  teach,
} from "./dense-ridge.test-support.js";
import { linUcb } from "./lin-ucb.js";
import { sharedLinUcb } from "./shared-lin-ucb.js";
import { wholePower } from "./whole-power.js";

describe("a window", () => {
  it("knows exactly the latest examples of all arms, after thousands of others", () => {
    const rng = createRng(1);
    const policy = linUcb({ dimension: 3, window: 25 });
    policy.addArm(0);
    policy.addArm(1);
    const seen: (PlainExample & { slot: number })[] = [];
    for (let step = 0; step < 2500; step++) {
      const example = {
        slot: rng.integer(0, 2),
        x: randomVector(rng, 3),
        reward: rng.normal(),
        weight: 1 + rng.uniform(),
      };
      seen.push(example);
      teach(policy, example.slot, example.x, example.reward, example);
      if (step % 50 !== 0) continue;
      const x = randomVector(rng, 3);
      const { means, widths } = ask(policy, [0, 1], x);
      for (const slot of [0, 1]) {
        const plain = solveRidge(
          x,
          1,
          seen.slice(-25).filter((one) => one.slot === slot),
        );
        expect(means[slot]).toBeCloseTo(plain.mean, 8);
        expect(widths[slot]).toBeCloseTo(plain.width, 8);
      }
    }
    expect(policy.drift()).toBeLessThan(1e-9);
  });

  it("takes back what a copied arm knows when its time is over, and forgets a removed arm", () => {
    const policy = linUcb({ dimension: 1, window: 3 });
    policy.addArm(0);
    teach(policy, 0, [1], 4);
    policy.addArm(1, 0);
    expect(ask(policy, [1], [1]).means[0]).toBe(2);
    for (let i = 0; i < 3; i++) teach(policy, 0, [1], 0);
    expect(ask(policy, [1], [1]).means[0]).toBeCloseTo(0, 12);
    expect(ask(policy, [1], [1]).widths[0]).toBeCloseTo(1, 12);
    for (let i = 0; i < 3; i++) teach(policy, 0, [1], 5);
    policy.removeArm(0);
    policy.addArm(0);
    for (let i = 0; i < 4; i++) {
      teach(policy, 1, [1], 1);
      const { means, widths } = ask(policy, [0], [1]);
      expect([means[0], widths[0]]).toEqual([0, 1]);
    }
  });

  it("stays finite when all there was is taken back, with huge features too", () => {
    const policy = sharedLinUcb({ contextDimension: 2, armDimension: 0, window: 1 });
    for (const size of [1, 1e8, 1e-8, 1, 1e8, 1]) {
      teach(policy, 0, [size, size], size);
      const { means, widths } = ask(policy, [0], [1, 1]);
      expect(Number.isFinite(means[0]) && Number.isFinite(widths[0])).toBe(true);
    }
    const plain = solveRidge([1, 1], 1, [{ x: [1, 1], reward: 1 }]);
    expect(ask(policy, [0], [1, 1]).means[0]).toBeCloseTo(plain.mean, 6);
  });
});

describe("a discount", () => {
  it("weighs examples by their age, with a ridge between half and all of what was asked for", () => {
    const rng = createRng(2);
    const discount = 0.95;
    const policy = sharedLinUcb({ contextDimension: 3, armDimension: 0, discount });
    const seen: PlainExample[] = [];
    for (let step = 0; step < 200; step++) {
      const example = { x: randomVector(rng, 3), reward: rng.normal() };
      seen.push(example);
      teach(policy, 0, example.x, example.reward);
      const x = randomVector(rng, 3);
      const faded = seen.map((one, i) => ({ ...one, weight: discount ** (seen.length - 1 - i) }));
      const { means, widths } = ask(policy, [0], x);
      const [full, half] = [solveRidge(x, 1, faded), solveRidge(x, 0.5, faded)];
      expect(widths[0]).toBeGreaterThan(full.width - 1e-9);
      expect(widths[0]).toBeLessThan(half.width + 1e-9);
      expect(Math.abs(means[0]! - full.mean)).toBeLessThanOrEqual(
        Math.abs(half.mean - full.mean) * 1.5 + 1e-9,
      );
    }
  });

  it("has faded for a new arm as much as for the one that it is like", () => {
    const policy = linUcb({ dimension: 1, discount: 0.5 });
    for (const slot of [0, 1]) policy.addArm(slot);
    for (let i = 0; i < 9; i++) teach(policy, 0, [1], 1);
    for (let i = 0; i < 3; i++) teach(policy, 1, [1], 1);
    policy.addArm(2, 0);
    const { widths } = ask(policy, [0, 1, 2], [1]);
    expect(widths[2]).toBe(widths[0]);
    expect(widths[2]).toBeGreaterThan(widths[1]!);
  });

  it("lets the doubt about an arm grow while others learn, up to that of an unknown arm", () => {
    const policy = linUcb({ dimension: 1, discount: 0.9 });
    policy.addArm(0);
    policy.addArm(1);
    for (let i = 0; i < 20; i++) teach(policy, 0, [1], 1);
    let width = ask(policy, [0], [1]).widths[0]!;
    const mean = ask(policy, [0], [1]).means[0]!;
    for (let i = 0; i < 10; i++) {
      teach(policy, 1, [1], 0);
      const next = ask(policy, [0], [1]).widths[0]!;
      expect(next).toBeCloseTo(width / Math.sqrt(0.9), 9);
      width = next;
    }
    for (let i = 0; i < 10_000; i++) teach(policy, 1, [1], 0);
    expect(ask(policy, [0], [1]).widths[0]).toBe(1);
    expect(ask(policy, [0], [1]).means[0]).toBe(mean);
    teach(policy, 0, [1], 3);
    expect(ask(policy, [0], [1]).means[0]).toBeCloseTo(1.5, 6);
  });

  it("follows a change that a policy which forgets nothing is slow to see", () => {
    const late = [1, 0.98].map((discount) => {
      const rng = createRng(5);
      const policy = linUcb({ dimension: 1, discount, alpha: 0.5 });
      policy.addArm(0);
      policy.addArm(1);
      let earned = 0;
      for (let step = 0; step < 1500; step++) {
        const { probabilities } = ask(policy, [0, 1], [1]);
        const chosen = probabilities.indexOf(1);
        const best = step < 1000 ? 0 : 1;
        const reward = (chosen === best ? 1 : 0.3) + rng.normal(0, 0.1);
        if (step >= 1000) earned += reward;
        teach(policy, chosen, [1], reward);
      }
      return earned;
    });
    expect(late[1]!).toBeGreaterThan(late[0]! * 1.2);
  });

  it("offers no sums, which would not add up", () => {
    expect(linUcb({ dimension: 1, discount: 0.9 }).sums).toBeUndefined();
    expect(linUcb({ dimension: 1, window: 9 }).sums).toBeUndefined();
    expect(linUcb({ dimension: 1 }).sums).toBeDefined();
  });
});

describe("wholePower", () => {
  it("is the power", () => {
    expect(wholePower(2, 10)).toBe(1024);
    expect(wholePower(0.9, 0)).toBe(1);
    expect(wholePower(0.999, 12_345)).toBeCloseTo(0.999 ** 12_345, 14);
    expect(wholePower(0.5, 2 ** 40)).toBe(0);
  });
});
