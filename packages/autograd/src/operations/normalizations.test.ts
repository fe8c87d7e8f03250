import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { type BatchNormOptions, batchNorm } from "./batch-norm.js";
import { groupNorm } from "./group-norm.js";
import { layerNorm, rmsNorm } from "./layer-norm.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const EPSILON = 0.1;

/** By the definition: element i belongs to set `setOf(i)`, and to channel i % c of scale and shift. */
function normalized(
  x: Float64Array,
  setOf: (i: number) => number,
  options: {
    c: number;
    scale?: Float64Array | undefined;
    shift?: Float64Array | undefined;
    centred?: boolean;
    constants?: { mean: Float32Array; variance: Float32Array };
  },
): Float64Array {
  const { c, scale, shift, centred = true, constants } = options;
  const sets = new Map<number, number[]>();
  x.forEach((value, i) => {
    sets.set(setOf(i), [...(sets.get(setOf(i)) ?? []), value]);
  });
  const average = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const statistics = new Map(
    [...sets].map(([set, values]) => {
      const mean = centred ? average(values) : 0;
      return [set, { mean, variance: average(values.map((v) => (v - mean) ** 2)) }];
    }),
  );
  return x.map((value, i) => {
    const { mean, variance } = constants
      ? { mean: constants.mean[setOf(i)]!, variance: constants.variance[setOf(i)]! }
      : statistics.get(setOf(i))!;
    const y = (value - mean) / Math.sqrt(variance + EPSILON);
    return y * (scale?.[i % c] ?? 1) + (shift?.[i % c] ?? 0);
  });
}

function statistic(name: string, data: Float32Array): Parameter {
  return createParameter({ name, shape: [data.length], data, trainable: false });
}

const running = (c: number) => ({
  mean: Float32Array.from({ length: c }, (_, i) => Math.sin(i)),
  variance: Float32Array.from({ length: c }, (_, i) => 1 + Math.cos(i) ** 2),
});

/** Names and bytes of what each operation keeps. */
function kept(loss: Variable, trainable: readonly Parameter[]): [string, number][][] {
  const { nodes } = predictMemory({ tape: loss.tape, loss, trainable });
  return nodes.map(({ keeps }) => keeps.map(({ what, bytes }) => [what, bytes]));
}

const anyAffine = fc.constantFrom([true, true], [true, false], [false, true], [false, false]);

