import { isInternal, isStandard } from "../optimize/internal-nodes.js";
import { lowerConv, lowerConvTranspose } from "./convolution.js";
import {
  lowerConcat,
  lowerExpand,
  lowerGather,
  lowerSlice,
  lowerTranspose,
} from "./data-movement.js";
import {
  lowerActivation,
  lowerBatchNormalization,
  lowerBinary,
  lowerClip,
  lowerFunction,
  lowerLayerNormalization,
  lowerSoftmax,
} from "./elementwise.js";
import type { Lowering, LoweringRequest, LoweringRule } from "./lowering.js";
import { lowerLstm } from "./lstm.js";
import { lowerGemm, lowerMatMul } from "./matrix-product.js";
import { lowerPad } from "./pad.js";
import { lowerGlobalPool, lowerPool, lowerReduce } from "./pooling.js";
import { lowerReshape } from "./reshape.js";
import { lowerResize } from "./resize.js";

/** Finds how kernels compute a node; `null` where the host must. */
export function lowerNode(request: LoweringRequest): Lowering | null {
  const { node } = request;
  const rule = isInternal(node)
    ? internalRule(node.opType)
    : isStandard(node, node.opType)
      ? standardRule(node.opType)
      : undefined;
  return rule?.(request) ?? null;
}

function internalRule(opType: string): LoweringRule | undefined {
  switch (opType) {
    case "Conv":
      return lowerConv;
    case "ConvTranspose":
      return lowerConvTranspose;
    case "MatMul":
      return lowerMatMul;
    case "Activation":
      return lowerActivation;
    case "LayerNormalization":
      return lowerLayerNormalization;
    default:
      return undefined;
  }
}

function standardRule(opType: string): LoweringRule | undefined {
  switch (opType) {
    case "Conv":
      return lowerConv;
    case "ConvTranspose":
      return lowerConvTranspose;
    case "MatMul":
      return lowerMatMul;
    case "Gemm":
      return lowerGemm;
    case "Reshape":
    case "Flatten":
    case "Squeeze":
    case "Unsqueeze":
    case "Identity":
    case "Cast":
      return lowerReshape;
    case "Clip":
      return lowerClip;
    case "Transpose":
      return lowerTranspose;
    case "Concat":
      return lowerConcat;
    case "Slice":
      return lowerSlice;
    case "Expand":
      return lowerExpand;
    case "Gather":
      return lowerGather;
    case "Pad":
      return lowerPad;
    case "LSTM":
      return lowerLstm;
    case "Add":
    case "Sub":
    case "Mul":
    case "Div":
    case "Max":
    case "Min":
    case "Pow":
    case "PRelu":
      return lowerBinary;
    case "BatchNormalization":
      return lowerBatchNormalization;
    case "Softmax":
    case "LogSoftmax":
      return lowerSoftmax;
    case "MaxPool":
    case "AveragePool":
      return lowerPool;
    case "GlobalAveragePool":
    case "GlobalMaxPool":
      return lowerGlobalPool;
    case "ReduceMean":
    case "ReduceSum":
    case "ReduceMax":
    case "ReduceMin":
    case "ReduceProd":
    case "ReduceSumSquare":
    case "ReduceL1":
    case "ReduceL2":
      return lowerReduce;
    case "Resize":
    case "Upsample":
      return lowerResize;
    default:
      return lowerFunction;
  }
}
