import { UnsupportedError } from "@edgewright/core";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels, KernelVariant } from "../../runtime/load.js";
import { binaryCodedDriver } from "../nested/binary-coded-linear.js";
import { nestedDriver } from "../nested/nested-linear.js";
import { f32Driver, halfDriver } from "./float-linear.js";
import { int4Driver } from "./int4-linear.js";
import { int8Driver } from "./int8-linear.js";
import type { LinearPacking } from "./linear-packing.js";
import type { LinearFormat, LinearWeights, PackedLinear } from "./packed-linear.js";
import { ternaryDriver } from "./ternary-linear.js";

/** Sizes of a product: what its workspace depends on. */
export interface LinearSize {
  readonly format: LinearFormat;
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** Rows of x. */
  readonly n: number;
  /** Columns that share a scale, where the format has groups. @default the whole row */
  readonly groupSize?: number;
  /** BitNet's rounding of x (`ternary`). @default false */
  readonly int8Activations?: boolean;
}

/** A checked product: what a format's driver makes jobs of. Addresses are bytes in the arena. */
export interface LinearRequest {
  readonly weights: PackedLinear;
  readonly x: number;
  readonly y: number;
  readonly n: number;
  /** Bytes from one row of x to the next. */
  readonly xStrideBytes: number;
  /** Bytes from one row of y to the next. */
  readonly yStrideBytes: number;
  /** 0: none. */
  readonly bias: number;
  readonly accumulate: boolean;
  readonly bits?: number;
  readonly int8Activations: boolean;
  /** At least `workspaceBytes` bytes; 0 where none are needed. */
  readonly workspace: number;
}

/** How the products of a group of formats are computed. */
export interface LinearDriver {
  /**
   * Begins to pack `rows` rows of `cols` columns, which come in matrices of the same format as `like`.
   *
   * @throws EdgewrightError for sizes that do not fit one another, and when parts are appended for data that do not
   * fit the shape or cannot be packed.
   */
  pack(kernels: Kernels, like: LinearWeights, rows: number, cols: number): LinearPacking;
  /** Bytes that packed weights take in a build. */
  weightBytes(like: LinearWeights, rows: number, cols: number, variant: KernelVariant): number;
  /** Bytes for prepared activations, of either build. */
  workspaceBytes(size: LinearSize): number;
  /** The jobs of a product, in order. */
  jobs(kernels: Kernels, request: LinearRequest): JobSpec[];
}

/**
 * The driver of a format.
 *
 * @throws UnsupportedError for a format that has none.
 */
export function linearDriverOf(where: string, format: LinearFormat): LinearDriver {
  switch (format) {
    case "f32":
      return f32Driver;
    case "f16":
    case "bf16":
      return halfDriver;
    case "int8-channel":
    case "int8-group":
      return int8Driver;
    case "int4-group":
      return int4Driver;
    case "ternary":
      return ternaryDriver;
    case "binary-coded":
      return binaryCodedDriver;
    case "nested":
      return nestedDriver;
    default:
      throw new UnsupportedError(
        `${where}: no product for weights of format ${String(format)}; unpack them to f32 first`,
      );
  }
}
