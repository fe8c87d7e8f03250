import type { ResolvedConv } from "../../convolution/conv2d-spec.js";
import {
  winogradJobs,
  winogradWeightFloats,
  winogradWorkspaceFloats,
} from "../../convolution/winograd.js";
import { packedFloats } from "../../gemm/pack-matrix.js";
import type { Allocation } from "../../runtime/arena.js";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import type { GatherAddresses, GatherConvolution } from "./gather-convolution.js";

/** Fewer channels than this and the transforms cost what the products save. */
const LEAST_CHANNELS = 16;
/** Fewer tiles of 4 x 4 outputs than this and the transform of the weights costs more than that. */
const LEAST_TILES = 16;
const TAPS = 9;

/**
 * The convolution that Winograd's F(4 x 4, 3 x 3) would compute, or `undefined` where it does not apply or
 * does not pay.
 */
export function winogradConvolution(conv: GatherConvolution): ResolvedConv | undefined {
  const { n, groups, size, channels, outSize, outChannels } = conv;
  const [y, x] = [conv.y[0]!, conv.x[0]!];
  const [top, left] = [-(y.taps[0]?.shift ?? 0), -(x.taps[0]?.shift ?? 0)];
  const plain = [y, x].every(
    ({ taps, step, outStep }) =>
      taps.length === 3 && step === 1 && outStep === 1 && taps[2]!.shift - taps[0]!.shift === 2,
  );
  const tiles = n * Math.ceil(outSize[0] / 4) * Math.ceil(outSize[1] / 4);
  if (conv.direct || !plain || groups !== 1 || top < 0 || left < 0 || tiles < LEAST_TILES)
    return undefined;
  if (channels % 4 !== 0 || outChannels % 4 !== 0) return undefined;
  if (Math.min(channels, outChannels) < LEAST_CHANNELS) return undefined;
  const images = n * (size[0] * size[1] * channels + outSize[0] * outSize[1] * outChannels);
  if (winogradWeightFloats(channels, outChannels) > images) return undefined;
  return {
    ...{ n, h: size[0], w: size[1], c: channels, oc: outChannels, kh: 3, kw: 3 },
    ...{ sh: 1, sw: 1, dh: 1, dw: 1, top, left, bottom: 0, right: 0, groups: 1 },
    ...{ yStride: outChannels, residualStride: outChannels },
  };
}

/** Floats of workspace: the weights, packed and transformed, and a strip of transformed tiles. */
export function winogradTrainingFloats(
  conv: ResolvedConv,
  outSize: readonly [number, number],
): number {
  const strip = winogradWorkspaceFloats(conv, ...outSize, 1);
  return packedFloats(TAPS * conv.c, conv.oc) + winogradWeightFloats(conv.c, conv.oc) + strip;
}

/** The jobs behind those that pack the weights to the begin of the workspace. */
export function winogradTrainingJobs(
  kernels: Kernels,
  conv: ResolvedConv,
  outSize: readonly [number, number],
  at: GatherAddresses,
  own: Allocation[],
): JobSpec[] {
  const { c, oc } = conv;
  const weights = at.workspace + packedFloats(TAPS * c, oc) * 4;
  const transform = {
    kernel: "winograd_weights_f32",
    params: [at.workspace, weights, c, packedFloats(c, oc) * 4],
    units: Math.ceil(oc / 8) * c,
    grain: 128,
  };
  const strip = weights + winogradWeightFloats(c, oc) * 4;
  const { source: x, out: y, bias, activation } = at;
  const spec = {
    ...{ x, y, weights: { ptr: weights } },
    ...(bias === undefined ? {} : { bias }),
    ...(activation === undefined ? {} : { activation }),
  };
  // Threads share strips: a training gives the same bits on any number of them.
  return [transform, ...winogradJobs(kernels, spec, conv, outSize, strip, own, true)];
}
