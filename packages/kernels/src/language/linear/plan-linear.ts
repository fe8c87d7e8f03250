import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { type LinearSize, linearDriverOf } from "./linear-driver.js";
import type { PackedLinear } from "./packed-linear.js";

/** A product of weights with rows of x for {@link planLinear}; addresses are bytes in the arena. */
export interface LinearSpec {
  /** From {@link packLinear}. */
  readonly weights: PackedLinear;
  /** Address of x, f32 [n, xStride], of which the first `weights.cols` of a row count. */
  readonly x: number;
  /** Address of y, f32 [n, yStride], of which the first `weights.rows` of a row are written. */
  readonly y: number;
  /** Rows of x and y. */
  readonly n: number;
  /** Elements from one row of x to the next. @default weights.cols */
  readonly xStride?: number;
  /** Elements from one row of y to the next. @default weights.rows */
  readonly yStride?: number;
  /** Width to compute at (`nested`, `binary-coded`). @default the largest */
  readonly bits?: number;
  /** Add the product to what y holds, as a residual connection does. @default false */
  readonly accumulate?: boolean;
  /** Address of `weights.rows` f32 values that are added to every row of y. */
  readonly bias?: number;
  /**
   * Address of {@link linearWorkspaceBytes} bytes, a multiple of 16, whose content need not survive from run to
   * run: plans may share it. @default the plan allocates its own
   */
  readonly workspace?: number;
  /**
   * Rounds each row of x to 8 bits as BitNet b1.58 was trained to: with s = 127 / max(|x|, 1e-5) to round(s x) /
   * s, and sums exactly (`ternary` only). @default false
   */
  readonly int8Activations?: boolean;
}

/**
 * Plans y = W x + bias for the n rows of x, or y += W x + bias.
 *
 * A row of y has the same bits whatever n is, whatever the other rows hold, and whatever the number of threads.
 * The builds with and without relaxed SIMD may differ from each other.
 *
 * Where weights are integers the plan rounds x first, each row by itself, with a scale for some columns by their
 * largest magnitude:
 * - `int8-channel` (at most 256 columns), `int8-group` (its groups): 8 bits;
 * - `int4-group` (its groups): 11 bits; in the relaxed build (at most 32 columns) 8 bits;
 * - `ternary` (256 columns): such that pairs of codes stay within 63, 6 to 7 bits; or `int8Activations`.
 *
 * Magnitudes below 1e-30 count as zero.
 *
 * @throws ShapeError for sizes out of range, EdgewrightError `invalid-argument` for addresses that are none and
 * options that the format does not have, UnsupportedError without the language extension.
 */
export function planLinear(kernels: Kernels, spec: LinearSpec): Plan {
  requireLanguage("planLinear", kernels);
  const { weights, n, xStride = weights.cols, yStride = weights.rows } = spec;
  const { bits, int8Activations = false } = spec;
  checkCounts("planLinear", { n, xStride, yStride }, 1);
  checkStrides(weights, xStride, yStride);
  checkOptions(spec);
  checkAddresses(spec);
  const driver = linearDriverOf("planLinear", weights.format);
  const needed =
    spec.workspace === undefined ? linearWorkspaceBytes({ ...weights, n, int8Activations }) : 0;
  const own = needed > 0 ? [kernels.arena.allocate(needed)] : [];
  const jobs = driver.jobs(kernels, {
    weights,
    x: spec.x,
    y: spec.y,
    n,
    xStrideBytes: xStride * 4,
    yStrideBytes: yStride * 4,
    bias: spec.bias ?? 0,
    accumulate: spec.accumulate ?? false,
    ...(bits === undefined ? {} : { bits }),
    int8Activations,
    workspace: spec.workspace ?? own[0]?.ptr ?? 0,
  });
  return createPlan(kernels.arena, jobs, own);
}

/** Bytes of workspace that {@link planLinear} needs for a product of these sizes; a {@link PackedLinear} has them. */
export function linearWorkspaceBytes(size: LinearSize): number {
  const { rows, cols, n } = size;
  checkCounts("linearWorkspaceBytes", { rows, cols, n }, 1);
  return linearDriverOf("linearWorkspaceBytes", size.format).workspaceBytes(size);
}

function checkStrides(weights: PackedLinear, xStride: number, yStride: number): void {
  if (xStride >= weights.cols && yStride >= weights.rows) return;
  throw new ShapeError(
    `planLinear: expected xStride from ${weights.cols} and yStride from ${weights.rows}, got ${xStride} and ${yStride}`,
  );
}

function checkOptions({ weights, bits, int8Activations }: LinearSpec): void {
  if (int8Activations === true && weights.format !== "ternary") {
    throw new EdgewrightError(
      "invalid-argument",
      `planLinear: int8Activations is for weights of format ternary, got ${weights.format}`,
    );
  }
  if (bits === undefined) return;
  const { seedBits, bits: most } = weights;
  if (seedBits === undefined || most === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `planLinear: weights of format ${weights.format} have one width, got bits ${bits}; leave it out`,
    );
  }
  if (!Number.isInteger(bits) || bits < seedBits || bits > most) {
    throw new EdgewrightError(
      "invalid-argument",
      `planLinear: expected bits from ${seedBits} to ${most}, got ${bits}`,
    );
  }
}

function checkAddresses(spec: LinearSpec): void {
  const { x, y, bias = 0, workspace = 0 } = spec;
  for (const [name, ptr, multiple] of [
    ["x", x, 4],
    ["y", y, 4],
    ["bias", bias, 4],
    ["workspace", workspace, 16],
  ] as const) {
    if (Number.isSafeInteger(ptr) && ptr >= 0 && ptr % multiple === 0 && ptr < 2 ** 32) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `planLinear: expected ${name} to be an address, a multiple of ${multiple}, got ${ptr}`,
    );
  }
}
