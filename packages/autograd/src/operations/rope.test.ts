import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { add } from "./broadcast-arithmetic.js";
import { type RopeOptions, rope } from "./rope.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

/** Turns every vector of [b, heads, t, d] by the angles of its position. */
function turned(
  x: Float64Array,
  [, heads, t, d]: readonly [number, number, number, number],
  position: (batch: number, token: number) => number,
  { rotated = d, pairing = "half", base = 10000 }: RopeOptions,
): Float64Array {
  const y = Float64Array.from(x);
  for (let at = 0; at < x.length; at += d) {
    const token = (at / d) % t;
    const batch = Math.floor(at / d / t / heads);
    for (let i = 0; i < rotated / 2; i++) {
      const angle = position(batch, token) * base ** ((-2 * i) / rotated);
      const [a, b] =
        pairing === "half" ? [at + i, at + i + rotated / 2] : [at + 2 * i, at + 2 * i + 1];
      y[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle);
      y[b] = x[b]! * Math.cos(angle) + x[a]! * Math.sin(angle);
    }
  }
  return y;
}

describe("rope", () => {
  it("turns by the position, and back for the gradient", () => {
    const shape = [2, 3, 4, 10] as const;
    for (const options of [
      {},
      { pairing: "interleaved", offset: 5 },
      { rotated: 6, base: 100 },
      { rotated: 4, pairing: "interleaved" },
    ] as RopeOptions[]) {
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: { x: shape },
          build: ({ x }) => rope(x!, options),
          reference: ({ x }) => turned(x!, shape, (_, t) => t + (options.offset ?? 0), options),
        });
      }
    }
  });

  it("takes positions for all, or for each entry of the batch", () => {
    const shape = [2, 2, 3, 4] as const;
    for (const [positions, position] of [
      [{ shape: [3], data: [4, 0, 7] }, (_: number, t: number) => [4, 0, 7][t]!],
      [
        { shape: [2, 3], data: [0, 1, 2, 5, 6, 3] },
        (b: number, t: number) => [0, 1, 2, 5, 6, 3][b * 3 + t]!,
      ],
    ] as const) {
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: { x: shape, positions: { ...positions, integer: true } },
          build: ({ x, positions }) => rope(x!, { positions: positions!, maxPositions: 8 }),
          reference: ({ x }) => turned(x!, shape, position, {}),
        });
      }
    }
  });

  it("keeps nothing, and shares its table of angles", () => {
    const tape = createTape();
    const q = tape.input("q", [1, 2, 6, 8]);
    const k = tape.input("k", [1, 2, 6, 8]);
    const loss = weightedSum(add(rope(q), rope(k)), new Float32Array(96));
    const account = predictMemory({ tape, loss, gradientsOf: [q, k], trainable: [] });
    const constants = tape.nodes.filter(({ kind }) => kind === "constant");
    expect(constants.map(({ variable }) => variable.shape)).toEqual([[6, 8]]);
    expect(account.keptBytes).toBe(0);
    rope(q, { base: 500 });
    expect(tape.nodes.filter(({ kind }) => kind === "constant")).toHaveLength(2);
  });

  it("refuses positions beyond the table, and shapes that do not fit", () => {
    const tape = createTape();
    const x = tape.input("x", [1, 1, 2, 4]);
    const positions = tape.input("positions", [2], "i32");
    const y = rope(x, { positions, maxPositions: 3 });
    for (const kernels of everyKernels) {
      using program = createProgram(kernels, { tape, outputs: [y] });
      expect(() => program.run({ x: new Float32Array(8), positions: Int32Array.of(2, 3) })).toThrow(
        "rope: expected indices from 0 to 2, got 3 at 1",
      );
    }
    expect(() => rope(x, { rotated: 3 })).toThrow(
      "rope: expected [b, heads, t, d] and an even number",
    );
    expect(() => rope(tape.input("flat", [2, 4]))).toThrow("got [2,4] and 0");
    expect(() => rope(x, { positions })).toThrow(
      "rope: expected positions of type i32 together with maxPositions",
    );
    const wrong = tape.input("wrong", [3], "i32");
    expect(() => rope(x, { positions: wrong, maxPositions: 3 })).toThrow(
      "rope: expected positions [t] or [b, t] for [1,1,2,4], got [3]",
    );
  });
});
