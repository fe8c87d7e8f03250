import {
  EdgewrightError,
  quantizeInt4Group,
  quantizeInt8Group,
  quantizeTernary,
  type Tensor,
} from "@edgewright/core";
import { expect, test } from "vitest";
import { loadKernels } from "../../runtime/load.js";
import { loadLanguageKernels } from "../load-language-kernels.js";
import { packLinear } from "./pack-linear.js";
import type { LinearWeights } from "./packed-linear.js";
import { type LinearSpec, linearWorkspaceBytes, planLinear } from "./plan-linear.js";

const numbers = Float32Array.from({ length: 64 }, (_, i) => Math.sin(i));
const plain: Tensor<"f32"> = { dtype: "f32", shape: [4, 16], data: numbers };
const grouped = quantizeInt4Group(numbers, [4, 16], { groupSize: 8 });
const bytes = quantizeInt8Group(numbers, [4, 16], { groupSize: 8 });
const ternary = quantizeTernary(numbers, [4, 16]);

test("packLinear refuses what does not fit, in a typed error, and keeps no memory", async () => {
  const kernels = await loadLanguageKernels();
  const refused: [unknown, string][] = [
    [[], "expected one matrix or more, got none"],
    [{ ...plain, shape: [4, 15] }, "expected 60 elements for shape [4, 15], got 64"],
    [{ ...plain, shape: [64] }, "expected a matrix [rows, columns]"],
    [{ ...plain, shape: [-4, -16] }, "expected a matrix [rows, columns]"],
    [{ ...plain, shape: [0, 16], data: new Float32Array() }, "expected a matrix [rows, columns]"],
    [{ ...plain, dtype: "f64" }, "no product for weights of format f64"],
    [[plain, { ...plain, shape: [8, 8] }], "expected matrices of format f32 and 16 columns"],
    [[plain, ternary], "expected matrices of format f32 and 16 columns"],
    [{ dtype: "f16", shape: [1, 1], data: Uint16Array.of(0x7c00) }, "expected finite f16 weights"],
    [
      { dtype: "bf16", shape: [1, 1], data: Uint16Array.of(0x7fc0) },
      "expected finite bf16 weights",
    ],
    [{ ...grouped, groupSize: 12 }, "expected a groupSize that is a multiple of 8"],
    [{ ...grouped, groupSize: 16 }, "expected 4 scales, got 8"],
    [{ ...grouped, codes: grouped.codes.subarray(1) }, "expected 32 bytes of codes, got 31"],
    [{ ...grouped, zeroPoints: new Uint8Array(3) }, "expected 4 bytes of zeroPoints, got 3"],
    [{ ...grouped, mins: { dtype: "f32", data: new Float32Array(7) } }, "expected 8 mins, got 7"],
    [
      { ...grouped, scales: { dtype: "f32", data: new Float32Array(8).fill(Number.NaN) } },
      "expected finite scales, number 0 is NaN",
    ],
    [{ ...bytes, codes: bytes.codes.subarray(1) }, "expected 64 codes, got 63"],
    [[bytes, { ...bytes, groupSize: 16 }], "expected 2 groups of columns, got 1"],
    [{ ...ternary, codes: new Uint8Array(16).fill(0xff) }, "expected ternary codes 0, 1 or 2"],
    [{ ...ternary, codes: ternary.codes.subarray(1) }, "expected 16 bytes of codes, got 15"],
    [{ ...ternary, scales: new Float32Array(3) }, "expected 4 scales, or one, got 3"],
    [{ ...ternary, scales: Float32Array.of(Number.NaN) }, "expected finite scales"],
  ];
  for (const [weights, message] of refused) {
    const pack = (): unknown => packLinear(kernels, weights as LinearWeights);
    expect(pack).toThrow(EdgewrightError);
    expect(pack).toThrow(`packLinear: ${message}`);
  }
  expect(kernels.arena.used).toBe(0);
  kernels.dispose();
});

test("planLinear refuses sizes, addresses and options that it cannot take, and keeps no memory", async () => {
  const kernels = await loadLanguageKernels();
  const weights = packLinear(kernels, plain);
  const { used } = kernels.arena;
  const spec: LinearSpec = { weights, x: 65536, y: 131072, n: 1 };
  const refused: [Partial<Record<keyof LinearSpec, unknown>>, string][] = [
    ...[0, -1, 0.5, Number.NaN, 2 ** 31, "3", null].map((n): [{ n: unknown }, string] => [
      { n },
      "expected n to be a whole number from 1",
    ]),
    [{ xStride: 15 }, "expected xStride from 16 and yStride from 4, got 15 and 4"],
    [{ yStride: 3 }, "expected xStride from 16 and yStride from 4, got 16 and 3"],
    [{ x: 3 }, "expected x to be an address, a multiple of 4, got 3"],
    [{ y: Number.NaN }, "expected y to be an address"],
    [{ bias: -4 }, "expected bias to be an address"],
    [{ workspace: 8 }, "expected workspace to be an address, a multiple of 16"],
    [{ bits: 4 }, "weights of format f32 have one width, got bits 4"],
    [{ int8Activations: true }, "int8Activations is for weights of format ternary, got f32"],
  ];
  for (const [change, message] of refused) {
    const plan = (): unknown => planLinear(kernels, { ...spec, ...change } as LinearSpec);
    expect(plan).toThrow(EdgewrightError);
    expect(plan).toThrow(`planLinear: ${message}`);
  }
  expect(() => linearWorkspaceBytes({ ...weights, n: 0 })).toThrow(
    "linearWorkspaceBytes: expected n",
  );
  expect(kernels.arena.used).toBe(used);
  kernels.dispose();
});

test("kernels without the language extension are refused", async () => {
  const kernels = await loadKernels();
  expect(() => packLinear(kernels, plain)).toThrow(
    "packLinear: these kernels were loaded without the language extension",
  );
});
