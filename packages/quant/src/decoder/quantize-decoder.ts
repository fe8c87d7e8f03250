import { EdgewrightError, sizeOf } from "@edgewright/core";
import {
  checkDecoderWeights,
  type DecoderWeights,
  type WeightTensor,
} from "@edgewright/core/model-files";
import type { InputMoments } from "../calibration/input-moments.js";
import { pauseBetweenSteps } from "../internal/steps.js";
import { quantizeWeightSteps } from "./quantize-weight.js";
import { listWeights, replaceWeights } from "./weight-paths.js";
import { type DecoderRecipe, recipeFor } from "./weight-recipe.js";

/** How far {@link quantizeDecoder} is. */
export interface QuantizeProgress {
  /** The matrix that is being rounded. */
  readonly path: string;
  /** Weights done. */
  readonly done: number;
  /** Weights in all matrices. */
  readonly total: number;
}

/** Options of {@link quantizeDecoder}. */
export interface QuantizeDecoderOptions {
  /**
   * How much an error of each weight matters, by path: what `weightSensitivities` of `@edgewright/autograd/language`
   * measures on a calibration text. Nested and binary codes use them.
   *
   * @default 1 for every weight
   */
  readonly sensitivities?: ReadonlyMap<string, ArrayLike<number>>;
  /** Second moments of the layers' inputs, by path: where they are known, errors are compensated. @default none */
  readonly inputMoments?: InputMoments;
  /** Ends the work within some tens of milliseconds. */
  readonly signal?: AbortSignal;
  /** Called some twenty times a second. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

/**
 * Stores a language model in few bits: every matrix as the recipe says, norms as they are. Between rows of large
 * matrices other tasks have their turn, so that a page stays alive.
 *
 * @param weights in any format; packed ones are unpacked first
 * @throws EdgewrightError `invalid-argument` for weights that are not finite or options out of range, with the path
 * of the matrix in `where`; ValidationError for weights that do not fit their configuration; AbortError.
 *
 * @example
 * ```ts
 * const { weights } = await readModel(await fileSource("model.gguf"));
 * const small = await quantizeDecoder(weights, { linear: { format: "nested", seedBits: 3, bits: 6 } });
 * ```
 */
export async function quantizeDecoder(
  weights: DecoderWeights,
  recipe: DecoderRecipe,
  options: QuantizeDecoderOptions = {},
): Promise<DecoderWeights> {
  const where = "quantizeDecoder";
  checkDecoderWeights(weights, where);
  const { sensitivities, inputMoments, signal, onProgress } = options;
  const named = listWeights(weights);
  checkOverrides(
    recipe,
    named.map(({ path }) => path),
  );
  const total = named.reduce((sum, { weight }) => sum + sizeOf(weight.shape), 0);
  const stored = new Map<string, WeightTensor>();
  let before = 0;
  for (const { path, role, weight } of named) {
    onProgress?.({ path, done: before, total });
    const steps = quantizeWeightSteps(weight, recipeFor(recipe, path, role), {
      sensitivities: sensitivities?.get(path),
      inputMoments: inputMoments?.get(path),
    });
    try {
      const onStep = (done: number) => onProgress?.({ path, done: before + done, total });
      stored.set(path, await pauseBetweenSteps(steps, where, { signal, onStep }));
    } catch (error) {
      throw withPath(error, path);
    }
    before += sizeOf(weight.shape);
  }
  onProgress?.({ path: named.at(-1)!.path, done: total, total });
  return replaceWeights(weights, (path) => stored.get(path)!);
}

// The functions that round know one matrix and not its name.
function withPath(error: unknown, path: string): unknown {
  if (!EdgewrightError.isInstance(error) || error.code === "aborted") return error;
  return new EdgewrightError(error.code, `${path}: ${error.message}`, {
    cause: error,
    where: path,
  });
}

function checkOverrides({ overrides }: DecoderRecipe, paths: readonly string[]): void {
  for (const path of Object.keys(overrides ?? {})) {
    if (paths.includes(path)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `quantizeDecoder: overrides names ${path}, which the model does not have; its matrices are ${paths.slice(0, 8).join(", ")}, ...`,
    );
  }
}
