import { ShapeError } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  largestDifference,
  referenceGemm,
  sumTolerance,
} from "../../gemm/reference.test-support.js";
import { randomFloats, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { planBiasGradient } from "./plan-bias-gradient.js";
import {
  type ProductBatch,
  type ProductShape,
  planProduct,
  productWorkspaceBytes,
} from "./plan-product.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const upTo = (max: number): fc.Arbitrary<number> => fc.integer({ min: 1, max });

test("random products agree with the definition, in every build and split", () => {
  const shapes = fc.record({
    m: upTo(30),
    n: upTo(30),
    k: fc.oneof(upTo(20), fc.constantFrom(256, 300)),
    count: fc.constantFrom(1, 1, 2, 3),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    biased: fc.boolean(),
    accumulate: fc.boolean(),
    gaps: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)),
    shares: fc.constantFrom("none", "a", "b", "c"),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(shapes, ({ m, n, k, count, transposeA, transposeB, gaps, shares, ...rest }) => {
      const { biased, accumulate, seed } = rest;
      const random = seededNumbers(seed);
      const lda = (transposeA ? m : k) + gaps[0];
      const ldb = (transposeB ? k : n) + gaps[1];
      const ldc = n + gaps[2];
      const sizes = [(transposeA ? k : m) * lda, (transposeB ? n : k) * ldb, m * ldc] as const;
      // Only A^T B sums a batch.
      const sums = shares === "c" && transposeA && !transposeB && !biased;
      const batch = {
        count,
        strideA: shares === "a" ? 0 : sizes[0] + 1,
        strideB: shares === "b" ? 0 : sizes[1] + 2,
        strideC: sums ? 0 : sizes[2] + 3,
      };
      const a = randomFloats(count * (sizes[0] + 1), random);
      const b = randomFloats(count * (sizes[1] + 2), random);
      const bias = randomFloats(n, random);
      const before = randomFloats(count * (sizes[2] + 3), random);
      const want = Float64Array.from(before);
      for (let i = 0; i < count; i++) {
        const product = referenceGemm(
          ...[m, n, k],
          (row, p) => a[i * batch.strideA + (transposeA ? p * lda + row : row * lda + p)]!,
          (p, column) => b[i * batch.strideB + (transposeB ? column * ldb + p : p * ldb + column)]!,
        );
        product.forEach((sum, at) => {
          const column = at % n;
          const to = i * batch.strideC + Math.floor(at / n) * ldc + column;
          const keeps = accumulate || (sums && i > 0);
          want[to] = (keeps ? want[to]! : 0) + sum + (biased ? bias[column]! : 0);
        });
      }
      const shape = { m, n, k, transposeA, transposeB, ...(biased ? { bias: 1 } : {}), batch };
      const workspace = new Float32Array(productWorkspaceBytes(shape) / 4).fill(Number.NaN);
      const results = computeEverywhere(
        kinds,
        [a, b, bias, before, workspace],
        before.length,
        (kernels, [a, b, bias, before, workspace], c) => {
          const { arena } = kernels;
          arena.f32(c, want.length).set(arena.f32(before!, want.length));
          return planProduct(kernels, {
            ...{ ...shape, a: a!, b: b!, c, lda, ldb, ldc, accumulate, workspace: workspace! },
            ...(biased ? { bias: bias! } : {}),
          });
        },
      );
      for (const got of results) {
        expect(largestDifference(got, want)).toBeLessThan(sumTolerance(k * count + 2));
      }
    }),
    { seed: 21, numRuns: 200 },
  );
});

test("LeNet's linear layers, large enough to be shared by threads", () => {
  const random = seededNumbers(5);
  const x = randomFloats(64 * 400, random);
  const dy = randomFloats(64 * 120, random);
  const want = referenceGemm(
    ...([400, 120, 64] as const),
    (i, p) => x[p * 400 + i]!,
    (p, j) => dy[p * 120 + j]!,
  );
  const results = computeEverywhere(kinds, [x, dy], 400 * 120, (kernels, [a, b], c) =>
    planProduct(kernels, {
      ...{ a: a!, b: b!, c, m: 400, n: 120, k: 64, transposeA: true, workspace: 0 },
    }),
  );
  for (const got of results) {
    expect(largestDifference(got, want)).toBeLessThan(sumTolerance(64));
  }
});

