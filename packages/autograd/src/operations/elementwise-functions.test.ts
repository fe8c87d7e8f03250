import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Operand, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { clamp } from "./clamp.js";
import {
  absolute,
  exponential,
  logarithm,
  negate,
  power,
  square,
  squareRoot,
} from "./elementwise-functions.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

interface Function {
  readonly build: (x: Operand) => Variable;
  readonly exact: (x: number) => number;
  /** Whether it is defined for positive numbers only. */
  readonly positive?: boolean;
  readonly keeps: readonly string[];
}

const FUNCTIONS: Record<string, Function> = {
  negate: { build: negate, exact: (x) => -x, keeps: [] },
  square: { build: square, exact: (x) => x * x, keeps: ["input"] },
  "square root": { build: squareRoot, exact: Math.sqrt, positive: true, keeps: ["output"] },
  exponential: { build: exponential, exact: Math.exp, keeps: ["output"] },
  logarithm: { build: logarithm, exact: Math.log, positive: true, keeps: ["input"] },
  absolute: { build: absolute, exact: Math.abs, keeps: ["input"] },
  "power of 3": { build: (x) => power(x, 3), exact: (x) => x ** 3, keeps: ["input"] },
  "power of -1.5": {
    build: (x) => power(x, -1.5),
    exact: (x) => x ** -1.5,
    positive: true,
    keeps: ["input"],
  },
  clamp: {
    build: (x) => clamp(x, { low: -1, high: 0.6 }),
    exact: (x) => Math.min(Math.max(x, -1), 0.6),
    keeps: ["mask"],
  },
  "clamp from below": {
    build: (x) => clamp(x, { low: 0.2 }),
    exact: (x) => Math.max(x, 0.2),
    keeps: ["mask"],
  },
};

describe.each(Object.entries(FUNCTIONS))("%s", (_, { build, exact, positive = false, keeps }) => {
  it("has the gradient of its reference", () => {
    for (const [count, kernels] of [1, 7, 1029].flatMap((n) =>
      everyKernels.map((k) => [n, k] as const),
    )) {
      // From 0.05 on in steps of 0.1: no number lies at a kink.
      const data = Float32Array.from({ length: count }, (_, i) => {
        const x = 0.05 + ((i * 11) % 20) / 10;
        return positive || i % 2 === 0 ? x : -x;
      });
      checkGradients(kernels, {
        inputs: { x: { shape: [count], data } },
        build: ({ x }) => build(x!),
        reference: ({ x }) => x!.map(exact),
        elements: 20,
      });
    }
  });

  it("keeps what its gradient reads", () => {
    const tape = createTape();
    const x = tape.input("x", [9, 3]);
    const loss = weightedSum(build(x), new Float32Array(27));
    const account = predictMemory({ tape, loss, gradientsOf: [x], trainable: [] });
    const kept = account.nodes.flatMap(({ keeps }) => keeps);
    expect(kept.map(({ what }) => what)).toEqual(keeps);
    expect(account.keptBytes).toBe(keeps.includes("mask") ? 4 : keeps.length * 108);
  });
});

describe("clamp", () => {
  it("keeps nothing where no gradient is wanted", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const y = clamp(tape.input("x", [3]), { low: 0, high: 1 });
      using program = createProgram(kernels, { tape, outputs: [y] });
      program.run({ x: Float32Array.of(-1, 0.5, 2) });
      expect([...program.read(y).data]).toEqual([0, 0.5, 1]);
    }
  });

  it("refuses limits that cross", () => {
    const x = createTape().input("x", [1]);
    expect(() => clamp(x, { low: 2, high: 1 })).toThrow(
      "clamp: expected low up to high, got 2 and 1",
    );
  });
});
