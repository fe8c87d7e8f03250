import type {
  QuantizeInt4Options,
  QuantizeInt8Options,
  QuantizeTernaryOptions,
} from "@edgewright/core";
import type { QuantizeBinaryCodedOptions } from "../binary-coded/quantize-binary-coded.js";
import type { QuantizeNestedOptions } from "../nested/quantize-nested.js";

/** How one matrix is stored, with the options of the function that rounds it. */
export type WeightRecipe =
  | { readonly format: "keep" }
  | { readonly format: "f32" | "f16" }
  | ({ readonly format: "int8-channel" } & QuantizeInt8Options)
  | { readonly format: "int8-group"; readonly groupSize?: number }
  | ({ readonly format: "int4-group" } & QuantizeInt4Options & GptqChoice)
  | ({ readonly format: "nested" } & Omit<QuantizeNestedOptions, "sensitivities"> & GptqChoice)
  | ({ readonly format: "binary-coded" } & Omit<QuantizeBinaryCodedOptions, "sensitivities">)
  | ({ readonly format: "ternary" } & QuantizeTernaryOptions);

/** Whether errors are compensated where the inputs of the layer are known. */
export interface GptqChoice {
  /** @default true where `inputMoments` has the layer */
  readonly gptq?: boolean;
}

/** How a model is stored. */
export interface DecoderRecipe {
  /** Linear layers of the blocks. */
  readonly linear: WeightRecipe;
  /**
   * The embedding, which a tied model also multiplies by at the end of every step. It takes part in every token and
   * suffers more from rounding than the other layers: hence 8 bits beside whatever those have.
   *
   * @default 8 bits with a scale for each 32 columns; `linear` where that is "keep", "f32", "f16" or "int8-..."
   */
  readonly embedding?: WeightRecipe;
  /** The output matrix of a model that does not tie it. @default as `embedding` */
  readonly output?: WeightRecipe;
  /** Matrices that are stored otherwise, by path, such as `layers.0.down`. */
  readonly overrides?: Readonly<Record<string, WeightRecipe>>;
}

/** The recipe for one matrix. */
export function recipeFor(
  recipe: DecoderRecipe,
  path: string,
  role: "linear" | "embedding" | "output",
): WeightRecipe {
  const own = recipe.overrides?.[path];
  if (own) return own;
  if (role === "linear") return recipe.linear;
  const embedding = recipe.embedding ?? embeddingBeside(recipe.linear);
  return role === "output" ? (recipe.output ?? embedding) : embedding;
}

function embeddingBeside(linear: WeightRecipe): WeightRecipe {
  switch (linear.format) {
    case "keep":
    case "f32":
    case "f16":
    case "int8-channel":
    case "int8-group":
      return linear;
    default:
      return { format: "int8-group" };
  }
}
