import { createRng, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { inverse, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { sharedLinUcb } from "../linear/shared-lin-ucb.js";
import { kernelUcb } from "./kernel-ucb.js";
import { type Kernel, linearKernel, matern52Kernel, productKernel, rbfKernel } from "./kernels.js";
import { nearestArmWorld, playRounds, roomFor, type World } from "./play-world.test-support.js";
import { SparseGaussianProcess } from "./sparse-gaussian-process.js";

const KERNELS: readonly Kernel[] = [
  rbfKernel({ lengthScale: 0.7, variance: 2 }),
  matern52Kernel({ lengthScale: 0.5 }),
  linearKernel({ bias: 0.5 }),
  productKernel({ first: rbfKernel(), split: 1, second: matern52Kernel() }),
];

interface Seen {
  readonly point: Float64Array;
  readonly reward: number;
}

function drawSeen(seed: number, count: number, dimension = 3): Seen[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => {
    const point = Float64Array.from({ length: dimension }, () => rng.normal());
    return { point, reward: point[0]! * point[1]! + rng.normal(0, 0.1) };
  });
}

/** The posterior of the textbook, by inverting K + noise I. */
function exactPosterior(kernel: Kernel, noise: number, seen: readonly Seen[], at: Float64Array) {
  const compare = (a: Float64Array, b: Float64Array): number =>
    kernel.compare(a, 0, b, 0, a.length);
  const gram = new Matrix(
    seen.map((a, i) => seen.map((b, j) => compare(a.point, b.point) + (i === j ? noise : 0))),
  );
  const inverted = inverse(gram);
  const row = Matrix.rowVector(seen.map(({ point }) => compare(point, at)));
  const y = Matrix.columnVector(seen.map(({ reward }) => reward));
  return {
    mean: row.mmul(inverted).mmul(y).get(0, 0),
    variance: compare(at, at) - row.mmul(inverted).mmul(row.transpose()).get(0, 0),
  };
}

test("kernels are symmetric, positive semi-definite, and what their formulas say", () => {
  const a = Float64Array.of(9, 1, 2);
  const b = Float64Array.of(1, 4, 8, 8);
  // |(1, 2) - (4, 8)|^2 = 45, read from places inside the arrays.
  expect(rbfKernel({ lengthScale: 3, variance: 2 }).compare(a, 1, b, 1, 2)).toBeCloseTo(
    2 * Math.exp(-45 / 18),
    14,
  );
  const r = Math.sqrt(5 * 45) / 3;
  expect(matern52Kernel({ lengthScale: 3 }).compare(a, 1, b, 1, 2)).toBeCloseTo(
    (1 + r + (5 * 45) / 27) * Math.exp(-r),
    14,
  );
  expect(linearKernel({ variance: 2, bias: 3 }).compare(a, 1, b, 1, 2)).toBe(3 + 2 * (4 + 16));
  for (const kernel of KERNELS) {
    const points = drawSeen(4, 12).map(({ point }) => point);
    const gram = points.map((p) => points.map((q) => kernel.compare(p, 0, q, 0, 3)));
    gram.forEach((row, i) => {
      row.forEach((value, j) => {
        expect(value).toBe(gram[j]![i]);
      });
    });
    const direction = points.map((p) => p[2]!);
    const form = gram.reduce(
      (sum, row, i) =>
        sum + direction[i]! * row.reduce((s, value, j) => s + value * direction[j]!, 0),
      0,
    );
    expect(form).toBeGreaterThan(-1e-9);
  }
});

test("while every point has joined the dictionary, the posterior is the exact one", () => {
  for (const kernel of KERNELS) {
    const settings = { kernel, dimension: 3, noise: 0.2, capacity: 40, novelty: 0 };
    const process = new SparseGaussianProcess(settings);
    const seen = drawSeen(1, 30);
    // Points come again with other rewards.
    const all = [...seen, ...seen.slice(0, 9).map(({ point }) => ({ point, reward: 1 }))];
    for (const { point, reward } of all) process.add(point, reward, 1);
    for (const { point } of [...drawSeen(2, 10), ...seen.slice(0, 3)]) {
      process.predict(point);
      const exact = exactPosterior(kernel, 0.2, all, point);
      expect(process.mean, kernel.name).toBeCloseTo(exact.mean, 7);
      expect(process.variance, kernel.name).toBeCloseTo(exact.variance, 7);
    }
  }
});

test("an example that counts three times is three examples", () => {
  const settings = { kernel: rbfKernel(), dimension: 3, noise: 0.2, capacity: 9, novelty: 0.01 };
  const [once, thrice] = [new SparseGaussianProcess(settings), new SparseGaussianProcess(settings)];
  for (const { point, reward } of drawSeen(3, 12)) {
    once.add(point, reward, 3);
    for (let n = 0; n < 3; n++) thrice.add(point, reward, 1);
  }
  for (const { point } of drawSeen(5, 5)) {
    once.predict(point);
    thrice.predict(point);
    expect(once.mean).toBeCloseTo(thrice.mean, 9);
    expect(once.variance).toBeCloseTo(thrice.variance, 9);
  }
});

test("a replaced point lives on through what the others can tell of it", () => {
  const kernel = rbfKernel();
  const compare = (a: Float64Array, b: Float64Array): number => kernel.compare(a, 0, b, 0, 1);
  const noise = 0.3;
  const process = new SparseGaussianProcess({
    kernel,
    dimension: 1,
    noise,
    capacity: 3,
    novelty: 0.01,
  });
  const [p, q, r, s] = [0, 0.4, 2, 4].map((x) => Float64Array.of(x)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const rewards = [1, 0.5, -1, 2];
  [p, q, r, s].forEach((point, i) => {
    process.add(point, rewards[i]!, 1);
  });
  expect(process.size).toBe(3);
  // q is the least new of the three: p, r and s stay. Coordinates in their order, by Gram and Schmidt written out.
  const kept = [p, r, s];
  const gram = new Matrix(kept.map((a) => kept.map((b) => compare(a, b))));
  const lower = Matrix.zeros(3, 3);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = gram.get(i, j);
      for (let k = 0; k < j; k++) rest -= lower.get(i, k) * lower.get(j, k);
      lower.set(i, j, i === j ? Math.sqrt(rest) : rest / lower.get(j, j));
    }
  }
  const coordinates = (point: Float64Array): Matrix =>
    inverse(lower).mmul(Matrix.columnVector(kept.map((other) => compare(other, point))));
  const zs = [p, q, r, s].map(coordinates);
  // When s came, q was known by p and r alone.
  zs[1]!.set(2, 0, 0);
  const a = Matrix.eye(3).mul(noise);
  const b = Matrix.zeros(3, 1);
  zs.forEach((z, i) => {
    a.add(z.mmul(z.transpose()));
    b.add(Matrix.mul(z, rewards[i]!));
  });
  for (const x of [-1, 0.2, 1.5, 3, 6]) {
    const point = Float64Array.of(x);
    const z = coordinates(point);
    const solved = inverse(a);
    process.predict(point);
    expect(process.mean).toBeCloseTo(z.transpose().mmul(solved).mmul(b).get(0, 0), 9);
    const variance = 1 - z.dot(z) + noise * z.transpose().mmul(solved).mmul(z).get(0, 0);
    expect(process.variance).toBeCloseTo(variance, 9);
  }
});

