/**
 * Weights of models in few bits: nested codes that serve every width from one blob, binary codes, GPTQ, rounding to
 * nearest, ternary weights, for language models as wholes or for single matrices; with reports on what it cost.
 *
 * @packageDocumentation
 */
export {
  type QuantizeBinaryCodedOptions,
  quantizeBinaryCoded,
} from "./binary-coded/quantize-binary-coded.js";
export {
  type InputMoments,
  type MeasureInputMomentsOptions,
  measureInputMoments,
} from "./calibration/input-moments.js";
export { measureSensitivities } from "./calibration/measure-sensitivities.js";
export { decoderAtWidth, weightAtWidth, widthsOf } from "./decoder/decoder-at-width.js";
export {
  type QuantizeDecoderOptions,
  type QuantizeProgress,
  quantizeDecoder,
} from "./decoder/quantize-decoder.js";
export { listWeights, type NamedWeight, replaceWeights } from "./decoder/weight-paths.js";
export type { DecoderRecipe, GptqChoice, WeightRecipe } from "./decoder/weight-recipe.js";
export { type QuantizeInt4GptqOptions, quantizeInt4Gptq } from "./gptq/quantize-int4-gptq.js";
export { type QuantizeNestedGptqOptions, quantizeNestedGptq } from "./gptq/quantize-nested-gptq.js";
export { type QuantizeNestedOptions, quantizeNested } from "./nested/quantize-nested.js";
export { formatReport } from "./report/format-report.js";
export { createNllEvaluator } from "./report/nll-evaluator.js";
export {
  type MatrixReport,
  type ModelWidthReport,
  type QuantizationReport,
  type ReportQuantizationOptions,
  reportQuantization,
  type WidthReport,
} from "./report/report-quantization.js";
export {
  type DistillTernaryOptions,
  type DistillTernaryProgress,
  distillTernary,
} from "./ternary/distill-ternary.js";
