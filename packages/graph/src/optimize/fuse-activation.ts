import type { Node } from "../model/model.js";
import { intsAttribute, stringAttribute } from "../operators/node-attributes.js";
import {
  activationOf,
  INTERNAL_DOMAIN,
  isInternal,
  isStandard,
  withActivation,
} from "./internal-nodes.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/**
 * Moves activations into the convolution or the matrix product in front of them, which then applies
 * them while the results are still in the cache.
 */
export const fuseActivation: Rewrite = (context) => {
  const { editor } = context;
  for (const node of editor.nodes()) {
    if (!editor.has(node)) continue;
    const product = asInternalProduct(context, node);
    if (product === undefined) continue;
    const next = editor.onlyConsumer(node.outputs[0]);
    const activation = next === undefined ? undefined : activationOf(next);
    if (
      next === undefined ||
      activation === undefined ||
      next.opType !== "Activation" ||
      activationOf(product) !== undefined
    ) {
      if (product !== node) editor.replace(node, product);
      continue;
    }
    editor.remove(node);
    editor.replace(next, {
      ...product,
      outputs: next.outputs,
      attributes: withActivation(product.attributes, activation),
    });
  }
};

/** The node as an internal product, when a kernel can compute it whatever the input shape is. */
function asInternalProduct({ editor }: RewriteContext, node: Node): Node | undefined {
  if (isInternal(node)) {
    return ["Conv", "ConvTranspose", "MatMul"].includes(node.opType) ? node : undefined;
  }
  if (!isStandard(node, "Conv", "ConvTranspose")) return undefined;
  const weights = editor.constant(node.inputs[1]);
  const biasName = node.inputs[2] ?? "";
  const bias = editor.constant(biasName);
  if (weights?.dtype !== "f32" || (biasName !== "" && bias?.dtype !== "f32")) return undefined;
  // Three axes are [n, c, length], four are images; volumes have no kernel.
  if (weights.shape.length < 3 || weights.shape.length > 4) return undefined;
  if (weights.data.length === 0) return undefined;
  if (!hasPlainPadding(node)) return undefined;
  return { ...node, domain: INTERNAL_DOMAIN };
}

// What no kernel takes: negative pads, and padding that a transposed convolution has to work out.
function hasPlainPadding(node: Node): boolean {
  if ((intsAttribute(node, "pads") ?? []).some((pad) => pad < 0)) return false;
  if (node.opType !== "ConvTranspose") return true;
  const autoPad = stringAttribute(node, "auto_pad", "NOTSET");
  return !node.attributes.has("output_shape") && (autoPad === "NOTSET" || autoPad === "VALID");
}
