import type { Tensor } from "@edgewright/core";
import type { DatasetFacts } from "./datasets.js";
import type { LabelledImages } from "./labelled-images.js";

/** The standardised value of each of the 256 grey levels: (level / 255 - mean) / deviation. */
export function standardisedLevels({
  mean,
  standardDeviation,
}: Pick<DatasetFacts, "mean" | "standardDeviation">): Float32Array {
  return Float32Array.from({ length: 256 }, (_, level) => (level / 255 - mean) / standardDeviation);
}

/**
 * Pictures `begin` to `end` (exclusive) as what the models of the zoo take: standardised,
 * [count, 1, height, width].
 */
export function toInputTensor(
  set: LabelledImages,
  facts: Pick<DatasetFacts, "mean" | "standardDeviation">,
  begin = 0,
  end: number = set.count,
): Tensor<"f32"> {
  const { height, width, pixels } = set;
  const levels = standardisedLevels(facts);
  const area = height * width;
  const data = new Float32Array((end - begin) * area);
  for (let i = 0; i < data.length; i++) data[i] = levels[pixels[begin * area + i]!]!;
  return { dtype: "f32", shape: [end - begin, 1, height, width], data };
}