test.each<[string, ProductShape, ProductBatch | undefined]>([
  ["columns", { m: 3, n: 600, k: 1000, transposeB: true }, undefined],
  ["columns, stored as they are", { m: 2, n: 601, k: 1000 }, undefined],
  [
    "products",
    { m: 3, n: 64, k: 3000 },
    { count: 5, strideA: 9000, strideB: 192000, strideC: 192 },
  ],
])("a large second operand is packed part by part: %s", (_, sizes, batch) => {
  const { m, n, k, transposeB = false } = sizes;
  const count = batch?.count ?? 1;
  const random = seededNumbers(8);
  const a = randomFloats(count * m * k, random);
  const b = randomFloats(count * k * n, random);
  const shape = { ...sizes, ...(batch && { batch }) };
  const bytes = productWorkspaceBytes(shape);
  expect(bytes).toBeLessThanOrEqual(2 ** 21);
  expect(bytes).toBeLessThan(b.byteLength);
  const want = Array.from({ length: count }, (_, i) => [
    ...referenceGemm(
      ...[m, n, k],
      (row, p) => a[(i * m + row) * k + p]!,
      (p, j) => b[i * k * n + (transposeB ? j * k + p : p * n + j)]!,
    ),
  ]).flat();
  const workspace = new Float32Array(bytes / 4).fill(Number.NaN);
  const results = computeEverywhere(
    kinds,
    [a, b, workspace],
    want.length,
    (kernels, [a, b, workspace], c) =>
      planProduct(kernels, { ...shape, a: a!, b: b!, c, workspace: workspace! }),
  );
  for (const got of results) {
    expect(largestDifference(got, want)).toBeLessThan(sumTolerance(k));
  }
});

test("bias gradients are sums of columns, of all or of some", () => {
  const shapes = fc.record({
    rows: fc.oneof(upTo(20), fc.constantFrom(511, 600)),
    cols: upTo(75),
    picks: fc.array(fc.nat(74)),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(shapes, ({ rows, cols, picks, seed }) => {
      const random = seededNumbers(seed);
      const dy = randomFloats(rows * cols, random);
      const before = randomFloats(cols, random);
      const some = [...new Set(picks.map((pick) => pick % cols))].sort((a, b) => a - b);
      const channels = some.length > 0 ? some : undefined;
      const accumulate = seed % 2 === 0;
      const want = (channels ?? Array.from({ length: cols }, (_, j) => j)).map((column, j) => {
        let sum = accumulate ? before[j]! : 0;
        for (let row = 0; row < rows; row++) sum += dy[row * cols + column]!;
        return sum;
      });
      const results = computeEverywhere(
        kinds,
        [dy, before],
        want.length,
        (kernels, [dy, before], db) => {
          const { arena } = kernels;
          arena.f32(db, want.length).set(arena.f32(before!, want.length));
          return planBiasGradient(kernels, {
            ...{ dy: dy!, rows, cols, db, accumulate },
            ...(channels === undefined ? {} : { channels }),
          });
        },
      );
      for (const got of results) {
        expect(largestDifference(got, want)).toBeLessThan(sumTolerance(rows + 1));
      }
    }),
    { seed: 22, numRuns: 100 },
  );
});

test("what does not fit is refused with a reason", () => {
  const spec = { a: 0, b: 0, c: 0, m: 2, n: 3, k: 4, workspace: 0 };
  expect(() => planProduct(kernels, { ...spec, m: 0 })).toThrow(
    "planProduct: expected m to be a whole number from 1, got 0",
  );
  expect(() => planProduct(kernels, { ...spec, ldb: 2 })).toThrow(
    "planProduct: expected ldb of at least 3, got 2",
  );
  const batch = { count: 2, strideA: 8, strideB: 12, strideC: 0 };
  expect(() => planProduct(kernels, { ...spec, batch })).toThrow("sums a batch, for transposeA");
  expect(() => planBiasGradient(kernels, { dy: 0, rows: 0, cols: 1, db: 0 })).toThrow(ShapeError);
  const some = { dy: 0, rows: 1, cols: 4, db: 0, channels: [1, 0] };
  expect(() => planBiasGradient(kernels, some)).toThrow(
    "planBiasGradient: expected channels to ascend within 0 to 3, got 0 at 1",
  );
});
