import {
  EdgewrightError,
  encodeFloat16,
  formatShape,
  type PackedTensor,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
} from "@edgewright/core";
import { type WeightTensor, weightFloats } from "@edgewright/core/model-files";
import { quantizeBinaryCodedSteps } from "../binary-coded/quantize-binary-coded.js";
import { quantizeInt4GptqSteps } from "../gptq/quantize-int4-gptq.js";
import { quantizeNestedGptqSteps } from "../gptq/quantize-nested-gptq.js";
import type { Steps } from "../internal/steps.js";
import { quantizeNestedSteps } from "../nested/quantize-nested.js";
import type { WeightRecipe } from "./weight-recipe.js";

/** What is known about a matrix besides its weights. */
export interface WeightKnowledge {
  readonly sensitivities: ArrayLike<number> | undefined;
  readonly inputMoments: ArrayLike<number> | undefined;
}

/** Stores one matrix as its recipe says, with pauses. */
export function* quantizeWeightSteps(
  weight: WeightTensor,
  recipe: WeightRecipe,
  { sensitivities, inputMoments }: WeightKnowledge,
): Steps<WeightTensor> {
  if (recipe.format === "keep") return weight;
  const { shape } = weight;
  const floats = weightFloats(weight);
  const known = sensitivities ? { sensitivities } : {};
  switch (recipe.format) {
    case "f32":
      return { dtype: "f32", shape, data: floats };
    case "f16":
      return { dtype: "f16", shape, data: encodeWithinRange(floats) };
    case "int8-channel":
      return quantizeInt8Channel(floats, shape, recipe);
    case "int8-group":
      return withinRange(quantizeInt8Group(floats, shape, recipe));
    case "int4-group": {
      const { gptq = inputMoments !== undefined, ...options } = recipe;
      if (!gptq) return withinRange(quantizeInt4Group(floats, shape, options));
      return withinRange(
        yield* quantizeInt4GptqSteps(floats, shape, {
          ...options,
          inputMoments: given(inputMoments),
        }),
      );
    }
    case "nested": {
      const { gptq = inputMoments !== undefined, ...options } = recipe;
      if (!gptq) return yield* quantizeNestedSteps(floats, shape, { ...options, ...known });
      if ((options.rowsPerCodebook ?? 1) !== 1) {
        throw new EdgewrightError(
          "invalid-argument",
          "quantizeDecoder: GPTQ for nested codes has a codebook for every row; leave out gptq or rowsPerCodebook",
        );
      }
      const { rowsPerCodebook: _, ...others } = options;
      return yield* quantizeNestedGptqSteps(floats, shape, {
        ...others,
        inputMoments: given(inputMoments),
      });
    }
    case "binary-coded":
      return withinRange(yield* quantizeBinaryCodedSteps(floats, shape, { ...recipe, ...known }));
    case "ternary":
      return quantizeTernary(floats, shape, recipe);
  }
}

function given(inputMoments: ArrayLike<number> | undefined): ArrayLike<number> {
  if (inputMoments) return inputMoments;
  throw new EdgewrightError(
    "invalid-argument",
    "quantizeDecoder: GPTQ needs the inputMoments of this matrix; measureInputMoments has them for linear layers",
  );
}

// A scale that 16 bits cannot hold would turn a whole group into infinities.
function withinRange<
  Packed extends PackedTensor & { scales: { dtype: string; data: ArrayLike<number> } },
>(packed: Packed): Packed {
  const { dtype, data } = packed.scales;
  if (dtype !== "f16") return packed;
  for (let at = 0; at < data.length; at++) {
    if ((data[at]! & 0x7c00) === 0x7c00) throw tooLarge(packed.shape);
  }
  return packed;
}

function encodeWithinRange(floats: Float32Array): Uint16Array {
  const bits = encodeFloat16(floats);
  for (let at = 0; at < bits.length; at++) {
    if ((bits[at]! & 0x7c00) === 0x7c00) {
      throw new EdgewrightError(
        "invalid-argument",
        `quantizeDecoder: f16 holds finite numbers up to 65504, weight ${at} is ${floats[at]}`,
      );
    }
  }
  return bits;
}

function tooLarge(shape: readonly number[]): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `quantizeDecoder: weights of shape ${formatShape(shape)} are too large for scales of 16 bits; store scales as f32`,
  );
}
