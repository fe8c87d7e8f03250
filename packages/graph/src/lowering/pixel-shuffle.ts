import type { Tensor } from "@edgewright/core";
import {
  type Activation,
  packMatrix,
  planGemm,
  planTranspose,
  planUnary,
} from "@edgewright/kernels";
import { floatsOf, type Lowering, type LoweringRequest } from "./lowering.js";
import type { Window } from "./window.js";

/** Columns from which a product fills its tiles, so that the general kernel wastes nothing. */
const FULL_TILE = 16;

/**
 * Whether a transposed convolution turns every input pixel into a block of output pixels of its own, and
 * so few of them that a kernel which computes them tap by tap would run nearly empty.
 */
export function isPixelShuffle(
  { kernel, strides, dilations, pads }: Window,
  outputChannels: number,
  groups: number,
  outputPads: readonly number[],
): boolean {
  return (
    groups === 1 &&
    outputChannels * kernel[1] < FULL_TILE &&
    kernel[0] === strides[0] &&
    kernel[1] === strides[1] &&
    dilations.every((dilation) => dilation === 1) &&
    [...pads, ...outputPads].every((pad) => pad === 0)
  );
}

/** One product for all taps, whose columns are then put in their places. */
export function lowerPixelShuffle(
  request: LoweringRequest,
  weights: Tensor,
  window: Window,
  activation: Activation | undefined,
): Lowering {
  const { kernels, inputs } = request;
  const { n, h, w, c, kernel } = window;
  const [kh, kw] = kernel;
  const oc = weights.shape[1]!;
  const columns = kh * kw * oc;
  const packed = request.keep(weights, "pixel shuffle", () =>
    packMatrix(kernels, { data: reorder(weights), rows: c, cols: columns }),
  );
  const bias = inputs[2]?.constant;
  const biasAt =
    bias &&
    request.keep(bias, `repeated ${kh * kw}`, () => {
      const data = new Float32Array(columns);
      for (let tap = 0; tap < kh * kw; tap++) data.set(floatsOf(bias), tap * oc);
      return kernels.arena.upload(data);
    }).ptr;
  // Two floats that stay together move as one element of 8 bytes.
  const run = kw * oc;
  const wide = run % 2 === 0;
  return {
    inputs: ["channels-last", null, null],
    outputs: ["channels-last"],
    workspaceBytes: n * h * w * columns * 4,
    macs: n * h * w * c * columns,
    plan: (at) => [
      planGemm(kernels, {
        a: at.inputs[0]!,
        b: packed,
        c: at.workspace,
        m: n * h * w,
        n: columns,
        k: c,
        ...(biasAt === undefined ? {} : { bias: biasAt }),
      }),
      planTranspose(kernels, {
        x: at.workspace,
        y: at.outputs[0]!,
        shape: [n * h, w, kh, wide ? run / 2 : run],
        perm: [0, 2, 1, 3],
        bytes: wide ? 8 : 4,
      }),
      ...(activation === undefined
        ? []
        : [
            planUnary(kernels, {
              op: activation,
              x: at.outputs[0]!,
              y: at.outputs[0]!,
              count: n * h * w * columns,
            }),
          ]),
    ],
  };
}

/** [c, oc, taps] as [c, taps, oc]. */
function reorder(weights: Tensor): Float32Array {
  const source = floatsOf(weights);
  const [c, oc] = [weights.shape[0]!, weights.shape[1]!];
  const taps = source.length / (c * oc);
  const data = new Float32Array(source.length);
  for (let i = 0; i < c; i++) {
    for (let o = 0; o < oc; o++) {
      for (let tap = 0; tap < taps; tap++) {
        data[(i * taps + tap) * oc + o] = source[(i * oc + o) * taps + tap]!;
      }
    }
  }
  return data;
}
