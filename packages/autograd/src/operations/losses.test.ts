import { EdgewrightError, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createParameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import { checkGradients, loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { cosineLoss } from "./cosine-loss.js";
import { type CrossEntropyOptions, crossEntropy } from "./cross-entropy.js";
import { meanSquaredError } from "./mean-squared-error.js";
import { klDivergence, softCrossEntropy } from "./soft-cross-entropy.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const rows = fc.integer({ min: 1, max: 6 });
const cols = fc.integer({ min: 2, max: 13 });

function logSoftmax(row: Float64Array, temperature = 1): number[] {
  const scaled = [...row].map((v) => v / temperature);
  const log = Math.log(scaled.reduce((sum, v) => sum + Math.exp(v), 0));
  return scaled.map((v) => v - log);
}
const rowOf = (x: Float64Array, row: number, size: number) =>
  x.subarray(row * size, (row + 1) * size);
const scalar = (value: number) => Float64Array.of(value);

describe("crossEntropy", () => {
  function check(
    n: number,
    classes: number,
    labels: number[],
    options: CrossEntropyOptions,
    weights?: number[],
  ) {
    const { ignoreIndex = -100, labelSmoothing: s = 0 } = options;
    for (const kernels of everyKernels) {
      checkGradients(kernels, {
        inputs: {
          logits: [n, classes],
          labels: { shape: [n], data: labels, integer: true },
          ...(weights && { weights: { shape: [classes], data: weights } }),
        },
        gradientsOf: ["logits"],
        build: ({ logits, labels: ids, weights: w }) =>
          crossEntropy(logits!, ids!, { ...options, ...(w && { classWeights: w }) }),
        reference: ({ logits }) => {
          let sum = 0;
          let divisor = 0;
          labels.forEach((label, row) => {
            if (label === ignoreIndex) return;
            divisor += weights?.[label] ?? 1;
            logSoftmax(rowOf(logits!, row, classes)).forEach((lp, c) => {
              sum -= lp * (weights?.[c] ?? 1) * ((c === label ? 1 - s : 0) + s / classes);
            });
          });
          return scalar(sum / divisor);
        },
      });
    }
  }

  it("has the gradient of its definition, smoothed, weighted and with rows ignored", () => {
    fc.assert(
      fc.property(rows, cols, fc.integer({ min: 0, max: 1000 }), (n, classes, seed) => {
        const labels = Array.from({ length: n }, (_, i) => (seed + 7 * i) % classes);
        check(n, classes, labels, {});
        check(n, classes, labels, { labelSmoothing: 0.1 });
        check([...labels, 99].length, classes, [...labels, 99], { ignoreIndex: 99 });
        const weights = Array.from({ length: classes }, (_, c) => 0.5 + (c % 3));
        check(n, classes, labels, { labelSmoothing: 0.2 }, weights);
      }),
      { numRuns: 4, seed: 3 },
    );
  });

  it("takes labels for every position, and one distribution of logits", () => {
    for (const kernels of everyKernels) {
      checkGradients(kernels, {
        inputs: {
          logits: [2, 3, 4],
          labels: { shape: [2, 3], data: [0, 1, 2, 3, 0, 1], integer: true },
        },
        build: ({ logits, labels }) => crossEntropy(logits!, labels!),
        reference: ({ logits }) =>
          scalar(
            -[0, 1, 2, 3, 0, 1].reduce(
              (sum, label, row) => sum + logSoftmax(rowOf(logits!, row, 4))[label]!,
              0,
            ) / 6,
          ),
      });
      checkGradients(kernels, {
        inputs: { logits: [5], labels: { shape: [], data: [2], integer: true } },
        build: ({ logits, labels }) => crossEntropy(logits!, labels!),
        reference: ({ logits }) => scalar(-logSoftmax(logits!)[2]!),
      });
    }
  });

  it("keeps the logits, the labels and two numbers a row", () => {
    const tape = createTape();
    const logits = tape.input("logits", [32, 10]);
    const loss = crossEntropy(logits, tape.input("labels", [32], "i32"));
    const [node] = predictMemory({ tape, loss, trainable: [], gradientsOf: [logits] }).nodes;
    expect(node!.keeps.map(({ what, bytes }) => [what, bytes])).toEqual(
      expect.arrayContaining([["row statistics", 4 * (4 + 64)]]),
    );
    expect(node!.bytes).toBe(32 * 10 * 4 + 32 * 4 + 4 * (4 + 64));
  });

  it("stops at a label that is no class", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const logits = tape.input("logits", [2, 3]);
      const loss = crossEntropy(logits, tape.input("labels", [2], "i32"));
      using program = createProgram(kernels, { tape, loss, trainable: [], gradientsOf: [logits] });
      const run = (labels: number[]) =>
        program.run({ logits: new Float32Array(6), labels: Int32Array.from(labels) });
      const message = "expected labels from 0 to 2 (or -100 for rows to ignore), got 3 in row 1";
      expect(() => run([0, 3])).toThrow(message);
      expect(() => run([0, 3])).toThrow(ValidationError);
      run([0, 2]);
      expect(program.loss).toBeCloseTo(Math.log(3), 6);
      run([-100, -100]);
      expect(program.loss).toBe(0);
      expect([...program.gradient(logits).data]).toEqual([0, 0, 0, 0, 0, 0]);
    }
  });

  it("names what does not fit", () => {
    const tape = createTape();
    const logits = tape.input("logits", [4, 3]);
    const labels = tape.input("labels", [3], "i32");
    expect(() => crossEntropy(logits, labels)).toThrow(
      "crossEntropy: expected a label for every row of the logits [4,3], [4], got labels [3]",
    );
    expect(() => crossEntropy(logits, tape.input("floats", [4]))).toThrow(
      "crossEntropy: expected labels of type i32 for logits [4,3], got f32 [4]",
    );
    const four = tape.input("four", [4], "i32");
    expect(() => crossEntropy(logits, four, { classWeights: tape.input("w", [4]) })).toThrow(
      "crossEntropy: expected class weights [3] for logits [4,3], got [4]",
    );
    expect(() => crossEntropy(logits, four, { labelSmoothing: 2 })).toThrow(
      "crossEntropy: expected labelSmoothing from 0 to 1, got 2",
    );
    expect(() => crossEntropy(logits, four, { ignoreIndex: 0.5 })).toThrow(
      "crossEntropy: expected a whole ignoreIndex, got 0.5",
    );
  });
});

