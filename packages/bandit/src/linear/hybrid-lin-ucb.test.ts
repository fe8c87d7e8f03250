import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import {
  ask,
  type PlainExample,
  randomVector,
  solve,
  solveRidge,
  teach,
} from "./dense-ridge.test-support.js";
import { hybridLinUcb } from "./hybrid-lin-ucb.js";

type Matrix = number[][];
const identity = (n: number): Matrix =>
  Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => Number(i === j)));
const zeros = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const dot = (u: readonly number[], v: readonly number[]): number =>
  u.reduce((sum, value, i) => sum + value * v[i]!, 0);
const times = (a: Matrix, v: readonly number[]): number[] => a.map((row) => dot(row, v));
const product = (a: Matrix, b: Matrix): Matrix => a.map((row) => times(transpose(b), row));
const combine = (a: Matrix, factor: number, b: Matrix): Matrix =>
  a.map((row, i) => row.map((value, j) => value + factor * b[i]![j]!));
const outer = (u: readonly number[], v: readonly number[]): Matrix =>
  u.map((a) => v.map((b) => a * b));
const inverse = (a: Matrix): Matrix => transpose(identity(a.length).map((unit) => solve(a, unit)));

// Algorithm 2 of Li et al. 2010, line by line.
function createLiteral(d: number, k: number, alpha: number) {
  let a0 = identity(k);
  let b0: number[] = new Array<number>(k).fill(0);
  const arms = new Map<number, { a: Matrix; b: Matrix; r: number[] }>();
  const armOf = (slot: number) => {
    const known = arms.get(slot) ?? {
      a: identity(d),
      b: zeros(d, k),
      r: new Array<number>(d).fill(0),
    };
    arms.set(slot, known);
    return known;
  };
  return {
    score(slot: number, x: number[], z: number[]): number {
      const beta = solve(a0, b0);
      const { a, b, r } = armOf(slot);
      const own = solve(
        a,
        r.map((value, i) => value - times(b, beta)[i]!),
      );
      const ax = solve(a, x);
      const a0z = solve(a0, z);
      const bax = times(transpose(b), ax);
      const s = dot(z, a0z) - 2 * dot(a0z, bax) + dot(x, ax) + dot(bax, solve(a0, bax));
      return dot(z, beta) + dot(x, own) + alpha * Math.sqrt(s);
    },
    learn(slot: number, x: number[], z: number[], reward: number): void {
      const arm = armOf(slot);
      const explained = () => {
        const ba = product(transpose(arm.b), inverse(arm.a));
        return { matrix: product(ba, arm.b), vector: times(ba, arm.r) };
      };
      const before = explained();
      a0 = combine(a0, 1, before.matrix);
      b0 = b0.map((value, i) => value + before.vector[i]!);
      arm.a = combine(arm.a, 1, outer(x, x));
      arm.b = combine(arm.b, 1, outer(x, z));
      arm.r = arm.r.map((value, i) => value + reward * x[i]!);
      const after = explained();
      a0 = combine(combine(a0, 1, outer(z, z)), -1, after.matrix);
      b0 = b0.map((value, i) => value + reward * z[i]! - after.vector[i]!);
    },
  };
}

const JOIN = {
  dimension: 3,
  write(context: Float64Array, arm: Float64Array, out: Float64Array) {
    out.set([context[0]! * arm[0]!, context[1]! * arm[1]!, arm[0]!]);
  },
};
const join = (x: readonly number[], m: readonly number[]) => [x[0]! * m[0]!, x[1]! * m[1]!, m[0]!];

