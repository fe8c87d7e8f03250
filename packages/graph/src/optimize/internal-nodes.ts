import type { Activation } from "@edgewright/kernels";
import type { Attribute, Node } from "../model/model.js";

/**
 * Domain of the nodes that optimisation makes; they run on kernels only and never leave the package.
 *
 * - `Activation(x)`: y = scale * f(x) + shift
 * - `Conv(x, w, bias?, residual?)`, `ConvTranspose(x, w, bias?)`: as the standard's, then the activation
 * - `MatMul(a, b, bias?, residual?)`: numpy's product, then the activation
 * - `LayerNormalization(x, gamma?, beta?)`: over the last axis
 */
export const INTERNAL_DOMAIN = "edgewright";

/** Whether a node was made by optimisation. */
export function isInternal(node: Node): boolean {
  return node.domain === INTERNAL_DOMAIN;
}

/** Whether a node is a standard operator of one of these types. */
export function isStandard(
  node: Node | undefined,
  ...opTypes: string[]
): node is Node & { readonly domain: "" | "ai.onnx" } {
  return (
    node !== undefined &&
    (node.domain === "" || node.domain === "ai.onnx") &&
    opTypes.includes(node.opType)
  );
}

/** An attribute map with an activation in it. */
export function withActivation(
  attributes: ReadonlyMap<string, Attribute>,
  activation: Activation,
): Map<string, Attribute> {
  const result = new Map(attributes);
  result.set("activation", { type: "string", value: activation.kind });
  for (const field of ["alpha", "beta", "scale", "shift"] as const) {
    const value = activation[field];
    if (value !== undefined) result.set(`activation_${field}`, { type: "float", value });
    else result.delete(`activation_${field}`);
  }
  return result;
}

/** The activation of an internal node; `undefined` is the identity. */
export function activationOf(node: Node): Activation | undefined {
  const kind = node.attributes.get("activation");
  if (!isInternal(node) || kind?.type !== "string") return undefined;
  const activation: { -readonly [K in keyof Activation]: Activation[K] } = {
    kind: kind.value as Activation["kind"],
  };
  for (const field of ["alpha", "beta", "scale", "shift"] as const) {
    const value = node.attributes.get(`activation_${field}`);
    if (value?.type === "float") activation[field] = value.value;
  }
  return activation;
}
