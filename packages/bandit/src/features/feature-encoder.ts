import { EdgewrightError } from "@edgewright/core";
import { describe } from "../bandit/read-numbers.js";
import type { CategoryField, ContextOf, FeatureSchema, NumberField } from "./feature-schema.js";

/** Options of {@link createFeatureEncoder}. */
export interface FeatureEncoderOptions {
  /** Whether a feature that is always 1 comes last, which linear policies need for an intercept. @default true */
  readonly bias?: boolean;
}

/** Turns contexts into features of one scale. */
export interface FeatureEncoder<Context> {
  /** How many features there are: the dimension that a policy needs. */
  readonly dimension: number;
  /** Names of the features: the property, or `property=value` for a category, and `bias`. */
  readonly names: readonly string[];
  /**
   * The features of a context, [dimension]. Fits {@link BanditOptions.features}.
   *
   * @throws EdgewrightError "invalid-argument" when a property is missing or of another type
   */
  readonly encode: (context: Context) => Float64Array;
}

/**
 * Makes an encoder from a description of the contexts: numbers to a common scale, categories to one feature for each
 * value (one-hot), booleans to 0 and 1, and a bias.
 *
 * Policies trust features of about the size of 1: a context in megabytes would drown the others.
 *
 * @throws EdgewrightError "invalid-argument" when the schema makes no sense
 *
 * @example
 * const encoder = createFeatureEncoder({
 *   memoryGb: { type: "number", range: [0, 16] },
 *   engine: { type: "category", values: ["wasm", "webgpu"] },
 *   charging: { type: "boolean" },
 * });
 * console.log(encoder.names.join(" ")); // memoryGb engine=wasm engine=webgpu charging bias
 * console.log(encoder.encode({ memoryGb: 4, engine: "wasm", charging: true }).join(" ")); // 0.25 1 0 1 1
 * const bandit = createBandit({
 *   policy: linUcb({ dimension: encoder.dimension, alpha: 1 }),
 *   arms: ["small", "large"],
 *   seed: 1,
 *   features: encoder.encode,
 * });
 * console.log(bandit.decide({ memoryGb: 4, engine: "wasm", charging: true }).arm); // small
 */
export function createFeatureEncoder<const Schema extends FeatureSchema>(
  schema: Schema,
  options: FeatureEncoderOptions = {},
): FeatureEncoder<ContextOf<Schema>> {
  const { bias = true } = options;
  const names: string[] = [];
  const writers = Object.entries<FeatureSchema[string]>(schema).map(([property, field]) => {
    const write = createWriter(property, field, names.length);
    names.push(...namesOf(property, field));
    return { property, write };
  });
  if (bias) names.push("bias");
  if (names.length === 0) throw refusal("createFeatureEncoder: at least one field was expected");
  return {
    dimension: names.length,
    names,
    encode(context) {
      if (typeof context !== "object" || context === null) {
        throw refusal(`encode: a context object was expected, got ${describe(context)}`);
      }
      const features = new Float64Array(names.length);
      for (const { property, write } of writers) {
        write((context as { readonly [name: string]: unknown })[property], features);
      }
      if (bias) features[names.length - 1] = 1;
      return features;
    },
  };
}

type Writer = (value: unknown, features: Float64Array) => void;

function namesOf(property: string, field: FeatureSchema[string]): string[] {
  if (field.type !== "category") return [property];
  const values = field.values.map((value) => `${property}=${value}`);
  return field.unknown === "feature" ? [...values, `${property}=?`] : values;
}

function createWriter(property: string, field: FeatureSchema[string], at: number): Writer {
  if (field.type === "number") return createNumberWriter(property, field, at);
  if (field.type === "category") return createCategoryWriter(property, field, at);
  if (field.type !== "boolean") {
    const { type } = field as { readonly type?: unknown };
    throw refusal(
      `createFeatureEncoder: ${property}: a type "number", "category" or "boolean" was expected, got ${describe(type)}`,
    );
  }
  return (value, features) => {
    if (typeof value !== "boolean") {
      throw refusal(`encode: ${property}: true or false was expected, got ${describe(value)}`);
    }
    features[at] = value ? 1 : 0;
  };
}

function createNumberWriter(property: string, field: NumberField, at: number): Writer {
  const inRange = "range" in field;
  const zero = inRange ? field.range[0] : field.mean;
  const unit = inRange ? field.range[1] - field.range[0] : field.deviation;
  const [least, most] = inRange ? [0, 1] : [-(field.clip ?? 5), field.clip ?? 5];
  const { missing } = field;
  if (!(Number.isFinite(zero) && unit > 0 && unit < Infinity && most > 0 && most < Infinity)) {
    throw refusal(
      `createFeatureEncoder: ${property}: a range from low to high, or a mean with a deviation and a clip above 0, was expected`,
    );
  }
  if (missing !== undefined && !Number.isFinite(missing)) {
    throw refusal(`createFeatureEncoder: ${property}: a finite missing was expected`);
  }
  return (value, features) => {
    const isMissing = value === undefined || value === null || Number.isNaN(value);
    const given = isMissing ? missing : value;
    // Infinities have a place on the scale: its ends.
    if (typeof given !== "number" || Number.isNaN(given)) {
      throw refusal(`encode: ${property}: a number was expected, got ${describe(value)}`);
    }
    features[at] = Math.min(most, Math.max(least, (given - zero) / unit));
  };
}

function createCategoryWriter(property: string, field: CategoryField, at: number): Writer {
  const { values, unknown = "zeros" } = field;
  const places = new Map(values?.map((value, i) => [value, i]));
  if (places.size === 0 || places.size !== values.length) {
    throw refusal(
      `createFeatureEncoder: ${property}: different values were expected, at least one`,
    );
  }
  return (value, features) => {
    const place = places.get(value as string);
    if (place !== undefined) features[at + place] = 1;
    else if (unknown === "feature") features[at + values.length] = 1;
    else if (unknown === "throw") {
      throw refusal(
        `encode: ${property}: one of ${values.join(", ")} was expected, got ${describe(value)}`,
      );
    }
  };
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
