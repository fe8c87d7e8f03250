import { ShapeError, UnsupportedError } from "@edgewright/core";
import { packedFloats, packPanels, SMALLEST_WEIGHT } from "../gemm/pack-matrix.js";
import type { Allocation } from "../runtime/arena.js";
import type { Kernels } from "../runtime/load.js";
import { type ConvAlgorithm, requireWhole } from "./conv2d-spec.js";
import { fitsWinograd, packWinogradWeights, winogradWeightFloats } from "./winograd.js";

/** Weights of a convolution in the layout that its algorithm reads. */
export interface PackedConvWeights {
  readonly ptr: number;
  readonly bytes: number;
  readonly layout: "panels" | "depthwise" | "winograd";
  readonly oc: number;
  /** Input channels, all groups together. */
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** What {@link packConvWeights} packs. */
export interface PackConvWeightsOptions {
  /** Weights in ONNX's order, [oc, c / groups, kh, kw]. */
  readonly weights: Float32Array;
  readonly oc: number;
  /** Input channels, all groups together. */
  readonly c: number;
  readonly kh: number;
  readonly kw: number;
  /** @default 1 */
  readonly groups?: number;
  /** Strides and dilations of the convolution, which decide on the algorithm. @default [1, 1] */
  readonly strides?: readonly [number, number];
  /** @default [1, 1] */
  readonly dilations?: readonly [number, number];
  /**
   * `winograd` is F(4 x 4, 3 x 3): a quarter of the multiplications, and results about ten times as far
   * from the exact sums as those of `direct` (the package's README has figures). `auto` takes it for 3 x 3
   * kernels of stride 1 with at least 16 channels on both sides.
   *
   * @default "auto"
   */
  readonly algorithm?: ConvAlgorithm;
}

/**
 * Packs the weights of a convolution once, for any number of {@link planConv2d}.
 *
 * @throws ShapeError when the sizes do not fit each other, and UnsupportedError when Winograd's algorithm
 * was asked for where it does not apply.
 */
export function packConvWeights(
  kernels: Kernels,
  options: PackConvWeightsOptions,
): PackedConvWeights {
  const { weights, oc, c, kh, kw, groups = 1 } = options;
  requireWhole("packConvWeights", { oc, c, kh, kw, groups }, 1);
  if (c % groups !== 0 || oc % groups !== 0) {
    throw new ShapeError(
      `packConvWeights: ${c} -> ${oc} channels do not divide into ${groups} groups`,
    );
  }
  const cg = c / groups;
  if (weights.length !== oc * cg * kh * kw) {
    throw new ShapeError(
      `packConvWeights: expected [${oc}, ${cg}, ${kh}, ${kw}] = ${oc * cg * kh * kw} weights, ` +
        `got ${weights.length}`,
    );
  }
  const taps = kh * kw;
  const shape = { oc, c, kh, kw, groups };
  if (groups === c && oc === c) {
    const pitch = (c + 3) & ~3;
    const memory = kernels.arena.allocate(taps * pitch * 4);
    const out = kernels.arena.f32(memory.ptr, taps * pitch).fill(0);
    for (let channel = 0; channel < c; channel++) {
      for (let tap = 0; tap < taps; tap++) {
        const v = weights[channel * taps + tap]!;
        out[tap * pitch + channel] = Math.abs(v) < SMALLEST_WEIGHT ? 0 : v;
      }
    }
    return packed(memory, "depthwise", shape);
  }
  if (chooseWinograd(options)) {
    const memory = kernels.arena.allocate(winogradWeightFloats(c, oc) * 4);
    packWinogradWeights(kernels.arena.f32(memory.ptr, memory.bytes / 4), weights, c, oc);
    return packed(memory, "winograd", shape);
  }
  const og = oc / groups;
  const size = packedFloats(taps * cg, og);
  const memory = kernels.arena.allocate(groups * size * 4);
  const out = kernels.arena.f32(memory.ptr, groups * size);
  for (let group = 0; group < groups; group++) {
    packPanels(out, group * size, taps * cg, og, (i, j) => {
      const tap = Math.floor(i / cg);
      return weights[((group * og + j) * cg + (i - tap * cg)) * taps + tap]!;
    });
  }
  return packed(memory, "panels", shape);
}

/** Fewer channels than this and the transforms cost what the products save. */
const LEAST_CHANNELS = 16;

function chooseWinograd(options: PackConvWeightsOptions): boolean {
  const { c, oc, algorithm = "auto" } = options;
  const { groups = 1, strides = [1, 1], dilations = [1, 1] } = options;
  const fits = fitsWinograd({ ...options, groups, strides, dilations });
  if (algorithm === "winograd" && !fits) {
    throw new UnsupportedError(
      "packConvWeights: algorithm winograd is for 3 x 3 kernels with stride, dilation and groups of 1 " +
        "and channels that are multiples of 4; take auto or direct",
    );
  }
  if (algorithm === "auto") return fits && Math.min(c, oc) >= LEAST_CHANNELS;
  return algorithm === "winograd";
}

function packed(
  memory: Allocation,
  layout: PackedConvWeights["layout"],
  shape: { oc: number; c: number; kh: number; kw: number; groups: number },
): PackedConvWeights {
  const dispose = (): void => memory.dispose();
  const { ptr, bytes } = memory;
  return { ptr, bytes, layout, ...shape, dispose, [Symbol.dispose]: dispose };
}
