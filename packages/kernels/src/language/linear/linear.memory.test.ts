import {
  encodeBfloat16,
  encodeFloat16,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
} from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadGuardedKernels, runGuarded } from "../../training/run-guarded.test-support.js";
import { languageKernels } from "../load-language-kernels.js";
import { packLinear } from "./pack-linear.js";
import type { LinearWeights } from "./packed-linear.js";
import { linearWorkspaceBytes, planLinear } from "./plan-linear.js";

const builds = await loadGuardedKernels(languageKernels);

const FORMATS: Record<string, (data: Float32Array, shape: number[]) => LinearWeights> = {
  f32: (data, shape) => ({ dtype: "f32", shape, data }),
  f16: (data, shape) => ({ dtype: "f16", shape, data: encodeFloat16(data) }),
  bf16: (data, shape) => ({ dtype: "bf16", shape, data: encodeBfloat16(data) }),
  "int8-channel": (data, shape) => quantizeInt8Channel(data, shape, { symmetric: false }),
  "int8-group": (data, shape) => quantizeInt8Group(data, shape, { groupSize: 16 }),
  "int4-group": (data, shape) => quantizeInt4Group(data, shape),
  "int4-group, zero points": (data, shape) =>
    quantizeInt4Group(data, shape, { symmetric: false, groupSize: 40 }),
  ternary: (data, shape) => quantizeTernary(data, shape),
};

test("products stay within their memory and depend on their operands alone", () => {
  fc.assert(
    fc.property(
      fc.record({
        format: fc.constantFrom(...Object.keys(FORMATS)),
        rows: fc.integer({ min: 1, max: 70 }),
        cols: fc.integer({ min: 1, max: 70 }),
        n: fc.integer({ min: 1, max: 5 }),
        spare: fc.integer({ min: 0, max: 3 }),
        bias: fc.boolean(),
        accumulate: fc.boolean(),
        exact: fc.boolean(),
        seed: fc.nat(),
      }),
      ({ format, rows, cols, n, spare, bias, accumulate, exact, seed }) => {
        const random = seededNumbers(seed);
        const weights = FORMATS[format]!(randomFloats(rows * cols, random), [rows, cols]);
        const int8Activations = exact && format === "ternary";
        // Rows stand apart; behind the last one nothing does.
        const extent = (columns: number): number => (n - 1) * (columns + spare) + columns;
        const x = randomFloats(extent(cols), random);
        const y = randomFloats(extent(rows), random);
        for (const build of builds) {
          const packed = packLinear(build.kernels, weights);
          const size = { ...packed, n, int8Activations };
          const bytes = linearWorkspaceBytes(size);
          // Without the size of groups the answer is larger at most.
          const { groupSize, ...general } = size;
          expect(linearWorkspaceBytes(general)).toBeGreaterThanOrEqual(bytes);
          runGuarded(build, {
            inputs: { x, bias: randomFloats(rows, random) },
            outputs: { y: accumulate || spare > 0 ? y : y.byteLength },
            scratch: { workspace: bytes },
            plan: (kernels, at) =>
              planLinear(kernels, {
                ...{ weights: packed, x: at("x"), y: at("y"), n, accumulate, int8Activations },
                ...{ xStride: cols + spare, yStride: rows + spare, workspace: at("workspace") },
                ...(bias && { bias: at("bias") }),
              }),
          });
          packed.dispose();
        }
      },
    ),
    { numRuns: 120, seed: 5 },
  );
});
