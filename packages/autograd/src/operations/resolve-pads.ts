import type { Pads, Pair } from "@edgewright/kernels";

/**
 * Pixels of zeros around an image: `"valid"` none; `"same"` as many that there is an output pixel for every
 * stride, one more at the end where they do not divide (TensorFlow's rule); or their numbers.
 */
export type PadsOption = "same" | "valid" | Pads;

/** The numbers that a {@link PadsOption} stands for. */
export function resolvePads(
  pads: PadsOption,
  size: Pair,
  window: { readonly kernel: Pair; readonly strides: Pair; readonly dilations: Pair },
): Pads {
  if (pads === "valid") return [0, 0, 0, 0];
  if (pads !== "same") return pads;
  const along = (axis: 0 | 1): readonly [before: number, after: number] => {
    const stride = window.strides[axis];
    const span = window.dilations[axis] * (window.kernel[axis] - 1) + 1;
    const all = Math.max(0, (Math.ceil(size[axis] / stride) - 1) * stride + span - size[axis]);
    return [Math.floor(all / 2), Math.ceil(all / 2)];
  };
  const [top, bottom] = along(0);
  const [left, right] = along(1);
  return [top, left, bottom, right];
}