test("whatever comes, the dictionary is bounded and variances lie between 0 and the prior", () => {
  const coordinate = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  );
  const seen = fc.array(
    fc.tuple(coordinate, coordinate, fc.double({ min: -10, max: 10, noNaN: true })),
    {
      minLength: 1,
      maxLength: 40,
    },
  );
  const kernel = rbfKernel();
  fc.assert(
    fc.property(seen, (examples) => {
      const process = new SparseGaussianProcess({
        kernel,
        dimension: 2,
        noise: 0.1,
        capacity: 6,
        novelty: 0,
      });
      for (const [x, y, reward] of examples) {
        process.add(Float64Array.of(x, y), reward, 1);
        process.predict(Float64Array.of(x, y));
        expect(Number.isFinite(process.mean)).toBe(true);
        expect(process.variance).toBeGreaterThanOrEqual(0);
        expect(process.variance).toBeLessThanOrEqual(1 + 1e-9);
      }
      expect(process.size).toBeLessThanOrEqual(6);
    }),
    { seed: 2, numRuns: 150 },
  );
});

test("with the linear kernel it is LinUCB", () => {
  const kernel = linearKernel({ bias: 0 });
  const options = { contextDimension: 2, armDimension: 2 };
  const kernelled = kernelUcb({ ...options, kernel, noise: 1, alpha: 0.7, novelty: 0 });
  const linear = sharedLinUcb({ ...options, joint: "concatenate", ridge: 1, alpha: 0.7 });
  const world = nearestArmWorld(2, 5);
  const regrets = [kernelled, linear].map((policy) => {
    for (let slot = 0; slot < 5; slot++) policy.addArm(slot);
    return playRounds(policy, world, 300, 3, createRng(1));
  });
  expect(regrets[0]).toBeCloseTo(regrets[1]!, 9);
});

