import { describe, expect, test } from "vitest";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import {
  type CrossEntropySpec,
  crossEntropyStatisticsBytes,
  joinPlans,
  planCosineGradient,
  planCosineSimilarity,
  planCrossEntropy,
  planCrossEntropyGradient,
  planScale,
  planSoftCrossEntropy,
  planSoftCrossEntropyGradient,
  planSquaredError,
  planSquaredErrorGradient,
  type SoftCrossEntropySpec,
  softCrossEntropyStatisticsBytes,
  squaredErrorWorkspaceBytes,
} from "../index.js";

const kinds = await loadEveryTrainingKind();
const TOLERANCE = 4e-6;
const SHAPES = [
  [1, 1],
  [3, 2],
  [5, 7],
  [32, 10],
  [2, 1003],
  [70, 130],
] as const;

function logSoftmax(z: ArrayLike<number>, temperature = 1): number[] {
  const scaled = Array.from(z, (v) => v / temperature);
  const top = Math.max(...scaled);
  const log = Math.log(scaled.reduce((sum, v) => sum + Math.exp(v - top), 0));
  return scaled.map((v) => v - top - log);
}
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
const rowOf = (x: Float32Array, row: number, cols: number) =>
  x.subarray(row * cols, (row + 1) * cols);

interface CrossEntropyCase {
  readonly ignoreIndex?: number;
  readonly labelSmoothing?: number;
  readonly weighted?: boolean;
  readonly reduction?: "mean" | "sum" | "none";
}

