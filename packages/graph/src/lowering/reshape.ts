import { layoutsCoincide } from "../planning/layout.js";
import type { Lowering, LoweringRule } from "./lowering.js";

/** Nodes that give the same elements another shape, name or no other type: they share their input's memory. */
export const lowerReshape: LoweringRule = ({ inputs, outputs }): Lowering | null => {
  const x = inputs[0];
  const y = outputs[0]!;
  if (!x || outputs.length !== 1 || x.dtype !== y.dtype) return null;
  // Merging or dropping axes behind the channels leaves channels last.
  const last =
    x.has("channels-last") &&
    !layoutsCoincide(x.shape) &&
    y.shape.length >= 3 &&
    x.shape[0] === y.shape[0] &&
    x.shape[1] === y.shape[1];
  const layout = last ? "channels-last" : "row-major";
  return {
    inputs: [layout, ...inputs.slice(1).map(() => null)],
    outputs: [layout],
    alias: { input: 0, offset: 0 },
    plan: () => [],
  };
};
