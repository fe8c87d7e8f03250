import { ShapeError } from "@edgewright/core";
import { packedFloats, packPanels } from "../gemm/pack-matrix.js";
import type { Kernels } from "../runtime/load.js";
import { type Pair, requireWhole } from "./conv2d-spec.js";

/**
 * The taps of a transposed convolution that reach one residue of output pixels modulo the strides.
 * Seen from those pixels it is an ordinary convolution of stride 1 with just these taps.
 */
export interface TransposePhase {
  /** (output row + top pad) modulo the stride. */
  readonly y: number;
  /** (output column + left pad) modulo the stride. */
  readonly x: number;
  /** Kernel rows and columns that take part. */
  readonly ky: readonly number[];
  readonly kx: readonly number[];
  /** Byte offset of the panels, and of one group's. */
  readonly offset: number;
  readonly groupBytes: number;
}

/** Weights of a transposed convolution, in panels for every phase of the strides. */
export interface PackedConvTransposeWeights {
  readonly ptr: number;
  readonly bytes: number;
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  readonly groups: number;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly phases: readonly TransposePhase[];
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** What {@link packConvTransposeWeights} packs. */
export interface PackConvTransposeWeightsOptions {
  /** Weights in ONNX's order, [c, oc / groups, kh, kw]. */
  readonly weights: Float32Array;
  /** Input channels, all groups together. */
  readonly c: number;
  /** Output channels, all groups together. */
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** @default 1 */
  readonly groups?: number;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
}

/**
 * Packs the weights of a transposed convolution once, for any number of {@link planConvTranspose2d}.
 *
 * @throws ShapeError when the sizes do not fit each other.
 */
export function packConvTransposeWeights(
  kernels: Kernels,
  options: PackConvTransposeWeightsOptions,
): PackedConvTransposeWeights {
  const { weights, c, oc, kh, kw, groups = 1, strides = [1, 1], dilations = [1, 1] } = options;
  requireWhole("packConvTransposeWeights", { c, oc, kh, kw, groups }, 1);
  requireWhole(
    "packConvTransposeWeights",
    { "strides[0]": strides[0], "strides[1]": strides[1] },
    1,
  );
  if (c % groups !== 0 || oc % groups !== 0) {
    throw new ShapeError(
      `packConvTransposeWeights: ${c} -> ${oc} channels do not divide into ${groups} groups`,
    );
  }
  const cg = c / groups;
  const og = oc / groups;
  if (weights.length !== c * og * kh * kw) {
    throw new ShapeError(
      `packConvTransposeWeights: expected [${c}, ${og}, ${kh}, ${kw}] = ${c * og * kh * kw} ` +
        `weights, got ${weights.length}`,
    );
  }
  const phases: TransposePhase[] = [];
  let floats = 0;
  for (let y = 0; y < strides[0]; y++) {
    const ky = tapsOf(y, kh, strides[0], dilations[0]);
    for (let x = 0; x < strides[1]; x++) {
      const kx = tapsOf(x, kw, strides[1], dilations[1]);
      const group = packedFloats(ky.length * kx.length * cg, og);
      phases.push({ y, x, ky, kx, offset: floats * 4, groupBytes: group * 4 });
      floats += group * groups;
    }
  }
  const memory = kernels.arena.allocate(floats * 4);
  const out = kernels.arena.f32(memory.ptr, floats);
  for (const { ky, kx, offset, groupBytes } of phases) {
    for (let group = 0; group < groups; group++) {
      const at = (offset + group * groupBytes) / 4;
      packPanels(out, at, ky.length * kx.length * cg, og, (i, j) => {
        const tap = Math.floor(i / cg);
        const channel = group * cg + (i - tap * cg);
        const row = ky[Math.floor(tap / kx.length)]!;
        const column = kx[tap % kx.length]!;
        return weights[((channel * og + j) * kh + row) * kw + column]!;
      });
    }
  }
  const dispose = (): void => memory.dispose();
  const { ptr, bytes } = memory;
  return {
    ...{ ptr, bytes, c, oc, kh, kw, groups, strides, dilations, phases },
    ...{ dispose, [Symbol.dispose]: dispose },
  };
}

function tapsOf(residue: number, kernel: number, stride: number, dilation: number): number[] {
  const taps = Array.from({ length: kernel }, (_, k) => k);
  return taps.filter((k) => (k * dilation) % stride === residue);
}