describe("batchNorm", () => {
  it("has the gradients of its definition, in both modes", () => {
    const any = fc.record({
      shape: fc.constantFrom([6, 1], [5, 3], [2, 3, 3, 8], [3, 2, 5, 12], [40, 16], [2, 7, 6]),
      mode: fc.constantFrom("train" as const, "frozen" as const),
      affine: anyAffine,
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(any, ({ shape, mode, affine, seed }) => {
        const c = shape.at(-1)!;
        const constants = running(c);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: {
              x: shape,
              ...(affine[0] && { scale: [c] }),
              ...(affine[1] && { shift: [c] }),
            },
            build: ({ x, scale, shift }) =>
              batchNorm(x!, {
                ...(scale && { scale }),
                ...(shift && { shift }),
                ...{ mode, epsilon: EPSILON },
                runningMean: statistic("mean", constants.mean),
                runningVariance: statistic("variance", constants.variance),
              }),
            reference: ({ x, scale, shift }) =>
              normalized(x!, (i) => i % c, {
                ...{ c, scale, shift },
                ...(mode === "frozen" && { constants }),
              }),
            seed,
          });
        }
      }),
      { numRuns: 16, seed: 5 },
    );
  });

  it("has the gradients of an activation in the same pass", () => {
    for (const [shape, activation] of [
      [[4, 3, 3, 8], "relu"],
      [[30, 5], "relu"],
      [[50, 16], "relu6"],
    ] as const) {
      const c = shape.at(-1)!;
      const high = activation === "relu6" ? 6 : Number.POSITIVE_INFINITY;
      const data = Float32Array.from(
        { length: shape.reduce((a: number, b: number) => a * b, 1) },
        (_, i) => 8 * ((i * 0.754877) % 1) - 2,
      );
      const scale = new Float64Array(c).fill(2);
      for (const kernels of everyKernels) {
        for (const mode of ["train", "frozen"] as const) {
          const constants = running(c);
          const before = (v: Readonly<Record<string, Float64Array>>) =>
            normalized(v.x!, (i) => i % c, {
              ...{ c, scale: v.scale! },
              ...(mode === "frozen" && { constants }),
            });
          // Differences must not step over a kink.
          const exact = before({ x: Float64Array.from(data), scale });
          const distance = Math.min(...exact.map((v) => Math.min(Math.abs(v), Math.abs(v - high))));
          expect(distance).toBeGreaterThan(1e-3);
          checkGradients(kernels, {
            inputs: { x: { shape, data }, scale: { shape: [c], data: scale } },
            build: (v) =>
              batchNorm(v.x!, {
                ...{ scale: v.scale!, mode, activation, epsilon: EPSILON },
                runningMean: statistic("mean", constants.mean),
                runningVariance: statistic("variance", constants.variance),
              }),
            reference: (v) => before(v).map((y) => Math.min(Math.max(y, 0), high)),
          });
        }
      }
    }
  });

  it("moves the running statistics in training, and leaves them alone when frozen", () => {
    for (const kernels of everyKernels) {
      for (const mode of ["train", "frozen"] as const) {
        const tape = createTape();
        const mean = statistic("mean", Float32Array.of(1));
        const variance = statistic("variance", Float32Array.of(2));
        const x = tape.input("x", [4, 1]);
        const options = { runningMean: mean, runningVariance: variance, momentum: 0.5, mode };
        const y = batchNorm(x, options);
        using program = createProgram(kernels, { tape, outputs: [y] });
        program.run({ x: Float32Array.of(1, 2, 3, 6) });
        // Mean 3, unbiased variance 14 / 3.
        const train = mode === "train";
        expect(mean.read()[0]).toBeCloseTo(train ? 2 : 1, 6);
        expect(variance.read()[0]).toBeCloseTo(train ? 1 + 7 / 3 : 2, 6);
      }
    }
  });

  it("keeps x and its statistics only for what needs them", () => {
    const account = (
      trained: readonly ("below" | "scale" | "shift")[],
      options: Partial<BatchNormOptions>,
    ) => {
      const tape = createTape();
      const make = (name: string) =>
        createParameter({ name, shape: [8], data: new Float32Array(8).fill(1) });
      const parameters = { below: make("below"), scale: make("scale"), shift: make("shift") };
      const { mean, variance } = running(8);
      const x = tape.input("x", [10, 8]);
      const y = batchNorm(layerNorm(x, { shift: parameters.below }), {
        ...{ scale: parameters.scale, shift: parameters.shift, ...options },
        runningMean: statistic("mean", mean),
        runningVariance: statistic("variance", variance),
      });
      const loss = weightedSum(y, new Float32Array(80));
      return kept(
        loss,
        trained.map((name) => parameters[name]),
      );
    };
    const all = [
      ["input", 320],
      ["mean and deviation", 64],
    ];
    const deviation = ["deviation", 32];
    expect(account(["below", "scale", "shift"], { mode: "train" })).toEqual([all]);
    expect(account(["scale"], {})).toEqual([all]);
    expect(account(["shift"], {})).toEqual([]);
    expect(account(["below", "shift"], { mode: "frozen" })).toEqual([[deviation]]);
    expect(account(["scale"], { mode: "frozen" })).toEqual([[["input", 320], deviation]]);
    expect(account(["shift"], { activation: "relu" })).toEqual([[["mask", 10]]]);
    expect(account(["below"], { activation: "relu", mode: "frozen" })).toEqual([
      [["mask", 10], deviation],
    ]);
  });

  it("says what fits", () => {
    const tape = createTape();
    const mean = statistic("mean", new Float32Array(4));
    const options = { runningMean: mean, runningVariance: mean, mode: "train" } as const;
    expect(() => batchNorm(tape.input("x", [2, 3]), options)).toThrow(
      "batchNorm: expected scale, shift and statistics of [3], the last axis of x [2,3], got [4]",
    );
    expect(() => batchNorm(tape.input("s", []), options)).toThrow(
      "batchNorm: expected an axis to normalise, got x []",
    );
  });
});

