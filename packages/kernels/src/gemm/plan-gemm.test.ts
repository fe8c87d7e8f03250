import { ShapeError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";
import { loadKernels } from "../runtime/load.js";
import { packMatrix } from "./pack-matrix.js";
import { type GemmSpec, planGemm } from "./plan-gemm.js";
import { largestDifference, referenceGemm, sumTolerance } from "./reference.test-support.js";

function transpose(data: Float32Array, rows: number, cols: number): Float32Array {
  return data.map((_, i) => data[(i % rows) * cols + Math.floor(i / rows)]!);
}

const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

test("random products agree with the definition, in every build and split", async () => {
  const kinds = await loadEveryKind();
  const shapes = fc.record({
    ...{ m: upTo(40), n: upTo(40), k: upTo(60), seed: fc.nat() },
    ...{ transposeA: fc.boolean(), transposeB: fc.boolean(), packs: fc.boolean() },
  });
  const property = fc.property(shapes, ({ m, n, k, seed, transposeA, transposeB, packs }) => {
    const random = seededNumbers(seed);
    const [a, b] = [randomFloats(m * k, random), randomFloats(k * n, random)];
    const [bias, residual] = [randomFloats(n, random), randomFloats(m * n, random)];
    const stored = {
      a: transposeA ? transpose(a, m, k) : a,
      b: transposeB ? transpose(b, k, n) : b,
    };
    const want = referenceGemm(
      m,
      n,
      k,
      (i, p) => a[i * k + p]!,
      (p, j) => b[p * n + j]!,
    ).map((v, i) => v + bias[i % n]! + residual[i]!);
    for (const [name, kernels] of kinds) {
      const options = { data: stored.b, rows: k, cols: n, transposed: transposeB };
      const packed = packMatrix(kernels, options);
      const inputs = [stored.a, stored.b, bias, residual];
      const got = computeFloats(kernels, inputs, m * n, ([pa, pb, pBias, pResidual], c) =>
        planGemm(kernels, {
          ...{ a: pa!, c, m, n, k, transposeA, bias: pBias!, residual: pResidual! },
          ...(packs ? { b: packed } : { b: pb!, transposeB }),
        }),
      );
      packed.dispose();
      expect(largestDifference(got, want), name).toBeLessThan(sumTolerance(k + 2));
    }
  });
  fc.assert(property, { seed: 1, numRuns: 120 });
});

test("row distances, batches and accumulation leave the rest of the memory alone", async () => {
  const kernels = await loadKernels();
  const { arena } = kernels;
  const random = seededNumbers(2);
  const [m, n, k, count] = [7, 11, 13, 3];
  const [lda, ldc] = [k + 3, n + 5];
  const a = randomFloats(count * m * lda, random);
  const b = randomFloats(count * k * n, random);
  const before = randomFloats(count * m * ldc, random);
  const spec: GemmSpec = {
    a: arena.upload(a).ptr,
    b: arena.upload(b).ptr,
    c: arena.upload(before).ptr,
    ...{ m, n, k, lda, ldc, accumulate: true },
    batch: { count, strideA: m * lda, strideB: k * n, strideC: m * ldc },
  };
  kernels.run(planGemm(kernels, spec));
  const want = Float64Array.from(before);
  for (let batch = 0; batch < count; batch++) {
    const product = referenceGemm(
      m,
      n,
      k,
      (i, p) => a[batch * m * lda + i * lda + p]!,
      (p, j) => b[batch * k * n + p * n + j]!,
    );
    product.forEach((v, i) => {
      want[batch * m * ldc + Math.floor(i / n) * ldc + (i % n)]! += v;
    });
  }
  const got = arena.f32(spec.c, before.length);
  expect(largestDifference(got, want)).toBeLessThan(sumTolerance(k));
});

test("threads give the same bits as one", async () => {
  const one = await loadKernels();
  const two = await loadKernels({ threads: 2 });
  const random = seededNumbers(3);
  const [m, n, k] = [301, 77, 65];
  const data = randomFloats(k * n, random);
  const a = randomFloats(m * k, random);
  const [alone, together] = [one, two].map((kernels) => {
    const b = packMatrix(kernels, { data, rows: k, cols: n });
    return computeFloats(kernels, [a], m * n, ([pa], c) => {
      const plan = planGemm(kernels, { a: pa!, b, c, m, n, k, activation: { kind: "silu" } });
      expect(plan.jobs[0]!.units).toBeGreaterThan(2);
      return plan;
    });
  });
  expect(together).toEqual(alone);
  two.dispose();
});

test("activations follow bias and residual", async () => {
  const kernels = await loadKernels();
  const { arena } = kernels;
  const c = arena.allocate(16).ptr;
  const spec = {
    ...{ m: 2, n: 2, k: 1, c },
    a: arena.upload(new Float32Array([1, -2])).ptr,
    b: packMatrix(kernels, { data: new Float32Array([1, 2]), rows: 1, cols: 2 }),
    bias: arena.upload(new Float32Array([0.5, -3])).ptr,
  };
  kernels.run(planGemm(kernels, { ...spec, activation: { kind: "relu" } }));
  expect([...arena.f32(c, 4)]).toEqual([1.5, 0, 0, 0]);
  kernels.run(planGemm(kernels, { ...spec, activation: { kind: "clip", alpha: -2, beta: 1 } }));
  expect([...arena.f32(c, 4)]).toEqual([1, -1, -1.5, -2]);
  kernels.run(planGemm(kernels, { ...spec, activation: { kind: "leaky-relu", alpha: 0.5 } }));
  expect([...arena.f32(c, 4)]).toEqual([1.5, -0.5, -0.75, -3.5]);
  const scaled = { kind: "relu", scale: 2, shift: 1 } as const;
  kernels.run(planGemm(kernels, { ...spec, activation: scaled }));
  expect([...arena.f32(c, 4)]).toEqual([4, 1, 1, 1]);
});

test("NaN and infinity pass through", async () => {
  const kernels = await loadKernels();
  const { arena } = kernels;
  const c = arena.allocate(12).ptr;
  const a = arena.upload(new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, 1])).ptr;
  const b = packMatrix(kernels, { data: new Float32Array([1]), rows: 1, cols: 1 });
  kernels.run(planGemm(kernels, { a, b, c, m: 3, n: 1, k: 1, activation: { kind: "relu" } }));
  expect([...arena.f32(c, 3)]).toEqual([Number.NaN, Number.POSITIVE_INFINITY, 1]);
});

test("what does not fit is refused with a reason", async () => {
  const kernels = await loadKernels();
  const b = packMatrix(kernels, { data: new Float32Array(6), rows: 2, cols: 3 });
  const spec = { a: 65536, b, c: 65536, m: 2, n: 3, k: 2 };
  expect(() => planGemm(kernels, { ...spec, k: 3 })).toThrow(/packed as \[2, 3\].*needs \[3, 3\]/);
  expect(() => planGemm(kernels, { ...spec, m: 0 })).toThrow(/whole m from 1, got 0/);
  expect(() => planGemm(kernels, { ...spec, ldc: 2 })).toThrow(/ldc of at least 3, got 2/);
  expect(() => planGemm(kernels, { ...spec, transposeB: true })).toThrow(/for an unpacked B/);
  expect(() => packMatrix(kernels, { data: new Float32Array(5), rows: 2, cols: 3 })).toThrow(
    /2 x 3 = 6 values, got 5/,
  );
  expect(() => planGemm(kernels, { ...spec, n: 1.5 })).toThrow(ShapeError);
});
