import fc from "fast-check";
import { expect, test } from "vitest";
import { loadKernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadPieces } from "../runtime/run-pieces.test-support.js";
import type { Int8Output } from "./int8-output.js";
import { packInt8Matrix } from "./pack-int8-matrix.js";
import { planGemmInt8 } from "./plan-gemm-int8.js";
import { codesOf, gemmReference } from "./reference.test-support.js";

const variants = ["baseline", ...(supportsRelaxedSimd() ? (["relaxed"] as const) : [])] as const;

const size = fc.oneof(
  fc.constantFrom(1, 2, 3, 5, 7, 8, 13, 31, 64),
  fc.integer({ min: 1, max: 40 }),
);
const code = fc.oneof(fc.constantFrom(0, 1, 127, 128, 129, 255), fc.integer({ min: 0, max: 255 }));

for (const variant of variants) {
  test(`int8 matrix product, ${variant}: every bit as by three loops`, async () => {
    const kernels = await loadKernels({ variant });
    const property = fc.property(
      ...[size, size, size],
      fc.record({
        signedA: fc.boolean(),
        signedB: fc.boolean(),
        zeroA: code,
        zeroB: fc.oneof(fc.constant(undefined), code),
        dtype: fc.constantFrom("i32" as const, "u8" as const, "i8" as const, "f32" as const),
        seed: fc.integer(),
        extreme: fc.boolean(),
      }),
      (m, k, n, { signedA, signedB, zeroA, zeroB, dtype, seed, extreme }) => {
        let state = seed >>> 0;
        const draw = (): number => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          const byte = state >>> 24;
          return extreme ? (byte & 1 ? 255 : byte & 2 ? 128 : byte & 4 ? 127 : 0) : byte;
        };
        const a = codesOf(signedA, m * k, draw);
        const b = codesOf(signedB, k * n, draw);
        const toCode = (byte: number, signed: boolean): number =>
          signed ? (byte << 24) >> 24 : byte;
        const zeroPointA = toCode(zeroA, signedA);
        const zeros = Array.from({ length: n }, (_, j) =>
          zeroB === undefined ? 0 : toCode((zeroB + j) & 255, signedB),
        );
        const codes = dtype === "u8" || dtype === "i8";
        const output: Int8Output = {
          dtype,
          bias: Int32Array.from({ length: n }, (_, j) => j * 37 - 100),
          ...(dtype === "i32"
            ? {}
            : { scale: Float32Array.from({ length: n }, (_, j) => (j + 1) / (k * 300)) }),
          ...(dtype === "f32" ? { shift: Float32Array.from({ length: n }, (_, j) => j / 3) } : {}),
          ...(codes ? { zeroPoint: dtype === "u8" ? 131 : -5 } : {}),
          ...(codes && extreme ? { minimum: 0, maximum: 100 } : {}),
        };
        const packed = packInt8Matrix(kernels, { data: b, rows: k, cols: n, zeroPoint: zeros });
        const x = kernels.arena.upload(a);
        const y = kernels.arena.allocate(m * n * 4);
        const plan = planGemmInt8(kernels, {
          a: { ptr: x.ptr, dtype: signedA ? "i8" : "u8", zeroPoint: zeroPointA },
          ...{ b: packed, c: y.ptr, m, output },
        });
        kernels.run(plan);
        const got = [...kernels.arena[dtype](y.ptr, m * n)];
        for (const owned of [plan, x, y, packed]) owned.dispose();
        const want = gemmReference(a, b, m, k, n, zeroPointA, (j) => zeros[j]!, output);
        expect(got).toEqual(want.map((value) => value + 0));
      },
    );
    fc.assert(property, { numRuns: 150, seed: 1 });
    expect(kernels.arena.used).toBe(0);
  });
}

