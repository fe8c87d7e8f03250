import { activationOperators } from "./activations.js";
import { castingOperators } from "./casting.js";
import { constantOperators } from "./constant-operators.js";
import { controlFlowOperators } from "./control-flow.js";
import { convolutionOperators } from "./convolution.js";
import { cumulativeOperators } from "./cumulative-sum.js";
import { dataMovementOperators } from "./data-movement.js";
import { einsumOperators } from "./einsum.js";
import { elementwiseBinaryOperators } from "./elementwise-binary.js";
import { elementwiseUnaryOperators } from "./elementwise-unary.js";
import { elementwiseVariadicOperators } from "./elementwise-variadic.js";
import { fourierOperators } from "./fourier.js";
import { gatherScatterOperators } from "./gather-scatter.js";
import { gridSampleOperators } from "./grid-sample.js";
import type { HostOperator, OperatorEntry } from "./host-operator.js";
import { lossOperators } from "./losses.js";
import { matrixOperators } from "./matrix-product.js";
import { nGramOperators } from "./n-gram-counts.js";
import { nonMaxSuppressionOperators } from "./non-max-suppression.js";
import { normalizationOperators } from "./normalization.js";
import { paddingOperators } from "./padding.js";
import { poolingOperators } from "./pooling.js";
import { quantizationOperators } from "./quantization.js";
import { recurrentOperators } from "./recurrent.js";
import { reduceOperators } from "./reduce.js";
import { resizeOperators } from "./resize.js";
import { roiAlignOperators } from "./roi-align.js";
import { selectionOperators } from "./selection.js";
import { shapeOperators } from "./shape-operators.js";
import { softmaxOperators } from "./softmax.js";
import { trainingStepOperators } from "./training-steps.js";
import { uniqueOperators } from "./unique.js";

/**
 * Finds the function that computes an operator on the host, or `undefined` when there is none for
 * this operator at this opset version.
 *
 * @example
 * const add = hostOperator("", "Add", 17);
 */
export function hostOperator(
  domain: string,
  opType: string,
  opset: number,
): HostOperator | undefined {
  const entries = operatorTable().get(operatorKey(domain, opType));
  if (entries === undefined) return undefined;
  let best: OperatorEntry | undefined;
  for (const entry of entries) {
    if (entry.since > opset || (entry.until !== undefined && opset > entry.until)) continue;
    if (best === undefined || entry.since > best.since) best = entry;
  }
  return best?.run;
}

/** Every operator that runs on the host, sorted by domain and name. */
export function listHostOperators(): OperatorEntry[] {
  return [...operatorTable().values()]
    .flat()
    .sort((a, b) =>
      operatorKey(a.domain ?? "", a.opType) < operatorKey(b.domain ?? "", b.opType) ? -1 : 1,
    );
}

let table: Map<string, OperatorEntry[]> | undefined;

// Built at the first look-up, so that importing the module costs nothing.
function operatorTable(): Map<string, OperatorEntry[]> {
  if (table !== undefined) return table;
  table = new Map();
  for (const entry of allEntries()) {
    const key = operatorKey(entry.domain ?? "", entry.opType);
    const entries = table.get(key);
    if (entries === undefined) table.set(key, [entry]);
    else entries.push(entry);
  }
  return table;
}

function allEntries(): OperatorEntry[] {
  return [
    ...activationOperators(),
    ...castingOperators(),
    ...constantOperators(),
    ...controlFlowOperators(),
    ...cumulativeOperators(),
    ...dataMovementOperators(),
    ...elementwiseBinaryOperators(),
    ...elementwiseUnaryOperators(),
    ...elementwiseVariadicOperators(),
    ...matrixOperators(),
    ...paddingOperators(),
    ...reduceOperators(),
    ...shapeOperators(),
    ...trainingStepOperators(),
    ...nGramOperators(),
    ...fourierOperators(),
    ...uniqueOperators(),
    ...einsumOperators(),
    ...roiAlignOperators(),
    ...gridSampleOperators(),
    ...nonMaxSuppressionOperators(),
    ...lossOperators(),
    ...softmaxOperators(),
    ...selectionOperators(),
    ...resizeOperators(),
    ...recurrentOperators(),
    ...quantizationOperators(),
    ...poolingOperators(),
    ...normalizationOperators(),
    ...gatherScatterOperators(),
    ...convolutionOperators(),
  ];
}

// Some exporters spell the standard domain out.
function operatorKey(domain: string, opType: string): string {
  return `${domain === "ai.onnx" ? "" : domain}:${opType}`;
}
