import { ShapeError } from "@edgewright/core";
import type { Kernels, Plan } from "@edgewright/kernels";
import {
  joinPlans,
  type ProductShape,
  planProduct,
  productWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** a is [..., k, m]. @default false */
  readonly transposeA?: boolean;
  /** b is [..., n, k]. @default false */
  readonly transposeB?: boolean;
}

/** A matrix, or one for each of the batch, as a product reads or writes it. */
interface Factor {
  readonly value: Value;
  /** Whether the product takes it transposed. */
  readonly transposed: boolean;
}

const MATMUL: Operation<Required<MatmulOptions>, undefined> = {
  name: "matmul",
  outputShape([a, b], options) {
    const { leading, m, n } = sizesOf(a!, b!, options);
    return [...leading, m, n];
  },
  forward(build, { inputs: [a, b], options, outputShape }) {
    const output = build.value(outputShape);
    const left = { value: a!, transposed: options.transposeA };
    product(build, "matmul", left, { value: b!, transposed: options.transposeB }, output);
    return { output };
  },
  backward(build, { inputs: [a, b], gradient, needs, options: { transposeA, transposeB } }) {
    // With y = A B: dA = dy B^T and dB = A^T dy; of a stored transpose, both factors turned and swapped.
    const dy = { value: gradient, transposed: false };
    const dyT = { value: gradient, transposed: true };
    const da = needs[0] ? build.value(a!.shape) : undefined;
    if (da) {
      const name = "gradient of the first factor";
      if (transposeA) product(build, name, { value: b!, transposed: transposeB }, dyT, da);
      else product(build, name, dy, { value: b!, transposed: !transposeB }, da);
    }
    const db = needs[1] ? build.value(b!.shape) : undefined;
    if (db) {
      const name = "gradient of the second factor";
      if (transposeB) product(build, name, dyT, { value: a!, transposed: transposeA }, db);
      else product(build, name, { value: a!, transposed: !transposeA }, dy, db);
    }
    return [da, db];
  },
};

/**
 * Appends the step c = a b. Matrices without leading axes serve the whole batch; such a c is the sum over it.
 */
function product(build: ProgramBuilder, name: string, a: Factor, b: Factor, c: Value): void {
  const [m, n] = c.shape.slice(-2) as [number, number];
  const [rows, columns] = a.value.shape.slice(-2) as [number, number];
  const k = a.transposed ? rows : columns;
  const batchOf = (value: Value): number => elementsOf(value.shape.slice(0, -2));
  const strideOf = (value: Value): number =>
    value.shape.length === 2 ? 0 : elementsOf(value.shape.slice(-2));
  const count = Math.max(batchOf(a.value), batchOf(b.value));
  const shape = { m, n, k, transposeA: a.transposed, transposeB: b.transposed };
  const strides = { strideA: strideOf(a.value), strideB: strideOf(b.value), strideC: strideOf(c) };
  const addresses = (at: (value: Value) => number) => ({
    a: at(a.value),
    b: at(b.value),
    c: at(c),
  });
  const inPlace = a.transposed && !b.transposed;
  const step = { name, reads: [a.value, b.value], writes: [c] };
  if (strides.strideC === 0 && count > 1 && !inPlace) {
    build.step({
      ...step,
      workspaceBytes: productWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        sumOfProducts(kernels, shape, strides, count, { ...addresses(at), workspace }),
    });
    return;
  }
  // One matrix on the right: the rows of the batch are rows of one product.
  const flat = !a.transposed && strides.strideB === 0;
  const given: ProductShape = flat
    ? { ...shape, m: m * count }
    : { ...shape, batch: { count, ...strides } };
  build.step({
    ...step,
    workspaceBytes: productWorkspaceBytes(given),
    plan: (kernels, at, workspace) =>
      planProduct(kernels, { ...given, ...addresses(at), workspace }),
  });
}

function sumOfProducts(
  kernels: Kernels,
  shape: ProductShape,
  { strideA, strideB }: { readonly strideA: number; readonly strideB: number },
  count: number,
  at: { readonly a: number; readonly b: number; readonly c: number; readonly workspace: number },
): Plan {
  return joinPlans(
    Array.from({ length: count }, (_, i) => {
      const [a, b] = [at.a + i * strideA * 4, at.b + i * strideB * 4];
      return planProduct(kernels, { ...shape, ...at, a, b, accumulate: i > 0 });
    }),
  );
}

function sizesOf(
  a: readonly number[],
  b: readonly number[],
  { transposeA, transposeB }: Required<MatmulOptions>,
): { leading: readonly number[]; m: number; n: number } {
  const leading = a.slice(0, -2);
  const [rowsA, columnsA] = a.slice(-2) as [number, number];
  const [rowsB, columnsB] = b.slice(-2) as [number, number];
  const [m, kA] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA];
  const [kB, n] = transposeB ? [columnsB, rowsB] : [rowsB, columnsB];
  const shared = b.length === 2 || `${b.slice(0, -2)}` === `${leading}`;
  if (a.length < 2 || b.length < 2 || kA !== kB || !shared) {
    const [first, second] = [
      transposeA ? "[..., k, m]" : "[..., m, k]",
      transposeB ? "n, k" : "k, n",
    ];
    throw new ShapeError(
      `matmul: expected a ${first} and b [..., ${second}] or [${second}], got [${a}] and [${b}]`,
    );
  }
  return { leading, m, n };
}

/**
 * Matrix product of a [..., m, k] with b [..., k, n] of the same leading axes, or with one b [k, n].
 *
 * Each factor is kept for the backward pass if the other one needs a gradient.
 *
 * @throws ShapeError when the shapes do not fit.
 *
 * @example
 * ```ts
 * const tape = createTape();
 * const q = tape.input("q", [8, 64, 32]);
 * const k = tape.input("k", [8, 64, 32]);
 * const scores = matmul(q, k, { transposeB: true }); // [8, 64, 64]
 * ```
 */
export function matmul(a: Operand, b: Operand, options: MatmulOptions = {}): Variable {
  const { transposeA = false, transposeB = false } = options;
  return record(MATMUL, [a, b], { transposeA, transposeB });
}
