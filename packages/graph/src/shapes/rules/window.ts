import type { Dim } from "../../model/model.js";
import { intAttribute, intsAttribute, stringAttribute } from "../../operators/node-attributes.js";
import { addDims, ceilDivideDim, floorDivideDim } from "../dim-arithmetic.js";
import { invalidNode, type RuleContext, shapeMismatch } from "../shape-rule.js";

/** Sliding-window attributes that convolutions and pools share, one entry an axis. */
export interface WindowAttributes {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padBegin: readonly number[];
  readonly padEnd: readonly number[];
  readonly autoPad: string;
  readonly ceilMode: boolean;
}

/**
 * Reads and checks `kernel_shape`, `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode`.
 *
 * @param kernelFallback Sizes to use when `kernel_shape` is absent.
 * @throws ValidationError for sizes below 1, negative padding sums and lists of the wrong length.
 */
export function windowAttributes(
  rank: number,
  kernelFallback: readonly number[] | undefined,
  context: RuleContext,
): WindowAttributes {
  const { node } = context;
  const kernel = intsAttribute(node, "kernel_shape") ?? kernelFallback;
  if (kernel === undefined) throw invalidNode(context, `attribute "kernel_shape" is missing`);
  const strides = intsAttribute(node, "strides") ?? new Array<number>(rank).fill(1);
  const dilations = intsAttribute(node, "dilations") ?? new Array<number>(rank).fill(1);
  const pads = intsAttribute(node, "pads") ?? new Array<number>(2 * rank).fill(0);
  checkSizes("kernel_shape", kernel, rank, context);
  checkSizes("strides", strides, rank, context);
  checkSizes("dilations", dilations, rank, context);
  if (pads.length !== 2 * rank || !pads.every(Number.isSafeInteger)) {
    throw invalidNode(context, `attribute "pads" must hold ${2 * rank} integers, got [${pads}]`);
  }
  return {
    kernel,
    strides,
    dilations,
    padBegin: pads.slice(0, rank),
    padEnd: pads.slice(rank),
    autoPad: stringAttribute(node, "auto_pad", "NOTSET"),
    ceilMode: intAttribute(node, "ceil_mode", 0) !== 0,
  };
}

function checkSizes(
  name: string,
  sizes: readonly number[],
  rank: number,
  context: RuleContext,
): void {
  if (sizes.length === rank && sizes.every((size) => Number.isSafeInteger(size) && size >= 1)) {
    return;
  }
  throw invalidNode(
    context,
    `attribute "${name}" must hold ${rank} integers of at least 1, got [${sizes.join(", ")}]`,
  );
}

/**
 * Sizes after sliding the window over `spatial`: `floor((size + pads - extent) / stride) + 1`, or
 * `ceil(size / stride)` for the SAME paddings.
 *
 * @throws ShapeError when the window is larger than the padded input.
 */
export function slideWindow(
  spatial: readonly Dim[],
  window: WindowAttributes,
  context: RuleContext,
): Dim[] {
  return spatial.map((size, axis) => {
    const stride = window.strides[axis]!;
    if (window.autoPad === "SAME_UPPER" || window.autoPad === "SAME_LOWER") {
      return ceilDivideDim(size, stride);
    }
    const isValid = window.autoPad === "VALID";
    if (!isValid && window.autoPad !== "NOTSET" && window.autoPad !== "") {
      throw invalidNode(context, `attribute "auto_pad" has the unknown value "${window.autoPad}"`);
    }
    const begin = isValid ? 0 : window.padBegin[axis]!;
    const end = isValid ? 0 : window.padEnd[axis]!;
    const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
    if (typeof size === "number" && size + begin + end < extent) {
      throw shapeMismatch(
        context,
        `a window of extent ${extent} does not fit into axis ${axis + 2} of size ${size} padded by ${begin} and ${end}`,
      );
    }
    const room = addDims(size, begin + end - extent);
    if (!window.ceilMode) return addDims(floorDivideDim(room, stride), 1);
    const count = addDims(ceilDivideDim(room, stride), 1);
    // A last window that would start in the padding behind the input is dropped.
    const startsInside =
      typeof count !== "number" || typeof size !== "number" || (count - 1) * stride < size + begin;
    return startsInside ? count : addDims(count, -1);
  });
}