describe("hybridLinUcb", () => {
  it("scores as algorithm 2 to the letter, and as a ridge regression of the joint system", () => {
    const rng = createRng(6);
    const policy = hybridLinUcb({ contextDimension: 2, armDimension: 2, joint: JOIN, alpha: 0.8 });
    const literal = createLiteral(2, 3, 0.8);
    for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
    const joint: PlainExample[] = [];
    // The joint system: shared coefficients first, then those of each arm.
    const place = (slot: number, x: readonly number[], z: readonly number[]) => {
      const row = [...z, 0, 0, 0, 0, 0, 0];
      x.forEach((value, i) => {
        row[3 + 2 * slot + i] = value;
      });
      return row;
    };
    for (let step = 0; step < 60; step++) {
      const x = randomVector(rng, 2);
      const arms = [0, 1, 2].map(() => randomVector(rng, 2));
      const { means, widths, scores } = ask(policy, [0, 1, 2], x, arms.flat());
      arms.forEach((arm, slot) => {
        const plain = solveRidge(place(slot, x, join(x, arm)), 1, joint);
        expect(scores[slot]).toBeCloseTo(literal.score(slot, x, join(x, arm)), 8);
        expect(means[slot]).toBeCloseTo(plain.mean, 8);
        expect(widths[slot]).toBeCloseTo(plain.width, 8);
      });
      const slot = rng.integer(0, 3);
      const reward = rng.normal();
      literal.learn(slot, x, join(x, arms[slot]!), reward);
      joint.push({ x: place(slot, x, join(x, arms[slot]!)), reward });
      teach(policy, slot, x, reward, { armFeatures: arms[slot]! });
    }
    expect(policy.drift()).toBeLessThan(1e-10);
  });

  it("counts an example with weight w like w examples", () => {
    const make = () => hybridLinUcb({ contextDimension: 2, armDimension: 1 });
    const [heavy, often] = [make(), make()];
    heavy.addArm(0);
    often.addArm(0);
    teach(heavy, 0, [1, 2], 0.5, { weight: 3, armFeatures: [2] });
    for (let i = 0; i < 3; i++) teach(often, 0, [1, 2], 0.5, { armFeatures: [2] });
    const [one, other] = [heavy, often].map((policy) => ask(policy, [0], [0.3, 1], [1]).scores[0]!);
    expect(one).toBeCloseTo(other!, 12);
  });

  it("keeps what a removed arm said of the shared coefficients, and what a copied one knows", () => {
    const rng = createRng(9);
    const policy = hybridLinUcb({ contextDimension: 2, armDimension: 2, joint: JOIN });
    for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
    const show = (slots: number[]) => [
      ...ask(
        policy,
        slots,
        [0.5, -1],
        slots.flatMap(() => [1, 2]),
      ).scores,
    ];
    for (let step = 0; step < 30; step++) {
      const armFeatures = randomVector(rng, 2);
      teach(policy, step % 3, randomVector(rng, 2), rng.normal(), { armFeatures });
    }
    const before = show([0, 1]);
    policy.removeArm(2);
    expect(show([0, 1])).toEqual(before);
    policy.addArm(3, 1);
    expect(show([0, 1, 3])).toEqual([...before, before[1]]);
    // Sums that are written back as they were read give the same scores, but for rounding.
    policy.sums!.writeShared(policy.sums!.readShared());
    for (const slot of [0, 1, 3]) policy.sums!.writeArm(slot, policy.sums!.readArm(slot));
    show([0, 1, 3]).forEach((score, i) => {
      expect(score).toBeCloseTo([...before, before[1]!][i]!, 10);
    });
  });

  it("gives the coefficients of both parts with standard errors that shrink", () => {
    const rng = createRng(11);
    const policy = hybridLinUcb({
      contextDimension: 1,
      armDimension: 1,
      joint: "concatenate",
      ridge: 0.01,
    });
    const bandit = createBandit({
      policy,
      arms: new Map([
        ["a", [1]],
        ["b", [2]],
      ]),
      seed: 1,
    });
    expect(policy.weights(0).standardErrors).toEqual(new Float64Array(3).fill(Number.NaN));
    for (let step = 0; step < 400; step++) {
      const x = rng.normal();
      const { id, arm } = bandit.decide([x]);
      bandit.update(id, (arm === "a" ? 1 : 2) * 0.5 + (arm === "a" ? x : -x) + rng.normal(0, 0.1));
    }
    const { coefficients, standardErrors, weight } = policy.weights(0);
    expect(coefficients[0]! + coefficients[2]!).toBeCloseTo(1, 1); // x is a feature of both parts
    expect(coefficients[1]).toBeCloseTo(0.5, 1);
    expect(standardErrors[1]).toBeLessThan(0.02);
    expect(standardErrors[1]).toBeGreaterThan(0.001);
    expect(weight).toBeGreaterThan(50);
  });

  it("refuses contexts without features, by the name of the option", () => {
    expect(() => hybridLinUcb({ contextDimension: 0, armDimension: 2 })).toThrow(
      "hybridLinUcb: contextDimension a whole number from 1 was expected, got 0",
    );
  });
});
