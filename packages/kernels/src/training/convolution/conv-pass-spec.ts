import { ShapeError } from "@edgewright/core";
import { convOutputSize } from "../../convolution/conv-output-size.js";
import { type Pads, type Pair, requireWhole } from "../../convolution/conv2d-spec.js";
import { checkExtents } from "../check-extents.js";

/**
 * The shape of a convolution whose three passes training runs: images are [n, h, w, c], weights are
 * [kh, kw, c / groups, oc], everything counts elements.
 */
export interface ConvPassSpec {
  /** @default 1 */
  readonly n?: number;
  readonly h: number;
  readonly w: number;
  /** Channels of the input. */
  readonly c: number;
  /** Channels of the output. */
  readonly oc: number;
  readonly kh: number;
  readonly kw: number;
  /** @default [1, 1] */
  readonly strides?: Pair;
  /** @default [1, 1] */
  readonly dilations?: Pair;
  /** @default [0, 0, 0, 0] */
  readonly pads?: Pads;
  /** Both channels divide into as many; each is computed by itself. @default 1 */
  readonly groups?: number;
  /**
   * `auto` takes Winograd's F(4 x 4, 3 x 3) for 3 x 3 kernels of stride 1 with at least 16 channels on both
   * sides, where its workspace is smaller than the images: about twice as fast, and about four times as far
   * from the exact sums as `direct`.
   *
   * @default "auto"
   */
  readonly algorithm?: "auto" | "direct";
}

/** A convolution with every default filled in, and the size of its output. */
export interface ConvPass {
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
  readonly direct: boolean;
  readonly oh: number;
  readonly ow: number;
}

/** Fills in defaults and refuses what cannot be a convolution, in the name of the function `where`. */
export function resolveConvPass(where: string, spec: ConvPassSpec): ConvPass {
  const [sh, sw] = spec.strides ?? [1, 1];
  const [dh, dw] = spec.dilations ?? [1, 1];
  const [top, left, bottom, right] = spec.pads ?? [0, 0, 0, 0];
  const { n = 1, groups = 1, h, w, c, oc, kh, kw } = spec;
  const positive = { n, h, w, c, oc, kh, kw, groups, "strides[0]": sh, "strides[1]": sw };
  requireWhole(where, { ...positive, "dilations[0]": dh, "dilations[1]": dw }, 1);
  requireWhole(where, { "pads[0]": top, "pads[1]": left, "pads[2]": bottom, "pads[3]": right }, 0);
  if (c % groups !== 0 || oc % groups !== 0) {
    throw new ShapeError(`${where}: ${c} -> ${oc} channels do not divide into ${groups} groups`);
  }
  // One image, so that the workspace of any batch can be asked for.
  const padded = [h + top + bottom, w + left + right, c];
  checkExtents(where, { weights: [kh, kw, c / groups, oc], "an image with its padding": padded });
  const oh = convOutputSize(h, kh, sh, dh, top, bottom);
  const ow = convOutputSize(w, kw, sw, dw, left, right);
  if (oh === 0 || ow === 0) {
    throw new ShapeError(
      `${where}: a ${kh} x ${kw} kernel does not fit into ${h} x ${w} pixels with padding ` +
        [top, left, bottom, right].join(", "),
    );
  }
  checkExtents(where, { "an image of the result": [oh, ow, oc] });
  const direct = spec.algorithm === "direct";
  const window = { kh, kw, sh, sw, dh, dw, top, left, bottom, right };
  return { n, h, w, c, oc, ...window, groups, direct, oh, ow };
}

/** Refuses images that no memory holds, in the name of the function `where`. */
export function checkBatch<Pass extends Pick<ConvPass, "n" | "h" | "w" | "c" | "oc" | "oh" | "ow">>(
  where: string,
  pass: Pass,
): Pass {
  const { n, h, w, c, oc, oh, ow } = pass;
  checkExtents(where, { "the input": [n, h, w, c], "the output": [n, oh, ow, oc] });
  return pass;
}

/** Refuses `channels` that are not output channels in ascending order. */
export function checkChannels(
  where: string,
  channels: readonly number[] | undefined,
  count: number,
): void {
  channels?.forEach((channel, i) => {
    const least = i === 0 ? 0 : channels[i - 1]! + 1;
    if (!Number.isInteger(channel) || channel < least || channel >= count) {
      throw new ShapeError(
        `${where}: expected channels to ascend within 0 to ${count - 1}, got ${channel} at ${i}`,
      );
    }
  });
  if (channels?.length === 0) {
    throw new ShapeError(`${where}: expected at least one channel to compute`);
  }
}