// The byte dot product is defined for second operands of 7 bits on every engine, so its kernel can be
// held to the reference everywhere by activations that are 0 to 127 once their sign bit is as it wants.
test.skipIf(!supportsRelaxedSimd())(
  "the dot paths, on activations that all engines read alike",
  async () => {
    const kernels = await loadKernels({ variant: "relaxed" });
    let state = 3;
    const draw = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state >>> 24;
    };
    const output = { dtype: "u8", scale: 0.002, zeroPoint: 100 } as const;
    for (const [m, k, n] of [
      [1, 1, 1],
      [7, 13, 9],
      [13, 64, 17],
      [30, 100, 8],
    ] as const) {
      const data = Int8Array.from({ length: k * n }, draw);
      for (const dotOperand of ["unsigned", "signed"] as const) {
        const b = packInt8Matrix(kernels, { data, rows: k, cols: n, dotOperand });
        expect(b.path).toBe(`dot-${dotOperand}`);
        for (const dtype of ["u8", "i8"] as const) {
          const flips = (dtype === "i8") !== (dotOperand === "signed");
          const signed = dtype === "i8";
          const codes = codesOf(signed, m * k, () => (draw() & 127) ^ (flips ? 128 : 0));
          const zeroPoint = signed ? -3 : 77;
          const a = kernels.arena.upload(codes);
          const c = kernels.arena.allocate(m * n);
          const input = { ptr: a.ptr, dtype, zeroPoint };
          const plan = planGemmInt8(kernels, { a: input, b, c: c.ptr, m, output });
          kernels.run(plan);
          const want = gemmReference(codes, data, m, k, n, zeroPoint, () => 0, output);
          expect([...kernels.arena.u8(c.ptr, m * n)]).toEqual(want.map((value) => value + 0));
          for (const owned of [plan, a, c]) owned.dispose();
        }
        b.dispose();
      }
    }
  },
);

test("a split of the units, in any order, gives the same bits as one run over all", async () => {
  const kernels = await loadKernels();
  const [m, k, n] = [97, 3000, 21];
  const data = Int8Array.from({ length: k * n }, (_, i) => i * 7);
  const b = packInt8Matrix(kernels, { data, rows: k, cols: n });
  const a = kernels.arena.upload(Uint8Array.from({ length: m * k }, (_, i) => i * 11));
  const c = kernels.arena.allocate(m * n * 4);
  const plan = planGemmInt8(kernels, {
    a: { ptr: a.ptr, dtype: "u8", zeroPoint: 9 },
    b,
    c: c.ptr,
    m,
  });
  kernels.run(plan);
  const whole = [...kernels.arena.i32(c.ptr, m * n)];
  kernels.arena.i32(c.ptr, m * n).fill(0);
  const pieces = await loadPieces(kernels);
  for (const job of plan.jobs) {
    expect(job.units).toBeGreaterThan(2);
    for (let unit = job.units - 1; unit >= 0; unit--) pieces(job, unit, unit + 1);
  }
  expect([...kernels.arena.i32(c.ptr, m * n)]).toEqual(whole);
});

test("rows of C may lie further apart, B may be stored by columns", async () => {
  const kernels = await loadKernels();
  const b = packInt8Matrix(kernels, {
    ...{ data: new Int8Array([1, 3, 2, 4]), rows: 2, cols: 2, transposed: true },
  });
  const a = kernels.arena.upload(new Uint8Array([1, 0, 0, 1]));
  const c = kernels.arena.allocate(24);
  kernels.arena.i32(c.ptr, 6).fill(-1);
  const plan = planGemmInt8(kernels, { a: { ptr: a.ptr, dtype: "u8" }, b, c: c.ptr, m: 2, ldc: 3 });
  kernels.run(plan);
  expect([...kernels.arena.i32(c.ptr, 6)]).toEqual([1, 2, -1, 3, 4, -1]);
});

test("what does not fit is named", async () => {
  const kernels = await loadKernels();
  expect(() => packInt8Matrix(kernels, { data: new Int8Array(5), rows: 2, cols: 3 })).toThrow(
    "packInt8Matrix: expected 2 x 3 codes, both from 1, got 5",
  );
  const b = packInt8Matrix(kernels, { data: new Int8Array(6), rows: 2, cols: 3 });
  const a = { ptr: 0, dtype: "u8" as const };
  expect(() => planGemmInt8(kernels, { a, b, c: 0, m: 0 })).toThrow("whole m from 1");
  expect(() =>
    planGemmInt8(kernels, { a, b, c: 0, m: 1, output: { dtype: "u8", scale: [1, 2] } }),
  ).toThrow("expected 3 values of output.scale, got 2");
  expect(() =>
    planGemmInt8(kernels, { a, b, c: 0, m: 1, output: { dtype: "u8", zeroPoint: 300 } }),
  ).toThrow("expected output.zeroPoint to be a code of u8, got 300");
});
