import { ShapeError } from "@edgewright/core";
import { packedFloats } from "../../gemm/pack-matrix.js";
import { type SegmentProduct, segmentProductJob } from "../../gemm/segment-product.js";
import type { Allocation } from "../../runtime/arena.js";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { columnProductJob } from "./column-product.js";

/** The shape of a matrix product C = A B; either operand may be stored transposed. */
export interface ProductShape {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** A is stored as [k, m]. @default false */
  readonly transposeA?: boolean;
  /** B is stored as [n, k]. @default false */
  readonly transposeB?: boolean;
  /** Address of n values added to every row of C. */
  readonly bias?: number;
  /** Many products of this shape. */
  readonly batch?: ProductBatch;
}

/** A batch of products of one shape: floats from one operand to the next, 0 to share an operand. */
export interface ProductBatch {
  readonly count: number;
  readonly strideA: number;
  readonly strideB: number;
  /** 0 sums the products of the batch into one C; with `transposeA` alone. */
  readonly strideC: number;
}

/** A matrix product for {@link planProduct}; addresses are bytes in the arena, distances floats. */
export interface ProductSpec extends ProductShape {
  /** Address of A, [m, k], or [k, m] with `transposeA`. */
  readonly a: number;
  /** Address of B, [k, n], or [n, k] with `transposeB`. */
  readonly b: number;
  /** Address of C, [m, n]. */
  readonly c: number;
  /** From one stored row of A to the next. @default its columns */
  readonly lda?: number;
  /** From one stored row of B to the next. @default its columns */
  readonly ldb?: number;
  /** From one row of C to the next. @default n */
  readonly ldc?: number;
  /** Adds to what C holds. @default false */
  readonly accumulate?: boolean;
  /** Address of {@link productWorkspaceBytes} bytes, which other plans may use in between. */
  readonly workspace: number;
}

/**
 * Plans C = A B + bias in 32-bit floats, for operands that change between runs: y = x W forward, dx = dy W^T and
 * dW = x^T dy backward. A^T B reads both operands in place; otherwise a run packs B into the workspace.
 *
 * The bits of the result do not depend on the number of threads.
 *
 * @throws ShapeError when sizes are not whole numbers from 1 or do not fit, UnsupportedError without the
 * training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const a = kernels.arena.upload(new Float32Array([1, 2, 3, 4])); // [2, 2]
 * const c = kernels.arena.allocate(16);
 * const shape = { m: 2, n: 2, k: 2, transposeA: true };
 * const workspace = kernels.arena.allocate(productWorkspaceBytes(shape)).ptr;
 * kernels.run(planProduct(kernels, { ...shape, a: a.ptr, b: a.ptr, c: c.ptr, workspace }));
 * kernels.arena.f32(c.ptr, 4); // 10, 14, 14, 20
 * ```
 */
export function planProduct(kernels: Kernels, spec: ProductSpec): Plan {
  requireTraining("planProduct", kernels);
  checkProduct(spec);
  const own: Allocation[] = [];
  const jobs = readsInPlace(spec)
    ? [columnJob(kernels, spec, own)]
    : packedJobs(kernels, spec, own);
  return createPlan(kernels.arena, jobs, own);
}

/**
 * Bytes of workspace that {@link planProduct} takes: B packed, 2 MiB of it at a time where it is larger; none for
 * A^T B without bias.
 */
export function productWorkspaceBytes(shape: ProductShape): number {
  const { packed, transposed } = workspaceFloats(shape);
  return (packed + transposed) * 4;
}

function readsInPlace({ transposeA = false, transposeB = false, bias }: ProductShape): boolean {
  return transposeA && !transposeB && bias === undefined;
}

/** Packed floats in work together: a larger B is packed and multiplied a part after the other. */
const MOST_FLOATS = 2 ** 19;

/** Columns of B that are packed at a time or, of a batch with a B each, products. */
function partOf({ n, k, batch }: ProductShape): { columns: number; products: number } {
  const count = batch?.count ?? 1;
  if (batch?.strideB) {
    const products = Math.max(1, Math.floor(MOST_FLOATS / packedFloats(k, n)));
    return { columns: n, products: Math.min(products, count) };
  }
  const columns = Math.max(1, Math.floor(MOST_FLOATS / (8 * k))) * 8;
  return { columns: Math.min(columns, n), products: count };
}

function workspaceFloats(shape: ProductShape): { packed: number; transposed: number } {
  if (readsInPlace(shape)) return { packed: 0, transposed: 0 };
  const { m, k, batch } = shape;
  const { columns, products } = partOf(shape);
  return {
    packed: (batch?.strideB ? products : 1) * packedFloats(k, columns),
    transposed: shape.transposeA ? (batch?.strideA ? batch.count : 1) * m * k : 0,
  };
}

