import type { Attribute, Node } from "../model/model.js";
import { floatAttribute, intsAttribute, stringAttribute } from "../operators/node-attributes.js";
import { isStandard } from "./internal-nodes.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/** Moves zeros that a `Pad` puts around an image into the padding of the convolution behind it. */
export const foldPadding: Rewrite = (context) => {
  const { editor } = context;
  for (const pad of editor.nodes()) {
    if (!isStandard(pad, "Pad") || !editor.has(pad)) continue;
    const conv = editor.onlyConsumer(pad.outputs[0]);
    if (!isStandard(conv, "Conv") || conv.inputs[0] !== pad.outputs[0]) continue;
    const rank = context.rank(conv.inputs[1]!);
    const zeros = readZeros(context, pad, rank);
    if (zeros === undefined || rank === undefined) continue;
    const mode = stringAttribute(conv, "auto_pad", "NOTSET");
    if (mode !== "NOTSET" && mode !== "VALID") continue;
    const spatial = rank - 2;
    const own = mode === "VALID" ? undefined : intsAttribute(conv, "pads");
    const pads = Array.from({ length: 2 * spatial }, (_, i) => {
      const extra = i < spatial ? zeros[2 + i]! : zeros[rank + 2 + i - spatial]!;
      return (own?.[i] ?? 0) + extra;
    });
    const attributes = new Map<string, Attribute>(conv.attributes);
    attributes.delete("auto_pad");
    attributes.set("pads", { type: "ints", value: pads });
    editor.remove(pad);
    editor.replace(conv, {
      ...conv,
      inputs: [pad.inputs[0]!, ...conv.inputs.slice(1)],
      attributes,
    });
  }
};

/** Begins and ends of a padding with zeros that touches spatial axes only. */
function readZeros(
  { editor, isFloat32 }: RewriteContext,
  pad: Node,
  rank: number | undefined,
): number[] | undefined {
  if (rank === undefined || stringAttribute(pad, "mode", "constant") !== "constant")
    return undefined;
  if (!isFloat32(pad.inputs[0]!) || (pad.inputs[3] ?? "") !== "") return undefined;
  const valueName = pad.inputs[2] ?? "";
  const value =
    valueName === "" ? floatAttribute(pad, "value", 0) : editor.constant(valueName)?.data[0];
  if (value === undefined || Number(value) !== 0) return undefined;
  const given = editor.constant(pad.inputs[1]);
  if (given === undefined && (pad.inputs[1] ?? "") !== "") return undefined;
  const pads = given
    ? Array.from(given.data as ArrayLike<number>, Number)
    : intsAttribute(pad, "pads");
  if (pads?.length !== 2 * rank || pads.some((amount) => amount < 0)) return undefined;
  const outer = [pads[0], pads[1], pads[rank], pads[rank + 1]];
  return outer.every((amount) => amount === 0) ? pads : undefined;
}
