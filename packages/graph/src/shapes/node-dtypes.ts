import type { DType } from "@edgewright/core";
import { UnsupportedError } from "@edgewright/core";
import { dtypeOfCode, nameOfCode } from "../onnx/tensor-types.js";
import { intAttribute } from "../operators/node-attributes.js";
import { invalidNode, type RuleContext } from "./shape-rule.js";

/**
 * Element type named by an `int` attribute such as `to` or `dtype`; `fallback` when it is absent.
 *
 * @throws UnsupportedError for types without a typed array.
 */
export function dtypeAttribute(
  context: RuleContext,
  name: string,
  fallback?: DType | null,
): DType | null {
  const { node } = context;
  if (!node.attributes.has(name)) {
    if (fallback === undefined) throw invalidNode(context, `attribute "${name}" is missing`);
    return fallback;
  }
  const code = intAttribute(node, name, 0);
  const dtype = dtypeOfCode(code);
  if (dtype === undefined) {
    throw new UnsupportedError(
      `${node.opType} "${node.name}": element type ${nameOfCode(code)} is not supported`,
      { where: node.name },
    );
  }
  return dtype;
}