describe("layerNorm, rmsNorm and groupNorm", () => {
  it("have the gradients of their definitions", () => {
    const any = fc.record({
      shape: fc.constantFrom([4, 3], [3, 8], [2, 3, 12], [2, 2, 5, 16], [20, 6], [3, 40]),
      kind: fc.constantFrom("layer" as const, "rms" as const, "group" as const),
      affine: anyAffine,
      groups: fc.constantFrom(1, 2, 0),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(any, ({ shape, kind, affine, groups, seed }) => {
        const c = shape.at(-1)!;
        const parts = groups === 0 ? c : c % 2 === 0 ? groups : 1;
        // Groups of one element have no deviation: nothing but rounding would be compared.
        fc.pre(kind !== "group" || parts < c || shape.length > 2);
        const image = shape.slice(1).reduce((a: number, b: number) => a * b, 1);
        const size = c / parts;
        const setOf =
          kind === "group"
            ? (i: number) => Math.floor(i / image) * parts + Math.floor((i % c) / size)
            : (i: number) => Math.floor(i / c);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: {
              x: shape,
              ...(affine[0] && { scale: [c] }),
              ...(affine[1] && kind !== "rms" && { shift: [c] }),
            },
            build({ x, scale, shift }) {
              const options = {
                epsilon: EPSILON,
                ...(scale && { scale }),
                ...(shift && { shift }),
              };
              if (kind === "rms") return rmsNorm(x!, options);
              return kind === "layer"
                ? layerNorm(x!, options)
                : groupNorm(x!, { ...options, groups: parts });
            },
            reference: ({ x, scale, shift }) =>
              normalized(x!, setOf, { c, scale, shift, centred: kind !== "rms" }),
            seed,
          });
        }
      }),
      { numRuns: 25, seed: 6 },
    );
  });

  it("keep x and the statistics of their rows or groups", () => {
    const account = (apply: (x: Variable, parameter: Parameter) => Variable) => {
      const tape = createTape();
      const parameter = createParameter({ name: "p", shape: [8], data: new Float32Array(8) });
      const y = apply(tape.input("x", [2, 5, 8]), parameter);
      return kept(weightedSum(y, new Float32Array(80)), [parameter]);
    };
    expect(account((x, scale) => layerNorm(x, { scale }))).toEqual([
      [
        ["input", 320],
        ["mean and deviation", 80],
      ],
    ]);
    expect(account((x, shift) => layerNorm(x, { shift }))).toEqual([]);
    expect(account((x, scale) => rmsNorm(x, { scale }))).toEqual([
      [
        ["input", 320],
        ["root mean square", 40],
      ],
    ]);
    expect(account((x, scale) => groupNorm(x, { scale, groups: 4 }))).toEqual([
      [
        ["input", 320],
        ["mean and deviation", 64],
      ],
    ]);
    expect(account((x, shift) => groupNorm(x, { shift, groups: 4 }))).toEqual([]);
  });

  it("say what fits", () => {
    const x = createTape().input("x", [2, 3, 8]);
    const scale = createParameter({ name: "scale", shape: [3], data: [1, 1, 1] });
    expect(() => layerNorm(x, { scale })).toThrow(
      "layerNorm: expected scale, shift and statistics of [8], the last axis of x [2,3,8], got [3]",
    );
    expect(() => rmsNorm(x, { scale })).toThrow("rmsNorm: expected scale");
    expect(() => groupNorm(x, { groups: 3 })).toThrow(
      "groupNorm: expected x [n, ..., c] with a c that divides into 3 groups, got [2,3,8]",
    );
  });
});
