import { ShapeError } from "@edgewright/core";
import type { Activation } from "../activation/activation.js";
import type { PackedConvWeights } from "./pack-conv-weights.js";

/** A pair along height and width. */
export type Pair = readonly [height: number, width: number];
/** Padding in pixels. */
export type Pads = readonly [top: number, left: number, bottom: number, right: number];

/** How a convolution is computed; `auto` takes the fastest for the shape. */
export type ConvAlgorithm = "auto" | "direct" | "winograd";

/** A two-dimensional convolution; addresses are bytes in the arena, everything else counts elements. */
export interface Conv2dSpec {
  /** Address of the input, [n, h, w, c]. */
  readonly x: number;
  /** Address of the output, [n, oh, ow, oc], pixels `yStride` floats apart. */
  readonly y: number;
  /** @default 1 */
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default [0, 0, 0, 0] */
  readonly pads?: Pads;
  /** @default 1 */
  readonly groups?: number;
  /** From {@link packConvWeights}, of the same shape. */
  readonly weights: PackedConvWeights;
  /** Address of oc values. */
  readonly bias?: number;
  /** Address of a tensor like the output, added before the activation. */
  readonly residual?: number;
  /** Applied last. @default identity */
  readonly activation?: Activation;
  /**
   * Floats from one output pixel to the next: the channels of a concatenation's result, of which this
   * convolution writes a part in place. @default oc
   */
  readonly yStride?: number;
  /** Floats from one pixel of the residual to the next. @default yStride */
  readonly residualStride?: number;
  /**
   * Address of workspace that plans which do not run at the same time may share, of at least
   * {@link conv2dWorkspaceBytes}. @default the plan's own
   */
  readonly workspace?: number;
}

/** A convolution with every default filled in. */
export interface ResolvedConv {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  readonly sh: number;
  readonly sw: number;
  readonly dh: number;
  readonly dw: number;
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly groups: number;
  readonly yStride: number;
  readonly residualStride: number;
}

/** The fields of a convolution that decide its workspace. */
export type ConvShape = Omit<
  Conv2dSpec,
  "x" | "y" | "bias" | "residual" | "activation" | "workspace"
>;

/** Fills in defaults and refuses what cannot be a convolution. */
export function resolveConv(where: string, spec: ConvShape): ResolvedConv {
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  const { n = 1, groups = 1, yStride = spec.oc } = spec;
  const { h, w, c, oc, kh, kw, residualStride = yStride } = spec;
  const positive = { n, h, w, c, oc, kh, kw, groups, "strides[0]": sh, "strides[1]": sw };
  requireWhole(where, { ...positive, "dilations[0]": dh, "dilations[1]": dw }, 1);
  requireWhole(where, { "pads[0]": top, "pads[1]": left, "pads[2]": bottom, "pads[3]": right }, 0);
  if (c % groups !== 0 || oc % groups !== 0) {
    throw new ShapeError(`${where}: ${c} -> ${oc} channels do not divide into ${groups} groups`);
  }
  if (yStride < oc || residualStride < oc) {
    throw new ShapeError(
      `${where}: expected yStride and residualStride of at least oc = ${oc}, ` +
        `got ${yStride} and ${residualStride}`,
    );
  }
  return {
    ...{ n, h, w, c, oc, kh, kw, sh, sw, dh, dw, top, left, bottom, right },
    ...{ groups, yStride, residualStride },
  };
}

/** Refuses sizes that are not whole numbers from `least` below 2^31: kernels take them as 32-bit words. */
export function requireWhole(where: string, sizes: Record<string, number>, least: number): void {
  for (const [name, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < least || size >= 2 ** 31) {
      throw new ShapeError(`${where}: expected a whole ${name} from ${least}, got ${size}`);
    }
  }
}
