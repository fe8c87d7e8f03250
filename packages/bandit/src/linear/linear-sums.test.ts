import { createRng, ShapeError } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import type { Example } from "../policy/policy.js";
import { ask, randomVector } from "./dense-ridge.test-support.js";
import { hybridLinUcb } from "./hybrid-lin-ucb.js";
import { linUcb } from "./lin-ucb.js";
import type { LinearPolicy } from "./linear-policy.js";
import { sharedLinUcb } from "./shared-lin-ucb.js";

const shape = { contextDimension: 3, armDimension: 2 };
const makers: Readonly<Record<string, () => LinearPolicy>> = {
  linUcb: () => linUcb({ dimension: 3 }),
  sharedLinUcb: () => sharedLinUcb(shape),
  hybridLinUcb: () => hybridLinUcb(shape),
};

function makeExamples(seed: number, count: number, dyadic: boolean): Example[] {
  const rng = createRng(seed);
  const vector = (length: number) =>
    Float64Array.from(randomVector(rng, length), (value) =>
      dyadic ? Math.round(value * 4) / 4 : value,
    );
  return Array.from({ length: count }, () => ({
    ...{ slot: rng.integer(0, 3), context: vector(3), armFeatures: vector(2), propensity: 1 },
    ...{ reward: vector(1)[0]!, weight: dyadic ? 1 : 0.5 + rng.uniform() },
  }));
}

function learnAll(make: () => LinearPolicy, examples: readonly Example[]): LinearPolicy {
  const policy = make();
  const rng = createRng(1);
  for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
  for (const example of examples) {
    const { armDimension } = policy;
    policy.learn({ ...example, armFeatures: example.armFeatures.subarray(0, armDimension) }, rng);
  }
  return policy;
}

const add = (a: Float64Array, b: Float64Array) => a.map((value, i) => value + b[i]!);

function pool(make: () => LinearPolicy, one: LinearPolicy, other: LinearPolicy): LinearPolicy {
  const pooled = make();
  for (let slot = 0; slot < 3; slot++) pooled.addArm(slot);
  const [a, b, to] = [one.sums!, other.sums!, pooled.sums!];
  to.writeShared(add(a.readShared(), b.readShared()));
  for (let slot = 0; slot < 3; slot++) to.writeArm(slot, add(a.readArm(slot), b.readArm(slot)));
  return pooled;
}

const probe = (policy: LinearPolicy) =>
  ask(
    policy,
    [0, 1, 2],
    [0.3, -1, 2],
    new Float64Array(3 * policy.armDimension).map((_, i) => i / 4),
  );

describe.each(Object.entries(makers))("sums of %s", (_name, make) => {
  it("of device A and device B are exactly those of one that saw both, on dyadic numbers", () => {
    const [a, b] = [makeExamples(1, 40, true), makeExamples(2, 60, true)];
    const pooled = pool(make, learnAll(make, a), learnAll(make, b));
    const both = learnAll(make, [...a, ...b]);
    expect(pooled.sums!.readShared()).toEqual(both.sums!.readShared());
    for (let slot = 0; slot < 3; slot++) {
      expect(pooled.sums!.readArm(slot)).toEqual(both.sums!.readArm(slot));
    }
    // What is worked out from the same sums is the same, however they came about.
    const again = pool(make, learnAll(make, []), both);
    expect(probe(again)).toEqual(probe(pooled));
  });

  it("of device A and device B score as one that saw both, to 1e-12", () => {
    const [a, b] = [makeExamples(3, 40, false), makeExamples(4, 60, false)];
    const pooled = pool(make, learnAll(make, a), learnAll(make, b));
    const both = probe(learnAll(make, [...a, ...b]));
    probe(pooled).scores.forEach((score, i) => {
      expect(Math.abs(score - both.scores[i]!)).toBeLessThan(1e-12 * Math.max(1, Math.abs(score)));
    });
  });

  it("grow by addExample as by learning", () => {
    const examples = makeExamples(5, 20, true);
    const policy = learnAll(make, examples);
    const empty = learnAll(make, []).sums!;
    const shared = empty.readShared();
    const arms = [0, 1, 2].map((slot) => empty.readArm(slot));
    for (const example of examples) {
      const armFeatures = example.armFeatures.subarray(0, policy.armDimension);
      empty.addExample({ ...example, armFeatures }, shared, arms[example.slot]!);
    }
    expect(shared).toEqual(policy.sums!.readShared());
    arms.forEach((sums, slot) => {
      expect(sums).toEqual(policy.sums!.readArm(slot));
    });
    expect(shared.length).toBe(empty.sharedLength);
    expect(arms[0]!.length).toBe(empty.armLength);
  });

  it("that are not positive definite still make a policy that works", () => {
    const rng = createRng(6);
    const policy = learnAll(make, []);
    const { sums } = policy;
    sums!.writeShared(Float64Array.from(randomVector(rng, sums!.sharedLength), (v) => 50 * v));
    for (let slot = 0; slot < 3; slot++) {
      sums!.writeArm(
        slot,
        Float64Array.from(randomVector(rng, sums!.armLength), (v) => 50 * v),
      );
    }
    const { scores, widths } = probe(policy);
    expect([...scores, ...widths].every(Number.isFinite)).toBe(true);
    for (const example of makeExamples(7, 300, false)) {
      const armFeatures = example.armFeatures.subarray(0, policy.armDimension);
      policy.learn({ ...example, armFeatures }, rng);
    }
    expect([...probe(policy).scores].every(Number.isFinite)).toBe(true);
  });

  it("refuses sums that are no numbers or overflow, rather than search for a ridge for ever", () => {
    const policy = learnAll(make, makeExamples(3, 20, false));
    const { sums } = policy;
    const before = JSON.stringify(policy.state());
    for (const value of [Number.NaN, Infinity, -1e301]) {
      const shared = new Float64Array(sums!.sharedLength).fill(value);
      const arm = new Float64Array(sums!.armLength).fill(value);
      if (shared.length > 0) expect(() => sums!.writeShared(shared)).toThrow(`got ${value}`);
      if (arm.length > 0) expect(() => sums!.writeArm(0, arm)).toThrow(`got ${value}`);
    }
    expect(JSON.stringify(policy.state())).toBe(before);
    sums!.writeShared(new Float64Array(sums!.sharedLength).fill(-1e300));
    sums!.writeArm(0, new Float64Array(sums!.armLength).fill(-1e300));
    expect(probe(policy).probabilities).not.toContain(Number.NaN);
  });

  it("refuses sums of another length", () => {
    const { sums } = learnAll(make, []);
    expect(() => sums!.writeShared(new Float64Array(sums!.sharedLength + 1))).toThrow(ShapeError);
    expect(() => sums!.writeArm(0, new Float64Array(sums!.armLength + 1))).toThrow(
      `sums: ${sums!.armLength} numbers were expected, got ${sums!.armLength + 1}`,
    );
  });
});
