import { conditional, loop, scan } from "./rules/control-flow.js";
import {
  convolution,
  deformableConvolution,
  integerConvolution,
  quantizedConvolution,
  transposedConvolution,
} from "./rules/convolution.js";
import {
  binary,
  cast,
  castLike,
  comparison,
  dropout,
  identity,
  predicate,
  sameAsFirst,
  unary,
  variadic,
  where,
} from "./rules/elementwise.js";
import {
  constant,
  constantOfShape,
  elementCount,
  likeInput,
  multinomial,
  ofShapeAttribute,
  range,
  shapeOf,
  windowOfSize,
} from "./rules/generators.js";
import {
  compress,
  gather,
  gatherElements,
  gatherNd,
  nonMaxSuppression,
  nonZero,
  oneHot,
  topK,
  unique,
} from "./rules/indexing.js";
import { loss } from "./rules/losses.js";
import {
  determinant,
  einsum,
  gemm,
  integerMatrixProduct,
  matrixProduct,
  quantizedMatrixProduct,
} from "./rules/matrix-product.js";
import { alongAxis, batchNormalization, layerNormalization } from "./rules/normalization.js";
import { centerCropPad, pad } from "./rules/padding.js";
import { globalPool, pool, roiPool, unpool } from "./rules/pooling.js";
import { dequantize, dynamicQuantize, quantize } from "./rules/quantization.js";
import { recurrent } from "./rules/recurrent.js";
import { argReduction, reduction } from "./rules/reduction.js";
import {
  depthSpace,
  expand,
  flatten,
  reshape,
  squeeze,
  tile,
  transpose,
  unsqueeze,
} from "./rules/reshaping.js";
import { affineGrid, gridSample, resize, upsample } from "./rules/resize.js";
import {
  fourierTransform,
  melWeights,
  ngramWeights,
  shortTimeFourierTransform,
} from "./rules/signal.js";
import { concat, slice, split } from "./rules/slicing.js";
import type { ShapeRule } from "./shape-rule.js";

/** The rule of an operator of the standard domain, or `undefined` when there is none. */
export function shapeRule(opType: string): ShapeRule | undefined {
  rules ??= new Map(
    ruleGroups().flatMap(([rule, names]) => names.split(" ").map((name) => [name, rule])),
  );
  return rules.get(opType);
}

let rules: Map<string, ShapeRule> | undefined;

function ruleGroups(): [rule: ShapeRule, opTypes: string][] {
  return [
    [
      sameAsFirst,
      "Acos Acosh Asin Asinh Atan Atanh BitwiseNot Celu Clip Cos Cosh CumSum Elu Erf Exp Gelu " +
        "GroupNormalization HardSigmoid HardSwish InstanceNormalization LRN LeakyRelu Log " +
        "LpNormalization MeanVarianceNormalization Mish PRelu Relu ReverseSequence RotaryEmbedding " +
        "Round Scatter ScatterElements ScatterND Selu Shrink Sigmoid Sin Sinh Softplus Softsign " +
        "Swish Tan Tanh TensorScatter ThresholdedRelu Trilu",
    ],
    [unary, "Abs Ceil Floor Neg Not Reciprocal Sign Sqrt"],
    [identity, "Identity"],
    [predicate, "IsInf IsNaN"],
    [binary, "Add BitShift BitwiseAnd BitwiseOr BitwiseXor Div Mod Mul Pow Sub"],
    [comparison, "And Equal Greater GreaterOrEqual Less LessOrEqual Or Xor"],
    [variadic, "Max Mean Min Sum"],
    [where, "Where"],
    [cast, "Cast"],
    [castLike, "CastLike"],
    [dropout, "Dropout"],
    [convolution, "Conv"],
    [integerConvolution, "ConvInteger"],
    [quantizedConvolution, "QLinearConv"],
    [transposedConvolution, "ConvTranspose"],
    [deformableConvolution, "DeformConv"],
    [pool, "AveragePool LpPool MaxPool"],
    [globalPool, "GlobalAveragePool GlobalLpPool GlobalMaxPool"],
    [unpool, "MaxUnpool"],
    [roiPool, "MaxRoiPool RoiAlign"],
    [batchNormalization, "BatchNormalization"],
    [layerNormalization, "LayerNormalization RMSNormalization"],
    [alongAxis, "Hardmax LogSoftmax Softmax"],
    [resize, "Resize"],
    [upsample, "Upsample"],
    [gridSample, "GridSample"],
    [affineGrid, "AffineGrid"],
    [matrixProduct, "MatMul"],
    [integerMatrixProduct, "MatMulInteger"],
    [quantizedMatrixProduct, "QLinearMatMul"],
    [gemm, "Gemm"],
    [einsum, "Einsum"],
    [determinant, "Det"],
    [
      reduction,
      "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd " +
        "ReduceSum ReduceSumSquare",
    ],
    [argReduction, "ArgMax ArgMin"],
    [reshape, "Reshape"],
    [flatten, "Flatten"],
    [squeeze, "Squeeze"],
    [unsqueeze, "Unsqueeze"],
    [transpose, "Transpose"],
    [expand, "Expand"],
    [tile, "Tile"],
    [depthSpace, "DepthToSpace SpaceToDepth"],
    [concat, "Concat"],
    [split, "Split"],
    [slice, "Slice"],
    [gather, "Gather"],
    [gatherElements, "GatherElements"],
    [gatherNd, "GatherND"],
    [topK, "TopK"],
    [oneHot, "OneHot"],
    [nonZero, "NonZero"],
    [compress, "Compress"],
    [unique, "Unique"],
    [nonMaxSuppression, "NonMaxSuppression"],
    [pad, "Pad"],
    [centerCropPad, "CenterCropPad"],
    [constant, "Constant"],
    [shapeOf, "Shape"],
    [elementCount, "Size"],
    [constantOfShape, "ConstantOfShape"],
    [range, "Range"],
    [likeInput, "Bernoulli EyeLike RandomNormalLike RandomUniformLike"],
    [ofShapeAttribute, "RandomNormal RandomUniform"],
    [multinomial, "Multinomial"],
    [windowOfSize, "BlackmanWindow HammingWindow HannWindow"],
    [loss, "NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss"],
    [recurrent, "GRU LSTM RNN"],
    [fourierTransform, "DFT"],
    [shortTimeFourierTransform, "STFT"],
    [melWeights, "MelWeightMatrix"],
    [ngramWeights, "TfIdfVectorizer"],
    [quantize, "QuantizeLinear"],
    [dequantize, "DequantizeLinear"],
    [dynamicQuantize, "DynamicQuantizeLinear"],
    [conditional, "If"],
    [loop, "Loop"],
    [scan, "Scan"],
  ];
}
