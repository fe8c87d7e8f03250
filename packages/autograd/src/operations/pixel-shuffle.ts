import { ShapeError } from "@edgewright/core";
import type { Operand, Variable } from "../engine/tape.js";
import { reshape } from "./reshape.js";
import { transpose } from "./transpose.js";

/**
 * Rearranges [n, h, w, c r r] into [n, h r, w r, c]: every pixel's channels become a square of r by r pixels
 * (Shi et al. 2016). Channel (k r + i) r + j goes to channel k of row i and column j of the square, as in
 * PyTorch and ONNX's DepthToSpace of mode CRD. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when x is no image or r r does not divide its channels.
 */
export function pixelShuffle(x: Operand, factor: number): Variable {
  const [n, h, w, channels] = x.shape;
  const c = (channels ?? 0) / (factor * factor);
  if (x.shape.length !== 4 || !Number.isInteger(c) || !(factor >= 1)) {
    throw new ShapeError(
      `pixelShuffle: expected [n, h, w, c] with c divisible by ${factor} * ${factor}, got [${x.shape}]`,
    );
  }
  const parts = reshape(x, [n!, h!, w!, c, factor, factor]);
  const moved = transpose(parts, [0, 1, 4, 2, 5, 3]);
  return reshape(moved, [n!, h! * factor, w! * factor, c]);
}
