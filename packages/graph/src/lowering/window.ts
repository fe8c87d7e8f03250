import { ShapeError } from "@edgewright/core";
import type { Node } from "../model/model.js";
import { intsAttribute, stringAttribute } from "../operators/node-attributes.js";

/** A sliding window over images; a sequence [n, c, length] is an image of height 1. */
export interface Window {
  readonly n: number;
  readonly c: number;
  readonly h: number;
  readonly w: number;
  readonly kernel: readonly [height: number, width: number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly [top: number, left: number, bottom: number, right: number];
}

/**
 * Reads strides, dilations and padding of a convolution or a pooling over 1 or 2 spatial axes.
 *
 * @param output spatial sizes of the output, which say how `auto_pad` pads
 * @returns `undefined` for other ranks.
 */
export function readWindow(
  node: Node,
  input: readonly number[],
  kernelShape: readonly number[],
  output: readonly number[],
): Window | undefined {
  const spatial = input.length - 2;
  if (spatial < 1 || spatial > 2 || kernelShape.length !== spatial) return undefined;
  const strides = intsAttribute(node, "strides") ?? new Array<number>(spatial).fill(1);
  const dilations = intsAttribute(node, "dilations") ?? new Array<number>(spatial).fill(1);
  const given = intsAttribute(node, "pads") ?? new Array<number>(2 * spatial).fill(0);
  if (
    strides.length !== spatial ||
    dilations.length !== spatial ||
    given.length !== 2 * spatial ||
    strides.some((s) => s < 1) ||
    dilations.some((d) => d < 1)
  ) {
    throw new ShapeError(
      `${node.opType} "${node.name}": strides, dilations and pads must fit ${spatial} spatial axes`,
      { where: node.name },
    );
  }
  const mode = stringAttribute(node, "auto_pad", "NOTSET");
  const begins = given.slice(0, spatial);
  const ends = given.slice(spatial);
  for (let axis = 0; axis < spatial; axis++) {
    if (mode === "VALID") begins[axis] = ends[axis] = 0;
    else if (mode === "SAME_UPPER" || mode === "SAME_LOWER") {
      const span = (kernelShape[axis]! - 1) * dilations[axis]! + 1;
      const total = Math.max(0, (output[axis]! - 1) * strides[axis]! + span - input[axis + 2]!);
      begins[axis] = mode === "SAME_UPPER" ? total >> 1 : total - (total >> 1);
      ends[axis] = total - begins[axis]!;
    }
  }
  const [n, c] = [input[0]!, input[1]!];
  if (spatial === 1) {
    return {
      n,
      c,
      h: 1,
      w: input[2]!,
      kernel: [1, kernelShape[0]!],
      strides: [1, strides[0]!],
      dilations: [1, dilations[0]!],
      pads: [0, begins[0]!, 0, ends[0]!],
    };
  }
  return {
    n,
    c,
    h: input[2]!,
    w: input[3]!,
    kernel: [kernelShape[0]!, kernelShape[1]!],
    strides: [strides[0]!, strides[1]!],
    dilations: [dilations[0]!, dilations[1]!],
    pads: [begins[0]!, begins[1]!, ends[0]!, ends[1]!],
  };
}
