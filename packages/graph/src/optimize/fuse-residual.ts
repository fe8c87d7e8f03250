import type { Node } from "../model/model.js";
import type { ConcreteValue } from "../planning/concrete-value.js";
import { activationOf, INTERNAL_DOMAIN, isInternal, isStandard } from "./internal-nodes.js";
import type { Rewrite } from "./rewrite.js";

/**
 * Moves the sum of a convolution or matrix product with a value of the same shape into the product,
 * which adds it while the result is in registers. Needs concrete shapes: a sum that broadcasts stays.
 */
export function fuseResidual(values: ReadonlyMap<string, ConcreteValue>): Rewrite {
  return ({ editor }) => {
    const position = new Map<Node, number>(editor.nodes().map((node, i) => [node, i]));
    for (const add of editor.nodes()) {
      if (!editor.has(add) || !isStandard(add, "Add") || add.inputs.length !== 2) continue;
      const [left, right] = add.inputs as [string, string];
      if (left === right) continue;
      const a = values.get(left);
      const b = values.get(right);
      if (a?.dtype !== "f32" || b?.dtype !== "f32" || a.shape.join() !== b.shape.join()) continue;
      // Of two products the later one takes the sum: the earlier one's result is there by then.
      const candidates = [
        { product: editor.producer(left), output: left, residual: right },
        { product: editor.producer(right), output: right, residual: left },
      ].sort((p, q) => (position.get(q.product!) ?? -1) - (position.get(p.product!) ?? -1));
      for (const { product, output, residual } of candidates) {
        if (product === undefined || !isInternal(product) || product.inputs[3] !== undefined)
          continue;
        if (product.opType !== "Conv" && product.opType !== "MatMul") continue;
        if (activationOf(product) !== undefined || editor.onlyConsumer(output) !== add) continue;
        editor.remove(product);
        editor.replace(add, {
          ...product,
          domain: INTERNAL_DOMAIN,
          inputs: [product.inputs[0]!, product.inputs[1]!, product.inputs[2] ?? "", residual],
          outputs: add.outputs,
        });
        break;
      }
    }
  };
}
