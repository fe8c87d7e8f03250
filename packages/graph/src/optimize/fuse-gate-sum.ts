import type { Tensor } from "@edgewright/core";
import { isStandard } from "./internal-nodes.js";
import type { Rewrite } from "./rewrite.js";

/**
 * Rewrites `x + x * s` as `x * (s + 1)`, where the sum with 1 then disappears in the activation that
 * computes the gate `s` (squeeze-and-excitation with a shortcut, as in PaddleOCR's detector).
 */
export const fuseGateSum: Rewrite = ({ editor, isFloat32 }) => {
  for (const add of editor.nodes()) {
    if (!isStandard(add, "Add") || !editor.has(add)) continue;
    for (const [x, productName] of [
      [add.inputs[0]!, add.inputs[1]!],
      [add.inputs[1]!, add.inputs[0]!],
    ] as const) {
      const product = editor.producer(productName);
      if (!isStandard(product, "Mul") || editor.onlyConsumer(productName) !== add) continue;
      const position = product.inputs.indexOf(x);
      const gate = product.inputs[1 - position];
      if (position < 0 || gate === undefined || gate === x || !isFloat32(x)) continue;
      if (editor.onlyConsumer(gate) !== product || editor.producer(gate)?.opType !== "Activation") {
        continue;
      }
      const one: Tensor = { dtype: "f32", shape: [], data: new Float32Array([1]) };
      const sum = editor.newValue(`${gate}/plus-one`);
      editor.insertBefore(add, {
        name: `${add.name}/plus-one`,
        opType: "Add",
        domain: "",
        inputs: [gate, editor.addConstant("one", one)],
        outputs: [sum],
        attributes: new Map(),
      });
      editor.remove(product);
      editor.replace(add, { ...product, inputs: [x, sum], outputs: add.outputs });
      break;
    }
  }
};