describe("losses against distributions", () => {
  it("softCrossEntropy and klDivergence have the gradients of their definitions", () => {
    fc.assert(
      fc.property(rows, cols, fc.integer({ min: 1, max: 5 }), (n, classes, temperature) => {
        const T = temperature;
        const weights = Float32Array.from({ length: n * classes }, (_, i) => ((i * 7) % 5) / 8);
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: { logits: [n, classes], targets: { shape: [n, classes], data: weights } },
            gradientsOf: ["logits"],
            build: ({ logits, targets }) => softCrossEntropy(logits!, targets!),
            reference: ({ logits, targets }) => {
              const lq = logits!.map(
                (_, i) =>
                  logSoftmax(rowOf(logits!, Math.floor(i / classes), classes))[i % classes]!,
              );
              return scalar(-lq.reduce((sum, v, i) => sum + v * targets![i]!, 0) / n);
            },
          });
          for (const teacherGives of ["logits", "probabilities"] as const) {
            checkGradients(kernels, {
              inputs: {
                teacher:
                  teacherGives === "logits" ? [n, classes] : { shape: [n, classes], data: weights },
                student: [n, classes],
              },
              gradientsOf: ["student"],
              build: ({ teacher, student }) =>
                klDivergence(teacher!, student!, { temperature: T, teacherGives }),
              reference: ({ teacher, student }) => {
                let sum = 0;
                for (let row = 0; row < n; row++) {
                  const lq = logSoftmax(rowOf(student!, row, classes), T);
                  const given = rowOf(teacher!, row, classes);
                  const p =
                    teacherGives === "logits" ? logSoftmax(given, T).map(Math.exp) : [...given];
                  p.forEach((v, c) => {
                    if (v > 0) sum += v * (Math.log(v) - lq[c]!);
                  });
                }
                return scalar((sum * T * T) / n);
              },
            });
          }
        }
      }),
      { numRuns: 4, seed: 4 },
    );
  });

  it("a target that is trained as well is refused, with the way out", () => {
    const tape = createTape();
    const logits = tape.input("logits", [2, 3]);
    const loss = softCrossEntropy(logits, logits);
    expect(() => predictMemory({ tape, loss, trainable: [], gradientsOf: [logits] })).toThrow(
      "softCrossEntropy: the target has no gradient; wrap it in stopGradient(...)",
    );
  });

  it("names what does not fit", () => {
    const tape = createTape();
    const logits = tape.input("logits", [4, 3]);
    const other = tape.input("other", [3, 4]);
    expect(() => softCrossEntropy(logits, other)).toThrow(
      "softCrossEntropy: expected a distribution for every row of the logits [4,3], got [3,4]",
    );
    expect(() => klDivergence(logits, logits, { temperature: -1 })).toThrow(
      "klDivergence: expected a temperature above 0, got -1",
    );
  });
});