test("on arms that are best nearby it loses a fraction of what a linear model loses", () => {
  const world = nearestArmWorld(5, 6);
  const linear = sharedLinUcb({ contextDimension: 2, armDimension: 2, alpha: 0.3 });
  const kernel = productKernel({
    first: rbfKernel({ lengthScale: 0.5 }),
    split: 2,
    second: rbfKernel({ lengthScale: 0.5 }),
  });
  const options = { contextDimension: 2, armDimension: 2, kernel, noise: 0.02, capacity: 60 };
  const policy = kernelUcb(options);
  for (let slot = 0; slot < 6; slot++) linear.addArm(slot);
  const lost = playRounds(linear, world, 600, 1, createRng(2));
  expect(playRounds(policy, world, 600, 1, createRng(2))).toBeLessThan(0.4 * lost);
});

const BY_CONTEXT: World = {
  contextDimension: 1,
  arms: [0, 1, 2].map((arm) => Float64Array.of(arm)),
  mean: ([x], arm) => Math.max(0, 1 - 3 * Math.abs(x! - arm / 2)),
};

test("states resume bit for bit with replacements, damaged ones are refused, arms come and go", () => {
  for (const [options, world] of [
    [{ contextDimension: 2, armDimension: 2, capacity: 8, novelty: 0 }, nearestArmWorld(1, 4)],
    [{ contextDimension: 1, capacity: 4, novelty: 0 }, BY_CONTEXT],
  ] as const) {
    const make = () => {
      const policy = kernelUcb({ ...options, kernel: rbfKernel({ lengthScale: 0.3 }) });
      for (let slot = 0; slot < world.arms.length; slot++) policy.addArm(slot);
      return policy;
    };
    const policy = make();
    playRounds(policy, world, 60, 1, createRng(2));
    const text = JSON.stringify(policy.state());
    const other = make();
    other.restore(JSON.parse(text));
    expect(playRounds(other, world, 60, 3, createRng(4))).toBe(
      playRounds(policy, world, 60, 3, createRng(4)),
    );
    const before = JSON.stringify(other.state());
    expect(before).toBe(JSON.stringify(policy.state()));
    const good = JSON.parse(text);
    const process = good.shared ?? good.arms[0];
    for (const [field, bad] of [
      ["size", -1],
      ["size", 99],
      ["points", "AAAA"],
      ["basis", process.points],
      ["precision", 3],
      ["moment", null],
    ] as const) {
      const broken = structuredClone(good);
      (broken.shared ?? broken.arms[0])[field] = bad;
      expect(() => other.restore(broken), field).toThrow(ValidationError);
    }
    for (const bad of [null, {}, { ...good, kind: "x" }, { kind: good.kind }]) {
      expect(() => other.restore(bad)).toThrow(ValidationError);
    }
    expect(JSON.stringify(other.state())).toBe(before);
  }
  const policy = kernelUcb({ contextDimension: 1 });
  for (const slot of [0, 1, 2]) policy.addArm(slot);
  playRounds(policy, BY_CONTEXT, 60, 1, createRng(2));
  policy.addArm(3, 1);
  const out = roomFor(2);
  const choices = {
    slots: [1, 3],
    context: Float64Array.of(0.5),
    armFeatures: new Float64Array(0),
  };
  policy.evaluate(choices, createRng(1), out);
  expect(out.means[1]).toBe(out.means[0]);
  policy.removeArm(3);
  policy.addArm(3);
  policy.evaluate(choices, createRng(1), out);
  expect([out.means[1], out.widths[1]]).toEqual([0, 1]);
});

test("options and numbers out of range are named", () => {
  expect(() => kernelUcb({ contextDimension: 0 })).toThrow("or armDimension");
  expect(() => kernelUcb({ contextDimension: 1.5 })).toThrow("contextDimension a whole number");
  expect(() => kernelUcb({ contextDimension: 1, noise: 0 })).toThrow("noise");
  expect(() => kernelUcb({ contextDimension: 1, capacity: 0 })).toThrow("capacity");
  expect(() => kernelUcb({ contextDimension: 1, novelty: 2 })).toThrow("novelty");
  expect(() => kernelUcb({ contextDimension: 1, alpha: Number.NaN })).toThrow("alpha");
  expect(() => rbfKernel({ lengthScale: 0 })).toThrow("rbfKernel: lengthScale");
  expect(() => linearKernel({ bias: -1 })).toThrow("bias");
  expect(() => productKernel({ first: rbfKernel(), split: -1, second: rbfKernel() })).toThrow(
    "split",
  );
  const policy = kernelUcb({ contextDimension: 1 });
  policy.addArm(0);
  const example = {
    slot: 0,
    armFeatures: new Float64Array(0),
    reward: 1,
    propensity: 1,
    weight: 1,
  };
  const context = Float64Array.of(1e80);
  expect(() => policy.learn({ ...example, context }, createRng(1))).toThrow("scale them");
  const heavy = { ...example, context: Float64Array.of(1), weight: 1e300 };
  expect(() => policy.learn(heavy, createRng(1))).toThrow("scale them");
});
