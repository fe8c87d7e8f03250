import type { Allocation } from "../runtime/arena.js";
import type { Kernels } from "../runtime/load.js";
import { type RelaxedDotOperand, relaxedDotOperand } from "../runtime/relaxed-probe.js";

/**
 * How the products are formed.
 *
 * - `i16`: both operands widened to i16 with their zero points taken off, multiplied in pairs: exact
 *   on every engine;
 * - `dot-unsigned`, `dot-signed`: bytes, four at a time, by the relaxed dot product, on engines that
 *   were found to read all 8 bits of its second operand that way; the zero point of the activations
 *   enters by the column sums. Just as exact, and over twice as fast.
 */
export type Int8Path = "i16" | "dot-unsigned" | "dot-signed";

/** Weights of an int8 product in panels of 8 columns, in WebAssembly memory. */
export interface PackedInt8Weights {
  /** Byte address. */
  readonly ptr: number;
  readonly bytes: number;
  readonly path: Int8Path;
  readonly groups: number;
  readonly columnsPerGroup: number;
  /** Weights of a column after padding. */
  readonly depth: number;
  /** Panels of all groups together. */
  readonly panels: number;
  /** Sums of the packed weights of each column, 8 a panel; zeros for the path `i16`. */
  readonly columnSums: Int32Array;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** Values of A that one 32-bit step of a product takes. */
export function stepValues(path: Int8Path): 2 | 4 {
  return path === "i16" ? 2 : 4;
}

/**
 * The fastest path that is exact for these weights here.
 *
 * @param weights zero points taken off
 */
export function chooseInt8Path(
  kernels: Kernels,
  weights: Int16Array,
  dotOperand?: RelaxedDotOperand,
): Int8Path {
  if (kernels.variant !== "relaxed") return "i16";
  const operand = dotOperand ?? relaxedDotOperand();
  if (operand === "seven-bit") return "i16";
  for (const weight of weights) if (weight < -128 || weight > 127) return "i16";
  return operand === "unsigned" ? "dot-unsigned" : "dot-signed";
}

/**
 * Lays columns out in panels of 8: for each step of 2 (4) values, those of column 0, of column 1, ...
 *
 * @param columns [groups * columnsPerGroup, depth], zero points taken off
 * @param depth a multiple of the path's step
 */
export function packPanels(
  kernels: Kernels,
  columns: Int16Array,
  groups: number,
  columnsPerGroup: number,
  depth: number,
  path: Int8Path,
): PackedInt8Weights {
  const step = stepValues(path);
  const panelsPerGroup = Math.ceil(columnsPerGroup / 8);
  const panels = groups * panelsPerGroup;
  const columnSums = new Int32Array(panels * 8);
  const packed =
    path === "i16" ? new Int16Array(panels * 8 * depth) : new Int8Array(panels * 8 * depth);
  for (let panel = 0; panel < panels; panel++) {
    const group = Math.floor(panel / panelsPerGroup);
    const inGroup = (panel - group * panelsPerGroup) * 8;
    const count = Math.min(8, columnsPerGroup - inGroup);
    for (let i = 0; i < count; i++) {
      const source = (group * columnsPerGroup + inGroup + i) * depth;
      let at = panel * 8 * depth + i * step;
      let sum = 0;
      for (let k = 0; k < depth; k += step, at += 8 * step) {
        for (let j = 0; j < step; j++) {
          const weight = columns[source + k + j]!;
          packed[at + j] = weight;
          sum += weight;
        }
      }
      if (path !== "i16") columnSums[panel * 8 + i] = sum;
    }
  }
  const allocation: Allocation = kernels.arena.upload(packed);
  const { ptr, bytes, dispose } = allocation;
  const shape = { groups, columnsPerGroup, depth, panels };
  return { ptr, bytes, path, ...shape, columnSums, dispose, [Symbol.dispose]: dispose };
}