function columnJob(kernels: Kernels, spec: ProductSpec, own: Allocation[]): JobSpec {
  const { a, b, c, m, n, k, lda = m, ldb = n, ldc = n, batch, accumulate = false } = spec;
  const sums = batch !== undefined && batch.strideC === 0;
  const images = sums ? batch.count : 1;
  const between = [batch?.strideA ?? 0, batch?.strideB ?? 0] as const;
  const products = {
    count: batch?.count ?? 1,
    a: between[0],
    b: between[1],
    c: batch?.strideC ?? 0,
  };
  return columnProductJob(
    kernels,
    {
      ...{ a, b, c, runRows: m, columns: n, cRow: ldc, images, height: 1, width: k, accumulate },
      runs: [{ offset: 0, top: 0, bottom: 1, left: 0, right: k }],
      aSteps: [sums ? between[0] : 0, 0, lda],
      bSteps: [sums ? between[1] : 0, 0, ldb],
      ...(sums ? {} : { products }),
    },
    own,
  );
}

function packedJobs(kernels: Kernels, spec: ProductSpec, own: Allocation[]): JobSpec[] {
  const { m, n, k, transposeA = false, transposeB = false, batch } = spec;
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = spec;
  const { count = 1, strideA = 0, strideB = 0, strideC = 0 } = batch ?? {};
  const jobs: JobSpec[] = [];
  let a = { address: spec.a, rowStep: lda, stride: strideA };
  if (transposeA) {
    const address = spec.workspace + workspaceFloats(spec).packed * 4;
    jobs.push({
      kernel: "transpose_matrix_f32",
      params: [spec.a, address, k, lda * 4, m, strideA * 4, m * k * 4],
      units: (strideA === 0 ? 1 : count) * m,
      grain: Math.ceil(4096 / k),
    });
    a = { address, rowStep: k, stride: strideA === 0 ? 0 : m * k };
  }
  const part = partOf(spec);
  const bColumn = transposeB ? ldb : 1;
  for (let product = 0; product < count; product += part.products) {
    for (let column = 0; column < n; column += part.columns) {
      const offsetC = product * strideC + column;
      const at = {
        b: spec.b + (product * strideB + column * bColumn) * 4,
        a: a.address + product * a.stride * 4,
        c: spec.c + offsetC * 4,
        bias: spec.bias === undefined ? undefined : spec.bias + column * 4,
      };
      const columns = Math.min(part.columns, n - column);
      const products = Math.min(part.products, count - product);
      const size = packedFloats(k, columns);
      const panels = Math.ceil(columns / 8);
      const packing: JobSpec = {
        kernel: "pack_taps_f32",
        params: [
          ...[at.b, spec.workspace, columns, 1, 1, k, 0, 0],
          ...(transposeB ? [4, ldb * 4] : [ldb * 4, 4]),
          ...[strideB * 4, size * 4, panels],
        ],
        units: (strideB === 0 ? 1 : products) * panels,
        grain: Math.ceil(2048 / k),
      };
      const multiplied: SegmentProduct = {
        ...{ a: at.a, b: spec.workspace, c: at.c, bias: at.bias, m, n: columns },
        ...{ rowStep: a.rowStep, cStep: ldc, segmentLength: k, segmentOffsets: [0] },
        residual: spec.accumulate ? at.c : undefined,
        products: {
          ...{ inner: products, outer: 1, b: strideB === 0 ? 0 : size, bias: 0 },
          ...{ a: [a.stride, 0], c: [strideC, 0], residual: [strideC, 0] },
        },
      };
      jobs.push(packing, segmentProductJob(kernels, multiplied, own));
    }
  }
  return jobs;
}

function checkProduct(spec: ProductSpec): void {
  const { m, n, k, transposeA = false, transposeB = false, batch } = spec;
  checkCounts("planProduct", { m, n, k, "batch.count": batch === undefined ? 1 : batch.count }, 1);
  checkExtents("planProduct", { A: [m, k], B: [k, n], C: [m, n] });
  if (batch !== undefined) {
    const { strideA, strideB, strideC } = batch;
    checkCounts("planProduct", { strideA, strideB, strideC }, 0);
  }
  const least = { lda: transposeA ? m : k, ldb: transposeB ? k : n, ldc: n };
  for (const name of ["lda", "ldb", "ldc"] as const) {
    const given = spec[name];
    if (given === undefined) continue;
    if (!Number.isInteger(given) || given < least[name] || given >= 2 ** 31) {
      throw new ShapeError(
        `planProduct: expected ${name} of at least ${least[name]}, got ${given}`,
      );
    }
  }
  if (batch !== undefined && batch.count > 1 && batch.strideC === 0 && !readsInPlace(spec)) {
    throw new ShapeError(
      "planProduct: batch.strideC of 0 sums a batch, for transposeA alone and without bias; " +
        "give the distance between the results",
    );
  }
}
