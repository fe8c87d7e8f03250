import type { Tensor } from "@edgewright/core";
import type { Node } from "../model/model.js";
import { floatAttribute, intAttribute } from "../operators/node-attributes.js";
import { INTERNAL_DOMAIN, isStandard } from "./internal-nodes.js";
import type { Rewrite, RewriteContext } from "./rewrite.js";

/**
 * Turns products with a constant matrix, `MatMul` with or without an `Add` of one value per column, and
 * `Gemm`, into `MatMul` nodes with a bias.
 */
export const fuseMatmulBias: Rewrite = (context) => {
  const { editor } = context;
  for (const node of editor.nodes()) {
    if (!editor.has(node)) continue;
    if (isStandard(node, "MatMul")) fuseMatMul(context, node);
    else if (isStandard(node, "Gemm")) fuseGemm(context, node);
  }
};

function fuseMatMul({ editor }: RewriteContext, node: Node): void {
  const weights = editor.constant(node.inputs[1]);
  if (weights?.dtype !== "f32" || weights.shape.length !== 2) return;
  const columns = weights.shape[1]!;
  const fused: Node = {
    ...node,
    domain: INTERNAL_DOMAIN,
    attributes: new Map(),
  };
  const output = node.outputs[0]!;
  const add = editor.onlyConsumer(output);
  if (isStandard(add, "Add")) {
    const biasName = add.inputs[1 - add.inputs.indexOf(output)]!;
    const bias = editor.constant(biasName);
    if (bias?.dtype === "f32" && bias.shape.length === 1 && bias.shape[0] === columns) {
      editor.remove(node);
      editor.replace(add, {
        ...fused,
        inputs: [...node.inputs, biasName],
        outputs: add.outputs,
      });
      return;
    }
  }
  editor.replace(node, fused);
}

function fuseGemm({ editor, isFloat32 }: RewriteContext, node: Node): void {
  const [a, b, c = ""] = node.inputs as [string, string, string?];
  const weights = editor.constant(b);
  const bias = editor.constant(c);
  if (weights?.dtype !== "f32" || weights.shape.length !== 2 || !isFloat32(a)) return;
  if (intAttribute(node, "transA", 0) !== 0 || floatAttribute(node, "alpha", 1) !== 1) return;
  const transB = intAttribute(node, "transB", 0);
  const columns = weights.shape[transB ? 0 : 1]!;
  const inputs = [a, b];
  if (c !== "") {
    const beta = floatAttribute(node, "beta", 1);
    if (bias?.dtype !== "f32" || !isPerColumn(bias, columns)) return;
    const isPlain = beta === 1 && bias.shape.length === 1 && bias.data.length === columns;
    const data = new Float32Array(columns);
    for (let i = 0; i < columns; i++) {
      data[i] = beta * (bias.data[bias.data.length === 1 ? 0 : i] as number);
    }
    const scaled = { dtype: "f32", shape: [columns], data } as const;
    inputs.push(isPlain ? c : editor.addConstant(`${node.name}/bias`, scaled));
  }
  editor.replace(node, {
    ...node,
    domain: INTERNAL_DOMAIN,
    opType: "MatMul",
    inputs,
    attributes: new Map([["transB", { type: "int", value: transB }]]),
  });
}

function isPerColumn({ shape, data }: Tensor, columns: number): boolean {
  return data.length === 1 || (data.length === columns && shape.at(-1) === columns);
}
