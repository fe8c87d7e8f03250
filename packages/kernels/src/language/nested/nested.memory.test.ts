import {
  encodeBfloat16,
  encodeFloat16,
  packBinaryCoded,
  packNested,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
} from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { loadGuardedKernels, runGuarded } from "../../training/run-guarded.test-support.js";
import { planEmbedRows } from "../embedding/plan-embed-rows.js";
import { packLinear } from "../linear/pack-linear.js";
import type { LinearWeights } from "../linear/packed-linear.js";
import { linearWorkspaceBytes, planLinear } from "../linear/plan-linear.js";
import { languageKernels } from "../load-language-kernels.js";

const builds = await loadGuardedKernels(languageKernels);

type Make = (data: Float32Array, shape: number[], random: () => number) => LinearWeights;

const nested: Make = (_, shape, random) => {
  const [rows, cols] = shape as [number, number];
  return packNested({
    ...{ shape, seedBits: 1, bits: 8 },
    codes: Uint8Array.from({ length: rows * cols }, () => random() * 256),
    codebooks: [1, 2, 3, 4, 5, 6, 7, 8].map((width) => randomFloats(rows * 2 ** width, random)),
  });
};

const binaryCoded =
  (groupSize: number): Make =>
  (_, shape, random) => {
    const [rows, cols] = shape as [number, number];
    const size = groupSize || cols;
    const groups = rows * Math.ceil(cols / size);
    return packBinaryCoded({
      ...{ shape, seedBits: 1, bits: 4, groupSize: size },
      codes: Uint8Array.from({ length: rows * cols }, () => random() * 16),
      scales: [1, 2, 3, 4].map((width) => randomFloats(groups * (width + 1), random)),
    });
  };

const WIDTHS: Record<string, Make> = {
  nested,
  "binary-coded": binaryCoded(0),
  "binary-coded, groups": binaryCoded(32),
};

const TABLES: Record<string, Make> = {
  ...WIDTHS,
  f32: (data, shape) => ({ dtype: "f32", shape, data }),
  f16: (data, shape) => ({ dtype: "f16", shape, data: encodeFloat16(data) }),
  bf16: (data, shape) => ({ dtype: "bf16", shape, data: encodeBfloat16(data) }),
  "int8-channel": (data, shape) => quantizeInt8Channel(data, shape, { symmetric: false }),
  "int8-group": (data, shape) => quantizeInt8Group(data, shape, { groupSize: 16 }),
  "int4-group": (data, shape) => quantizeInt4Group(data, shape, { groupSize: 8 }),
  ternary: (data, shape) => quantizeTernary(data, shape),
};

const sizes = {
  rows: fc.integer({ min: 1, max: 70 }),
  cols: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(129, 513, 640)),
  n: fc.integer({ min: 1, max: 5 }),
  seed: fc.nat(),
};

test("products stay within their memory and depend on their operands alone", () => {
  const drawn = fc.record({
    ...{ ...sizes, format: fc.constantFrom(...Object.keys(WIDTHS)) },
    spare: fc.integer({ min: 0, max: 3 }),
    bias: fc.boolean(),
    accumulate: fc.boolean(),
  });
  fc.assert(
    fc.property(drawn, ({ format, rows, cols, n, spare, bias, accumulate, seed }) => {
      const random = seededNumbers(seed);
      const weights = WIDTHS[format]!(new Float32Array(), [rows, cols], random);
      // Rows stand apart; behind the last one nothing does.
      const extent = (columns: number): number => (n - 1) * (columns + spare) + columns;
      const x = randomFloats(extent(cols), random);
      const y = randomFloats(extent(rows), random);
      for (const build of builds) {
        const packed = packLinear(build.kernels, weights);
        const bits = 1 + Math.floor(random() * packed.bits!);
        const workspace = linearWorkspaceBytes({ ...packed, n });
        // Without the size of groups the answer is larger at most.
        const { groupSize, ...general } = packed;
        expect(linearWorkspaceBytes({ ...general, n })).toBeGreaterThanOrEqual(workspace);
        runGuarded(build, {
          inputs: { x, bias: randomFloats(rows, random) },
          outputs: { y: accumulate || spare > 0 ? y : y.byteLength },
          scratch: { workspace },
          plan: (kernels, at) =>
            planLinear(kernels, {
              ...{ weights: packed, x: at("x"), y: at("y"), n, bits, accumulate },
              ...{ xStride: cols + spare, yStride: rows + spare, workspace: at("workspace") },
              ...(bias && { bias: at("bias") }),
            }),
        });
        packed.dispose();
      }
    }),
    { numRuns: 60, seed: 6 },
  );
});

test("rows of every format are read within the table and written within y", () => {
  const drawn = fc.record({ ...sizes, format: fc.constantFrom(...Object.keys(TABLES)) });
  fc.assert(
    fc.property(drawn, ({ format, rows, cols, n, seed }) => {
      const random = seededNumbers(seed);
      const weights = TABLES[format]!(randomFloats(rows * cols, random), [rows, cols], random);
      const ids = Int32Array.from({ length: n }, () => Math.floor(random() * (rows + 2)) - 1);
      for (const build of builds) {
        const table = packLinear(build.kernels, weights);
        const widths = table.bits === undefined ? {} : { bits: 1 + (seed % table.bits) };
        runGuarded(build, {
          inputs: { ids },
          outputs: { y: n * cols * 4 },
          plan: (kernels, at) =>
            planEmbedRows(kernels, { table, ids: at("ids"), y: at("y"), n, ...widths }),
        });
        table.dispose();
      }
    }),
    { numRuns: 60, seed: 7 },
  );
});
