import * as z from "zod/mini";
import type { ModelVariant } from "./model-variant.js";
import { parseWith } from "./parse-with.js";

/** The shape of a {@link ModelVariant}; unknown keys are refused. */
export const modelVariantSchema: z.ZodMiniType<ModelVariant> = /*@__PURE__*/ (() =>
  z.strictObject({
    task: z.string().check(z.minLength(1)),
    model: z.string().check(z.minLength(1)),
    precision: z.string().check(z.minLength(1)),
    bytes: z.exactOptional(z.number().check(z.nonnegative())),
    macs: z.exactOptional(z.number().check(z.nonnegative())),
    parameters: z.exactOptional(z.number().check(z.nonnegative())),
    accuracy: z.exactOptional(
      z.strictObject({
        metric: z.string().check(z.minLength(1)),
        value: z.number(),
        higherIsBetter: z.exactOptional(z.boolean()),
      }),
    ),
  }))();

/**
 * Checks that a value from outside, say a parsed JSON file, is a {@link ModelVariant}.
 *
 * @throws ValidationError with the path of the first fault in `where`.
 */
export function parseModelVariant(value: unknown): ModelVariant {
  return parseWith(modelVariantSchema, value, "parseModelVariant");
}