describe.each([
  [
    "cosineLoss",
    cosineLoss,
    (a: Float64Array, b: Float64Array, n: number, size: number) => {
      let sum = 0;
      for (let row = 0; row < n; row++) {
        const [u, v] = [rowOf(a, row, size), rowOf(b, row, size)];
        const dot = (p: Float64Array, q: Float64Array) => p.reduce((s, x, i) => s + x * q[i]!, 0);
        sum += dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
      }
      return 1 - sum / n;
    },
    "cosineLoss: expected rows of equal shapes, got [4,3] and [3,4]",
  ],
  [
    "meanSquaredError",
    meanSquaredError,
    (a: Float64Array, b: Float64Array) => a.reduce((s, x, i) => s + (x - b[i]!) ** 2, 0) / a.length,
    "meanSquaredError: expected equal shapes, got [4,3] and [3,4]",
  ],
] as const)("%s", (_, apply, reference, message) => {
  it("has both gradients of its definition, together and alone", () => {
    fc.assert(
      fc.property(rows, cols, (n, size) => {
        for (const gradientsOf of [["a", "b"], ["a"], ["b"]]) {
          for (const kernels of everyKernels) {
            checkGradients(kernels, {
              inputs: { a: [n, size], b: [n, size] },
              gradientsOf,
              build: ({ a, b }) => apply(a!, b!),
              reference: ({ a, b }) => scalar(reference(a!, b!, n, size)),
            });
          }
        }
      }),
      { numRuns: 4, seed: 5 },
    );
  });

  it("is 0, with gradients that cancel, for the same operand twice", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const a = createParameter({ name: "a", shape: [1, 4], data: [1, 2, -2, 4] });
      const variable: Variable = tape.parameter(a);
      using program = createProgram(kernels, { tape, loss: apply(variable, variable) });
      program.run({});
      expect(Math.abs(program.loss)).toBeLessThan(1e-7);
      for (const value of program.gradient(a).data as Float32Array) {
        expect(Math.abs(value)).toBeLessThan(1e-7);
      }
    }
  });

  it("names both shapes", () => {
    const tape = createTape();
    const [a, b] = [tape.input("a", [4, 3]), tape.input("b", [3, 4])];
    expect(() => apply(a, b)).toThrow(message);
    expect(() => apply(a, b)).toThrow(EdgewrightError);
  });
});
