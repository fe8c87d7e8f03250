import { floatAttribute, floatsAttribute, intAttribute, stringAttribute } from "@edgewright/graph";
import { type Resize2dOptions, resize2d } from "../../operations/resize2d.js";
import type { OperatorCall, OperatorRule } from "../operator-call.js";
import { fromImages, imageInput } from "./convolution.js";

/** `Resize` of the height and width of images, and the older `Upsample`. */
export const RESIZE: OperatorRule = {
  tensors: 1,
  record(call) {
    const { node } = call;
    const x = imageInput(call);
    const output = call.outputShapes[0]! as readonly [number, number, number, number];
    const [n, c, height, width] = output;
    if (n !== x.shape[0] || c !== x.shape[3])
      throw call.unsupported("axes other than height and width");
    checkScales(call, [height / x.shape[1]!, width / x.shape[2]!]);
    const modern = node.opType === "Resize" && call.opset >= 11;
    const coordinates = modern
      ? stringAttribute(node, "coordinate_transformation_mode", "half_pixel")
      : "asymmetric";
    const rounding = modern ? stringAttribute(node, "nearest_mode", "round_prefer_floor") : "floor";
    const plain =
      coordinates !== "tf_crop_and_resize" &&
      floatAttribute(node, "cubic_coeff_a", -0.75) === -0.75 &&
      intAttribute(node, "exclude_outside", 0) === 0;
    if (!plain) {
      throw call.unsupported(
        "tf_crop_and_resize, cubic_coeff_a and exclude_outside are not supported",
      );
    }
    const y = resize2d(x, {
      height,
      width,
      mode: modeOf(call),
      coordinates: coordinates as NonNullable<Resize2dOptions["coordinates"]>,
      rounding: rounding as NonNullable<Resize2dOptions["rounding"]>,
      antialias: intAttribute(node, "antialias", 0) !== 0,
    });
    return fromImages(y, output);
  },
};

function modeOf(call: OperatorCall): NonNullable<Resize2dOptions["mode"]> {
  const mode = stringAttribute(call.node, "mode", "nearest");
  if (mode === "nearest") return mode;
  if (mode === "linear" || mode === "bilinear") return "bilinear";
  if (mode === "cubic") return "bicubic";
  throw call.unsupported(`mode "${mode}"`);
}

// Our resampling knows sizes; a scale that does not lead to a whole size maps positions differently.
function checkScales(call: OperatorCall, exact: readonly number[]): void {
  const old = call.opset < 11 || call.node.opType === "Upsample";
  const given = floatsAttribute(call.node, "scales") ?? call.numbers(old ? 1 : 2) ?? [];
  if (given.length === 0) return;
  const fits = given.slice(-2).every((scale, i) => Math.abs(scale - exact[i]!) < 1e-6);
  if (!fits) throw call.unsupported(`scales [${given}] that do not give whole sizes`);
}
