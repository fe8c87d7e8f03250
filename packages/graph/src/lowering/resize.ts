import {
  type CoordinateMode,
  createResizeTable,
  planResize2d,
  type ResizeTableOptions,
} from "@edgewright/kernels";
import { floatAttribute, intAttribute, stringAttribute } from "../operators/node-attributes.js";
import { allFloat32, type LoweringRule } from "./lowering.js";

/** `Resize` and `Upsample` of the spatial axes of images. */
export const lowerResize: LoweringRule = ({ node, opset, inputs, outputs, kernels }) => {
  const x = inputs[0];
  const y = outputs[0]!;
  if (x?.shape.length !== 4 || !allFloat32([x, y])) return null;
  if (x.shape[0] !== y.shape[0] || x.shape[1] !== y.shape[1]) return null;
  if (node.attributes.has("axes") || node.attributes.has("keep_aspect_ratio_policy")) return null;
  const mode = stringAttribute(node, "mode", "nearest");
  if (mode !== "nearest" && mode !== "linear" && mode !== "cubic") return null;
  const isPlain = node.opType === "Upsample" || opset < 11;
  const coordinates = isPlain
    ? "asymmetric"
    : stringAttribute(node, "coordinate_transformation_mode", "half_pixel");
  if (coordinates === "tf_crop_and_resize") return null;
  const scalesInput = inputs[isPlain ? 1 : 2];
  const scales = scalesInput?.constant?.data as Float32Array | undefined;
  if (scalesInput !== undefined && scales === undefined) return null;
  // The standard stretches over the exact length there, which the kernel's table takes as whole.
  const isWhole = (axis: number) => {
    const exact = (scales?.[axis] ?? 1) * x.shape[axis]!;
    return scales?.length !== 4 || Math.abs(exact - y.shape[axis]!) < 1e-4;
  };
  if (coordinates === "align_corners" && !(isWhole(2) && isWhole(3))) return null;
  const table = (axis: number) => {
    const scale = scales?.length === 4 ? { scale: scales[axis]! } : {};
    const options: ResizeTableOptions = {
      inputLength: x.shape[axis]!,
      outputLength: y.shape[axis]!,
      mode,
      coordinates: coordinates as CoordinateMode,
      rounding: (isPlain
        ? "floor"
        : stringAttribute(node, "nearest_mode", "round_prefer_floor")) as "floor",
      cubicCoefficient: floatAttribute(node, "cubic_coeff_a", -0.75),
      excludeOutside: intAttribute(node, "exclude_outside", 0) !== 0,
      antialias: intAttribute(node, "antialias", 0) !== 0,
      ...scale,
    };
    return createResizeTable(options);
  };
  const [n, c] = [x.shape[0]!, x.shape[1]!];
  return {
    inputs: ["channels-last", ...inputs.slice(1).map(() => null)],
    outputs: ["channels-last"],
    plan: (at) =>
      planResize2d(kernels, {
        x: at.inputs[0]!,
        y: at.outputs[0]!,
        n,
        c,
        rows: table(2),
        columns: table(3),
      }),
  };
};
