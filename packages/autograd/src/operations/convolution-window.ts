import { ShapeError } from "@edgewright/core";
import { convOutputSize, type Pads, type Pair } from "@edgewright/kernels";
import { type PadsOption, resolvePads } from "./resolve-pads.js";

/** How the kernel of a convolution moves over an image. */
export interface ConvolutionWindow {
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default "valid" */
  readonly pads?: PadsOption;
}

/** A {@link ConvolutionWindow} in numbers, and the size of what it makes. */
export interface ResolvedWindow {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pads: Pads;
  readonly outputSize: Pair;
}

/**
 * Fills in defaults and padding.
 *
 * @throws ShapeError naming the operation for numbers that are not whole or too small, and for a kernel that
 * does not fit into the image.
 */
export function resolveWindow(
  operation: string,
  [h, w]: Pair,
  kernel: Pair,
  window: ConvolutionWindow,
): ResolvedWindow {
  const { strides = [1, 1], dilations = [1, 1] } = window;
  const pads = resolvePads(window.pads ?? "valid", [h, w], { kernel, strides, dilations });
  const whole = (values: readonly number[], least: number): boolean =>
    values.every((value) => Number.isInteger(value) && value >= least);
  if (!whole([...strides, ...dilations], 1) || !whole(pads, 0)) {
    throw new ShapeError(
      `${operation}: expected whole strides and dilations from 1 and pads from 0, got strides [${strides}], ` +
        `dilations [${dilations}] and pads [${pads}]`,
    );
  }
  const outputSize: Pair = [
    convOutputSize(h, kernel[0], strides[0], dilations[0], pads[0], pads[2]),
    convOutputSize(w, kernel[1], strides[1], dilations[1], pads[1], pads[3]),
  ];
  if (outputSize.includes(0)) {
    throw new ShapeError(
      `${operation}: a ${kernel[0]} x ${kernel[1]} kernel with dilations [${dilations}] does not fit into ` +
        `${h} x ${w} pixels with pads [${pads}]`,
    );
  }
  return { strides, dilations, pads, outputSize };
}