describe("cross-entropy", () => {
  /** [loss, ...rows, ...gradient] for the upstream gradient [1.5, 1.5, ...]. */
  function compute(
    logits: Float32Array,
    labels: Int32Array,
    weights: Float32Array,
    how: CrossEntropyCase,
  ) {
    const rows = labels.length;
    const classes = logits.length / rows;
    const { weighted = false, reduction = "mean", ...options } = how;
    const inputs = [
      logits,
      labels,
      weights,
      new Uint8Array(crossEntropyStatisticsBytes(rows)),
      new Float32Array(rows).fill(1.5),
    ];
    return computeEverywhere(
      kinds,
      inputs,
      1 + rows + logits.length,
      (kernels, [z, t, w, statistics, upstream], y) => {
        kernels.arena.f32(y, 1)[0] = 0;
        const shape = {
          ...{ logits: z!, labels: t!, statistics: statistics!, rows, classes, reduction },
          ...options,
          ...(weighted && { classWeights: w! }),
        };
        const upstreamPerRow = reduction === "none";
        return joinPlans([
          planCrossEntropy(kernels, { ...shape, loss: y, rowLosses: y + 4 }),
          planCrossEntropyGradient(kernels, {
            ...shape,
            ...{ upstream: upstream!, upstreamPerRow, dlogits: y + 4 * (1 + rows) },
          }),
        ]);
      },
    );
  }

  /** PyTorch's definition (torch.nn.CrossEntropyLoss) in 64 bits. */
  function reference(
    logits: Float32Array,
    labels: Int32Array,
    given: Float32Array,
    how: CrossEntropyCase,
  ) {
    const rows = labels.length;
    const classes = logits.length / rows;
    const { weighted, reduction = "mean", ignoreIndex = -100, labelSmoothing: s = 0 } = how;
    const w = weighted ? given : new Float32Array(classes).fill(1);
    let divisor = 0;
    for (const label of labels) if (label !== ignoreIndex) divisor += w[label]!;
    if (reduction !== "mean" || divisor === 0) divisor = 1;
    const losses: number[] = [];
    const gradient: number[] = [];
    labels.forEach((label, row) => {
      const lp = logSoftmax(rowOf(logits, row, classes));
      const target = lp.map((_, c) => (c === label ? (1 - s) * w[c]! : 0) + (s / classes) * w[c]!);
      const counts = label === ignoreIndex ? 0 : 1;
      losses.push(counts * -sum(lp.map((v, c) => v * target[c]!)));
      const all = sum(target);
      gradient.push(
        ...lp.map((v, c) => (counts * 1.5 * (all * Math.exp(v) - target[c]!)) / divisor),
      );
    });
    const loss = reduction === "none" ? 0 : sum(losses) / divisor;
    return { loss, losses, gradient };
  }

  const CASES: CrossEntropyCase[] = [
    {},
    { reduction: "sum" },
    { reduction: "none" },
    { labelSmoothing: 0.1 },
    { ignoreIndex: 0 },
    { weighted: true },
    { weighted: true, labelSmoothing: 0.2, ignoreIndex: 1, reduction: "mean" },
  ];
  test.each(CASES)("%o", (how) => {
    for (const [rows, classes] of SHAPES) {
      const random = seededNumbers(rows * classes);
      const logits = randomFloats(rows * classes, random, 8);
      const labels = Int32Array.from({ length: rows }, () => Math.floor(random() * classes));
      const weights = randomFloats(classes, random).map((v) => v + 1.5);
      const expected = reference(logits, labels, weights, how);
      for (const result of compute(logits, labels, weights, how)) {
        expect(relativeError(result.subarray(0, 1), [expected.loss], 0.1)).toBeLessThan(TOLERANCE);
        expect(relativeError(result.subarray(1, 1 + rows), expected.losses, 1)).toBeLessThan(
          TOLERANCE,
        );
        const largest = Math.max(...expected.gradient.map(Math.abs), 0.1);
        expect(relativeError(result.subarray(1 + rows), expected.gradient, largest)).toBeLessThan(
          TOLERANCE,
        );
      }
    }
  });

  test("huge logits stay exact, all rows ignored give 0", () => {
    const logits = new Float32Array([1e6, 1e6 - 2, -1e30, 0]);
    const weights = new Float32Array(2);
    for (const result of compute(logits, new Int32Array([1, 1]), weights, { reduction: "sum" })) {
      expect(result[1]).toBeCloseTo(2.126928, 6);
      expect(result[2]).toBe(0);
    }
    for (const result of compute(logits, new Int32Array([7, 7]), weights, { ignoreIndex: 7 })) {
      expect([...result]).toEqual([0, 0, 0, 0, 0, 0, 0]);
    }
  });

  test("a label that is none makes the loss NaN and is told", () => {
    for (const label of [3, -1, 2 ** 31 - 1, -(2 ** 31)]) {
      const labels = new Int32Array([2, label]);
      const logits = new Float32Array([1, 2, 3, 4, 5, 6]);
      for (const result of compute(logits, labels, new Float32Array(3), {})) {
        expect(result[0]).toBeNaN();
        expect(result[1]).toBeCloseTo(0.4076, 4);
        expect([...result.subarray(6)]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
      }
      const [, kernels] = kinds[0]!;
      const spec = allocateLoss(logits, labels);
      const plan = planCrossEntropy(kernels, spec);
      kernels.run(plan);
      expect(plan.countInvalidLabels()).toBe(1);
      expect(() => plan.checkLabels()).toThrow(
        `planCrossEntropy: expected labels from 0 to 2 (or -100 for rows to ignore), got ${label} in row 1`,
      );
      kernels.arena.i32(spec.labels, 2).fill(0);
      expect(() => plan.checkLabels()).toThrow("got another before they were overwritten");
      kernels.run(plan);
      expect(() => plan.checkLabels()).not.toThrow();
    }
  });

  test("settings out of range are refused", () => {
    const [, kernels] = kinds[0]!;
    const spec = allocateLoss(new Float32Array(6), new Int32Array(2));
    expect(() => planCrossEntropy(kernels, { ...spec, labelSmoothing: 1.5 })).toThrow(
      "planCrossEntropy: expected labelSmoothing from 0 to 1, got 1.5",
    );
    const { loss: _, ...without } = spec;
    expect(() => planCrossEntropy(kernels, without)).toThrow(
      'planCrossEntropy: reduction "mean" needs the address of the loss',
    );
    expect(() => planCrossEntropy(kernels, { ...spec, classes: 0 })).toThrow(
      "planCrossEntropy: expected classes to be a whole number from 1, got 0",
    );
  });

  function allocateLoss(logits: Float32Array, labels: Int32Array): CrossEntropySpec {
    const { arena } = kinds[0]![1];
    const rows = labels.length;
    return {
      logits: arena.upload(logits).ptr,
      labels: arena.upload(labels).ptr,
      statistics: arena.allocate(crossEntropyStatisticsBytes(rows)).ptr,
      rowLosses: arena.allocate(4 * rows).ptr,
      loss: arena.allocate(4).ptr,
      rows,
      classes: logits.length / rows,
    };
  }
});

describe("against distributions", () => {
  type How = Pick<SoftCrossEntropySpec, "targetKind" | "divergence" | "temperature" | "reduction">;
  function compute(logits: Float32Array, targets: Float32Array, rows: number, how: How) {
    const classes = logits.length / rows;
    const inputs = [
      logits,
      targets,
      new Uint8Array(softCrossEntropyStatisticsBytes(rows)),
      new Float32Array([-2]),
    ];
    return computeEverywhere(
      kinds,
      inputs,
      1 + rows + logits.length,
      (kernels, [z, t, statistics, upstream], y) => {
        const shape = { logits: z!, targets: t!, statistics: statistics!, rows, classes, ...how };
        return joinPlans([
          planSoftCrossEntropy(kernels, { ...shape, loss: y, rowLosses: y + 4 }),
          planSoftCrossEntropyGradient(kernels, {
            ...shape,
            upstream: upstream!,
            dlogits: y + 4 * (1 + rows),
          }),
        ]);
      },
    );
  }

  const CASES: How[] = [
    {},
    { divergence: true },
    { divergence: true, temperature: 4 },
    { targetKind: "logits" },
    { targetKind: "logits", divergence: true, temperature: 3 },
    { targetKind: "logits", divergence: true, reduction: "sum" },
  ];
  test.each(CASES)("%o", (how) => {
    const { targetKind, divergence, temperature: T = 1, reduction } = how;
    for (const [rows, classes] of SHAPES) {
      const random = seededNumbers(rows + classes);
      const logits = randomFloats(rows * classes, random, 6);
      let targets = randomFloats(rows * classes, random, 6);
      // Not normalised on purpose, and with zeros.
      if (targetKind !== "logits") targets = targets.map((v) => Math.max(v, 0) / classes);
      let loss = 0;
      const gradient: number[] = [];
      const divisor = reduction === "sum" ? 1 : rows;
      for (let row = 0; row < rows; row++) {
        const lq = logSoftmax(rowOf(logits, row, classes), T);
        const t = rowOf(targets, row, classes);
        const p = targetKind === "logits" ? logSoftmax(t, T).map(Math.exp) : [...t];
        p.forEach((v, c) => {
          if (v > 0) loss += (v * ((divergence ? Math.log(v) : 0) - lq[c]!) * T * T) / divisor;
        });
        gradient.push(...lq.map((v, c) => (-2 * T * (Math.exp(v) * sum(p) - p[c]!)) / divisor));
      }
      for (const result of compute(logits, targets, rows, how)) {
        expect(relativeError(result.subarray(0, 1), [loss], 0.5)).toBeLessThan(TOLERANCE);
        const largest = Math.max(...gradient.map(Math.abs), 0.1);
        expect(relativeError(result.subarray(1 + rows), gradient, largest)).toBeLessThan(TOLERANCE);
      }
    }
  });

  test("equal logits diverge by nothing, masked classes cost nothing", () => {
    const logits = randomFloats(20, seededNumbers(1), 4);
    for (const result of compute(logits, logits, 2, { targetKind: "logits", divergence: true })) {
      expect(Math.abs(result[0]!)).toBeLessThan(1e-6);
    }
    const masked = new Float32Array([Number.NEGATIVE_INFINITY, 1, 1]);
    for (const result of compute(masked, new Float32Array([0, 0.5, 0.5]), 1, {})) {
      expect(result[0]).toBeCloseTo(Math.LN2, 6);
    }
  });

  test("a temperature of 0 is refused", () => {
    const spec = { logits: 0, targets: 0, statistics: 0, rowLosses: 0, rows: 1, classes: 1 };
    expect(() => planSoftCrossEntropy(kinds[0]![1], { ...spec, temperature: 0 })).toThrow(
      "planSoftCrossEntropy: expected a temperature above 0, got 0",
    );
  });
});

describe("cosine similarity", () => {
  test("rows, loss and both gradients, in place as well", () => {
    for (const [rows, cols] of SHAPES) {
      const random = seededNumbers(rows - cols);
      const a = randomFloats(rows * cols, random);
      const b = randomFloats(rows * cols, random);
      const cosines: number[] = [];
      const da: number[] = [];
      const db: number[] = [];
      for (let row = 0; row < rows; row++) {
        const u = rowOf(a, row, cols);
        const v = rowOf(b, row, cols);
        const dot = (p: Float32Array, q: Float32Array) => p.reduce((s, x, i) => s + x * q[i]!, 0);
        const sizes = Math.sqrt(dot(u, u) * dot(v, v));
        const cosine = dot(u, v) / sizes;
        cosines.push(cosine);
        const g = -3 / rows;
        u.forEach((x, i) => {
          da.push(g * (v[i]! / sizes - (cosine * x) / dot(u, u)));
          db.push(g * (x / sizes - (cosine * v[i]!) / dot(v, v)));
        });
      }
      const count = rows * cols;
      for (const inPlace of [false, true]) {
        const results = computeEverywhere(
          kinds,
          [a, b, new Float32Array([3]), new Float32Array(rows)],
          2 * count + 1,
          (kernels, [p, q, upstream, scratch], y) => {
            const at = inPlace ? { a: y, b: y + 4 * count } : { a: p!, b: q! };
            if (inPlace) {
              kernels.arena.f32(y, count).set(a);
              kernels.arena.f32(y + 4 * count, count).set(b);
            }
            return joinPlans([
              planCosineSimilarity(kernels, {
                ...at,
                cosines: scratch!,
                loss: y + 8 * count,
                rows,
                cols,
              }),
              planCosineGradient(kernels, {
                ...at,
                da: y,
                db: y + 4 * count,
                upstream: upstream!,
                rows,
                cols,
              }),
            ]);
          },
        );
        const expected = [...da, ...db];
        const largest = Math.max(...expected.map(Math.abs), 1);
        for (const result of results) {
          expect(result[2 * count]).toBeCloseTo(1 - sum(cosines) / rows, 5);
          expect(relativeError(result.subarray(0, 2 * count), expected, largest)).toBeLessThan(
            TOLERANCE,
          );
        }
      }
    }
  });

  test("a row of zeros has similarity 0 and a finite gradient", () => {
    const inputs = [new Float32Array(3), new Float32Array([1, 2, 2]), new Float32Array([1])];
    const results = computeEverywhere(kinds, inputs, 4, (kernels, [a, b, upstream], y) => {
      const shape = { a: a!, b: b!, rows: 1, cols: 3, epsilon: 0.5 };
      return joinPlans([
        planCosineSimilarity(kernels, { ...shape, cosines: y }),
        planCosineGradient(kernels, { ...shape, da: y + 4, upstream: upstream!, of: "cosines" }),
      ]);
    });
    for (const result of results) {
      expect(relativeError(result, [0, 2 / 3, 4 / 3, 4 / 3], 1)).toBeLessThan(TOLERANCE);
    }
  });
});

describe("squared error", () => {
  test.each([0, 1, 5, 4095, 4096, 4097, 20_001])("of %i elements", (count) => {
    const random = seededNumbers(count);
    const x = randomFloats(count, random);
    const target = randomFloats(count, random);
    for (const reduction of ["mean", "sum"] as const) {
      for (const ofTarget of [false, true]) {
        const inputs = [
          x,
          target,
          new Uint8Array(squaredErrorWorkspaceBytes(count)),
          new Float32Array([0.5]),
        ];
        const results = computeEverywhere(
          kinds,
          inputs,
          1 + count,
          (kernels, [a, t, workspace, upstream], y) => {
            const shape = { x: a!, target: t!, count, reduction };
            return joinPlans([
              planSquaredError(kernels, { ...shape, loss: y, workspace: workspace! }),
              planSquaredErrorGradient(kernels, {
                ...shape,
                upstream: upstream!,
                dx: y + 4,
                ofTarget,
              }),
            ]);
          },
        );
        const divisor = reduction === "mean" ? Math.max(1, count) : 1;
        const difference = x.map((v, i) => v - target[i]!);
        const loss = difference.reduce((s, d) => s + d * d, 0) / divisor;
        const gradient = difference.map((d) => ((ofTarget ? -1 : 1) * d) / divisor);
        for (const result of results) {
          expect(relativeError(result.subarray(0, 1), [loss], 1e-3)).toBeLessThan(1e-6);
          expect(relativeError(result.subarray(1), gradient, 1 / divisor)).toBeLessThan(1e-6);
        }
      }
    }
  });

  test("scaling by a number in memory", () => {
    const x = randomFloats(11, seededNumbers(2));
    const results = computeEverywhere(kinds, [x, new Float32Array([4])], 11, (kernels, [a, s], y) =>
      planScale(kernels, { x: a!, y, count: 11, scalar: s!, factor: 0.5 }),
    );
    for (const result of results) expect([...result]).toEqual(Array.from(x, (v) => 2 * v));
  });
});
