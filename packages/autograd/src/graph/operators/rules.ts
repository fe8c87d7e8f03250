import { add, divide, multiply, subtract } from "../../operations/broadcast-arithmetic.js";
import {
  absolute,
  exponential,
  logarithm,
  negate,
  squareRoot,
} from "../../operations/elementwise-functions.js";
import { maximum, minimum } from "../../operations/extremes.js";
import { hardSwish } from "../../operations/hard-swish.js";
import { mish } from "../../operations/mish.js";
import { max, min } from "../../operations/reduce-extreme.js";
import { relu } from "../../operations/relu.js";
import { sigmoid } from "../../operations/sigmoid.js";
import { softplus } from "../../operations/softplus.js";
import { mean, sum } from "../../operations/sum.js";
import { tanh } from "../../operations/tanh.js";
import type { OperatorRule } from "../operator-call.js";
import {
  clip,
  elementwise,
  elus,
  gelued,
  hardSigmoids,
  leaky,
  P_RELU,
  softmaxOver,
  swish,
} from "./activations.js";
import { broadcasting, POW, reciprocal } from "./arithmetic.js";
import { CONV } from "./convolution.js";
import {
  CONCAT,
  DEPTH_TO_SPACE,
  GATHER,
  PAD,
  SLICE,
  SPACE_TO_DEPTH,
  SPLIT,
} from "./moving-data.js";
import {
  BATCH_NORMALIZATION,
  GROUP_NORMALIZATION,
  INSTANCE_NORMALIZATION,
  LAYER_NORMALIZATION,
} from "./normalization.js";
import { AVERAGE_POOL, GLOBAL_AVERAGE_POOL, GLOBAL_MAX_POOL, MAX_POOL } from "./pooling.js";
import { GEMM, MAT_MUL } from "./products.js";
import { reduction } from "./reduction.js";
import { RESIZE } from "./resizing.js";
import { CAST, EXPAND, IDENTITY, RESHAPE, SQUEEZE, TRANSPOSE, UNSQUEEZE } from "./shaping.js";
import { CONV_TRANSPOSE } from "./transposed-convolution.js";

/** How a standard operator of ONNX is recorded, or `undefined` where it cannot be trained. */
export function operatorRule(opType: string): OperatorRule | undefined {
  switch (opType) {
    case "Conv":
      return CONV;
    case "ConvTranspose":
      return CONV_TRANSPOSE;
    case "Gemm":
      return GEMM;
    case "MatMul":
      return MAT_MUL;
    case "BatchNormalization":
      return BATCH_NORMALIZATION;
    case "LayerNormalization":
      return LAYER_NORMALIZATION;
    case "InstanceNormalization":
      return INSTANCE_NORMALIZATION;
    case "GroupNormalization":
      return GROUP_NORMALIZATION;
    case "PRelu":
      return P_RELU;
    case "Softmax":
      return softmaxOver(false);
    case "LogSoftmax":
      return softmaxOver(true);
    case "Pow":
      return POW;
    case "Resize":
    case "Upsample":
      return RESIZE;
    default:
      return elementwiseRule(opType) ?? poolingRule(opType) ?? movingRule(opType);
  }
}

function elementwiseRule(opType: string): OperatorRule | undefined {
  switch (opType) {
    case "Relu":
      return elementwise(relu);
    case "Clip":
      return elementwise(clip);
    case "LeakyRelu":
      return elementwise(leaky);
    case "Sigmoid":
      return elementwise(sigmoid);
    case "Tanh":
      return elementwise(tanh);
    case "HardSigmoid":
      return elementwise(hardSigmoids);
    case "HardSwish":
      return elementwise(hardSwish);
    case "Elu":
      return elementwise(elus);
    case "Mish":
      return elementwise(mish);
    case "Softplus":
      return elementwise(softplus);
    case "Swish":
      return elementwise(swish);
    case "Gelu":
      return elementwise(gelued);
    case "Neg":
      return elementwise(negate);
    case "Abs":
      return elementwise(absolute);
    case "Sqrt":
      return elementwise(squareRoot);
    case "Exp":
      return elementwise(exponential);
    case "Log":
      return elementwise(logarithm);
    case "Reciprocal":
      return elementwise(reciprocal);
    case "Add":
    case "Sum":
      return broadcasting(add);
    case "Mul":
      return broadcasting(multiply);
    // Taking off a mean or dividing by a deviation is preparation of inputs, not a weight.
    case "Sub":
      return broadcasting(subtract, "constant");
    case "Div":
      return broadcasting(divide, "constant");
    case "Max":
      return broadcasting(maximum, "constant");
    case "Min":
      return broadcasting(minimum, "constant");
    case "Mean":
      return broadcasting(add, "constant", (total, count) => multiply(total, 1 / count));
    default:
      return undefined;
  }
}

function poolingRule(opType: string): OperatorRule | undefined {
  switch (opType) {
    case "MaxPool":
      return MAX_POOL;
    case "AveragePool":
      return AVERAGE_POOL;
    case "GlobalAveragePool":
      return GLOBAL_AVERAGE_POOL;
    case "GlobalMaxPool":
      return GLOBAL_MAX_POOL;
    case "ReduceMean":
      return reduction(mean);
    case "ReduceSum":
      return reduction(sum);
    case "ReduceMax":
      return reduction(max);
    case "ReduceMin":
      return reduction(min);
    default:
      return undefined;
  }
}

function movingRule(opType: string): OperatorRule | undefined {
  switch (opType) {
    case "Reshape":
    case "Flatten":
      return RESHAPE;
    case "Squeeze":
      return SQUEEZE;
    case "Unsqueeze":
      return UNSQUEEZE;
    case "Transpose":
      return TRANSPOSE;
    case "Identity":
    case "Dropout":
      return IDENTITY;
    case "Cast":
      return CAST;
    case "Expand":
      return EXPAND;
    case "Concat":
      return CONCAT;
    case "Split":
      return SPLIT;
    case "Slice":
      return SLICE;
    case "Pad":
      return PAD;
    case "Gather":
      return GATHER;
    case "DepthToSpace":
      return DEPTH_TO_SPACE;
    case "SpaceToDepth":
      return SPACE_TO_DEPTH;
    default:
      return undefined;
  }
}
