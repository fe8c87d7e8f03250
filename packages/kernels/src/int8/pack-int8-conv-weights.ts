import { ShapeError } from "@edgewright/core";
import { requireWhole } from "../convolution/conv2d-spec.js";
import type { Kernels } from "../runtime/load.js";
import type { RelaxedDotOperand } from "../runtime/relaxed-probe.js";
import { chooseInt8Path, type PackedInt8Weights, packPanels } from "./pack-panels.js";
import { padChannels } from "./prepare-activations.js";

/** Filters of an int8 convolution, packed by {@link packInt8ConvWeights}. */
export interface PackedInt8ConvWeights extends PackedInt8Weights {
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** Channels of a group of the prepared input. */
  readonly paddedChannels: number;
  /** Every channel has one filter of its own. */
  readonly depthwise: boolean;
}

/** Arguments of {@link packInt8ConvWeights}. */
export interface PackInt8ConvWeightsOptions {
  /** Codes in ONNX order, [oc, c / groups, kh, kw]. */
  readonly weights: Int8Array | Uint8Array;
  readonly c: number;
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** @default 1 */
  readonly groups?: number;
  /** One for all filters or one a filter. @default 0 */
  readonly zeroPoint?: number | ArrayLike<number>;
  /**
   * How the engine reads the relaxed dot product's second operand; `"seven-bit"` asks for the path that
   * is the same everywhere. @default what {@link relaxedDotOperand} finds
   */
  readonly dotOperand?: RelaxedDotOperand;
}

/**
 * Packs the filters of an int8 convolution, once for any number of convolutions.
 *
 * @throws ShapeError when the sizes do not fit the data, the groups or the zero points.
 */
export function packInt8ConvWeights(
  kernels: Kernels,
  options: PackInt8ConvWeightsOptions,
): PackedInt8ConvWeights {
  const { weights, c, oc, kh, kw, groups = 1, zeroPoint = 0, dotOperand } = options;
  requireWhole("packInt8ConvWeights", { c, oc, kh, kw, groups }, 1);
  if (c % groups !== 0 || oc % groups !== 0) {
    throw new ShapeError(
      `packInt8ConvWeights: ${c} -> ${oc} channels do not divide into ${groups} groups`,
    );
  }
  const channels = c / groups;
  if (weights.length !== oc * channels * kh * kw) {
    throw new ShapeError(
      `packInt8ConvWeights: expected ${oc} x ${channels} x ${kh} x ${kw} codes, got ${weights.length}`,
    );
  }
  if (typeof zeroPoint !== "number" && zeroPoint.length !== oc) {
    throw new ShapeError(
      `packInt8ConvWeights: expected one zero point or ${oc}, got ${zeroPoint.length}`,
    );
  }
  const taps = kh * kw;
  const centred = new Int16Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    const filter = Math.floor(i / (channels * taps));
    centred[i] = weights[i]! - (typeof zeroPoint === "number" ? zeroPoint : zeroPoint[filter]!);
  }
  const shape = { c, oc, kh, kw };
  const depthwise = channels === 1 && oc === groups;
  if (depthwise) return { ...packDepthwise(kernels, centred, oc, taps), ...shape, depthwise };
  const path = chooseInt8Path(kernels, centred, dotOperand);
  const paddedChannels = padChannels(channels, path);
  const depth = taps * paddedChannels;
  const columns = new Int16Array(oc * depth);
  for (let filter = 0, at = 0; filter < oc; filter++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let tap = 0; tap < taps; tap++, at++) {
        columns[filter * depth + tap * paddedChannels + channel] = centred[at]!;
      }
    }
  }
  const packed = packPanels(kernels, columns, groups, oc / groups, depth, path);
  return { ...packed, ...shape, paddedChannels, depthwise };
}

// For 8 channels: pairs of taps, those of channel 0, of channel 1, ...; an odd last tap meets a zero.
function packDepthwise(
  kernels: Kernels,
  filters: Int16Array,
  channels: number,
  taps: number,
): PackedInt8Weights & { paddedChannels: number } {
  const pairs = Math.ceil(taps / 2);
  const panels = Math.ceil(channels / 8);
  const packed = new Int16Array(panels * pairs * 16);
  for (let channel = 0; channel < channels; channel++) {
    const panel = channel >> 3;
    for (let tap = 0; tap < taps; tap++) {
      const at = (panel * pairs + (tap >> 1)) * 16 + (channel & 7) * 2 + (tap & 1);
      packed[at] = filters[channel * taps + tap]!;
    }
  }
  const { ptr, bytes, dispose } = kernels.arena.upload(packed);
  return {
    ...{ ptr, bytes, path: "i16", groups: 1, columnsPerGroup: channels, depth: pairs * 2, panels },
    columnSums: new Int32Array(panels * 8),
    paddedChannels: panels * 8,
    dispose,
    [Symbol.dispose]: dispose,
  };
}
