import { sizeOf } from "@edgewright/core";
import { packMatrix, planGemm } from "@edgewright/kernels";
import { floatAttribute, intAttribute } from "../operators/node-attributes.js";
import { activationOf } from "../optimize/internal-nodes.js";
import { allFloat32, floatsOf, type Lowering, type LoweringRule } from "./lowering.js";

/** `MatMul`: with a constant matrix packed once, or between two computed stacks of matrices. */
export const lowerMatMul: LoweringRule = (request) => {
  const { node, inputs, outputs, kernels } = request;
  const [a, b, bias, residual] = inputs;
  const y = outputs[0]!;
  if (!a || !b || !allFloat32([...inputs, y]) || a.shape.length < 1 || b.shape.length < 1) {
    return null;
  }
  const weights = b.constant;
  if (weights === undefined || weights.shape.length !== 2) {
    return inputs.length > 2 ? null : lowerBatched(request);
  }
  const transposed = intAttribute(node, "transB", 0) !== 0;
  const [k, n] = transposed
    ? [weights.shape[1]!, weights.shape[0]!]
    : [weights.shape[0]!, weights.shape[1]!];
  const m = sizeOf(a.shape) / k;
  if (bias !== undefined && bias.constant === undefined) return null;
  const packed = request.keep(weights, `matrix ${transposed}`, () =>
    packMatrix(kernels, { data: floatsOf(weights), rows: k, cols: n, transposed }),
  );
  const biasAt = bias?.constant === undefined ? undefined : request.upload(bias.constant);
  const activation = activationOf(node);
  return {
    inputs: ["row-major", null, null, residual === undefined ? null : "row-major"],
    outputs: ["row-major"],
    inPlace: residual === undefined ? [] : [3],
    macs: m * n * k,
    plan: (at) =>
      planGemm(kernels, {
        a: at.inputs[0]!,
        b: packed,
        c: at.outputs[0]!,
        m,
        n,
        k,
        ...(biasAt === undefined ? {} : { bias: biasAt }),
        ...(residual === undefined ? {} : { residual: at.inputs[3]! }),
        ...(activation === undefined ? {} : { activation }),
      }),
  };
};

const lowerBatched: LoweringRule = ({ inputs, outputs, kernels }) => {
  const [a, b] = inputs;
  const y = outputs[0]!;
  if (!a || !b || a.shape.length < 2 || b.shape.length < 2) return null;
  const [m, k] = a.shape.slice(-2) as [number, number];
  const n = b.shape.at(-1)!;
  const count = sizeOf(y.shape.slice(0, -2));
  const strideA = batchStride(a.shape, count, m * k);
  const strideB = batchStride(b.shape, count, k * n);
  if (strideA === undefined || strideB === undefined) return null;
  return {
    inputs: ["row-major", "row-major"],
    outputs: ["row-major"],
    macs: count * m * n * k,
    plan: (at) =>
      planGemm(kernels, {
        a: at.inputs[0]!,
        b: at.inputs[1]!,
        c: at.outputs[0]!,
        m,
        n,
        k,
        batch: { count, strideA, strideB, strideC: m * n },
      }),
  };
};

// One matrix for all, or one for each; stacks that broadcast in part are left to the host.
function batchStride(shape: readonly number[], count: number, size: number): number | undefined {
  const own = sizeOf(shape.slice(0, -2));
  if (own === 1) return 0;
  return own === count ? size : undefined;
}

/** `Gemm` between computed matrices, or with a bias that is computed. */
export const lowerGemm: LoweringRule = (request): Lowering | null => {
  const { node, inputs, outputs, kernels } = request;
  const [a, b, c] = inputs;
  const y = outputs[0]!;
  if (!a || !b || !allFloat32([...inputs, y])) return null;
  if (floatAttribute(node, "alpha", 1) !== 1) return null;
  if (c !== undefined && floatAttribute(node, "beta", 1) !== 1) return null;
  const transposeA = intAttribute(node, "transA", 0) !== 0;
  const transposeB = intAttribute(node, "transB", 0) !== 0;
  const [m, n] = y.shape as [number, number];
  const k = a.shape[transposeA ? 0 : 1]!;
  const isBias = c !== undefined && sizeOf(c.shape) === n && c.shape.at(-1) === n;
  const isResidual =
    c !== undefined && !isBias && c.shape.length === 2 && c.shape[0] === m && c.shape[1] === n;
  if (c !== undefined && !isBias && !isResidual) return null;
  return {
    inputs: ["row-major", "row-major", c === undefined ? null : "row-major"],
    outputs: ["row-major"],
    macs: m * n * k,
    plan: (at) =>
      planGemm(kernels, {
        a: at.inputs[0]!,
        b: at.inputs[1]!,
        c: at.outputs[0]!,
        m,
        n,
        k,
        transposeA,
        transposeB,
        ...(isBias ? { bias: at.inputs[2]! } : {}),
        ...(isResidual ? { residual: at.inputs[2]! } : {}),
      }),
  };
};
