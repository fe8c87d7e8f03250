import { ShapeError } from "@edgewright/core";
import type { Activation } from "../activation/activation.js";
import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { type PackedMatrix, packedFloats } from "./pack-matrix.js";
import { segmentProductJob } from "./segment-product.js";

/** A matrix product for {@link planGemm}; addresses are bytes in the arena, distances floats. */
export interface GemmSpec {
  /** Address of A, [m, k], or [k, m] with `transposeA`. */
  readonly a: number;
  /** B: packed once by {@link packMatrix}, or an address of [k, n] that every run packs anew. */
  readonly b: PackedMatrix | number;
  /** Address of C, [m, n]. */
  readonly c: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** From one stored row of A to the next. @default its columns */
  readonly lda?: number;
  /** From one stored row of an unpacked B to the next. @default its columns */
  readonly ldb?: number;
  /** From one row of C (and of the residual) to the next. @default n */
  readonly ldc?: number;
  /** @default false */
  readonly transposeA?: boolean;
  /** B is stored as [n, k]; for an unpacked B only. @default false */
  readonly transposeB?: boolean;
  /** Address of n values added to every row. */
  readonly bias?: number;
  /** Address of [m, n], added before the activation; rows as far apart as those of C. */
  readonly residual?: number;
  /** Applied last. @default identity */
  readonly activation?: Activation;
  /** Many products of this shape; distances from one to the next, 0 to share an operand. */
  readonly batch?: GemmBatch;
  /** Adds to C what it held. Excludes `residual`. @default false */
  readonly accumulate?: boolean;
}

/** A batch of products of one shape. */
export interface GemmBatch {
  readonly count: number;
  readonly strideA: number;
  /** Of an unpacked B; a packed one is shared by the batch. */
  readonly strideB: number;
  readonly strideC: number;
  /** @default strideC */
  readonly strideResidual?: number;
}

/**
 * Plans C = activation(A B + bias + residual) in 32-bit floats.
 *
 * @throws ShapeError when dimensions are not whole numbers from 1 or do not fit.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const b = packMatrix(kernels, { data: new Float32Array([1, 2, 3, 4]), rows: 2, cols: 2 });
 * const a = kernels.arena.upload(new Float32Array([1, 0, 0, 1]));
 * const c = kernels.arena.allocate(16);
 * const plan = planGemm(kernels, { a: a.ptr, b, c: c.ptr, m: 2, n: 2, k: 2 });
 * kernels.run(plan);
 * kernels.arena.f32(c.ptr, 4); // 1, 2, 3, 4
 * ```
 */
export function planGemm(kernels: Kernels, spec: GemmSpec): Plan {
  checkGemm(spec);
  const { m, n, k, transposeA = false, transposeB = false } = spec;
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = spec;
  const count = spec.batch?.count ?? 1;
  let strideA = spec.batch?.strideA ?? 0;
  const strideC = spec.batch?.strideC ?? 0;
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];

  let a = spec.a;
  let rowStep = lda;
  if (transposeA && m > 1 && k > 1) {
    const copies = strideA === 0 ? 1 : count;
    const copy = kernels.arena.allocate(copies * m * k * 4);
    own.push(copy);
    jobs.push({
      kernel: "transpose_matrix_f32",
      params: [a, copy.ptr, k, lda * 4, m, strideA * 4, m * k * 4],
      units: copies * m,
      grain: Math.ceil(4096 / k),
    });
    a = copy.ptr;
    rowStep = k;
    strideA = strideA === 0 ? 0 : m * k;
  } else if (transposeA) rowStep = k === 1 ? 1 : lda;

  let b = typeof spec.b === "number" ? spec.b : spec.b.ptr;
  let strideB = 0;
  if (typeof spec.b === "number") {
    const given = spec.batch?.strideB ?? 0;
    const copies = given === 0 ? 1 : count;
    const size = packedFloats(k, n);
    const packed = kernels.arena.allocate(copies * size * 4);
    own.push(packed);
    const [kStep, nStep] = transposeB ? [4, ldb * 4] : [ldb * 4, 4];
    jobs.push({
      kernel: "pack_panels_f32",
      params: [b, packed.ptr, k, n, kStep, nStep, given * 4, size * 4],
      units: copies * Math.ceil(n / 8),
      grain: Math.ceil(1024 / k),
    });
    b = packed.ptr;
    strideB = given === 0 ? 0 : size;
  }

  const residualStride = spec.batch?.strideResidual ?? strideC;
  jobs.push(
    segmentProductJob(
      kernels,
      {
        a,
        b,
        c: spec.c,
        bias: spec.bias,
        residual: spec.accumulate ? spec.c : spec.residual,
        m,
        n,
        segmentLength: transposeA && m === 1 && lda !== 1 ? 1 : k,
        segmentOffsets:
          transposeA && m === 1 && lda !== 1 ? Array.from({ length: k }, (_, i) => i * lda) : [0],
        rowStep,
        cStep: ldc,
        products: {
          inner: count,
          outer: 1,
          a: [strideA, 0],
          b: strideB,
          c: [strideC, 0],
          residual: [spec.accumulate ? strideC : residualStride, 0],
          bias: 0,
        },
        activation: spec.activation,
      },
      own,
    ),
  );
  return createPlan(kernels.arena, jobs, own);
}

function checkGemm(spec: GemmSpec): void {
  const { m, n, k, b, transposeA = false, transposeB = false } = spec;
  for (const [name, size] of Object.entries({ m, n, k, "batch.count": spec.batch?.count ?? 1 })) {
    if (!Number.isInteger(size) || size < 1) {
      throw new ShapeError(`planGemm: expected a whole ${name} from 1, got ${size}`);
    }
  }
  if (typeof b !== "number") {
    if (b.k !== k || b.n !== n) {
      throw new ShapeError(
        `planGemm: B was packed as [${b.k}, ${b.n}], the product needs [${k}, ${n}]`,
      );
    }
    if (transposeB || spec.batch?.strideB) {
      throw new ShapeError(
        "planGemm: transposeB and batch.strideB are for an unpacked B; " +
          "pack with `transposed`, or pass its address",
      );
    }
  }
  const least = { lda: transposeA ? m : k, ldb: transposeB ? k : n, ldc: n };
  for (const name of ["lda", "ldb", "ldc"] as const) {
    const given = spec[name];
    if (given !== undefined && !(Number.isInteger(given) && given >= least[name])) {
      throw new ShapeError(`planGemm: expected ${name} of at least ${least[name]}, got ${given}`);
    }
  }
  if (spec.accumulate && spec.residual !== undefined) {
    throw new ShapeError("planGemm: accumulate and residual exclude each other");
  }
}
