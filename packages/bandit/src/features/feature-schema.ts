/** A number, brought to a common scale and clipped there: one feature. */
export type NumberField =
  | {
      readonly type: "number";
      /** Smallest and largest value to be expected; they become 0 and 1, and so does what lies beyond. */
      readonly range: readonly [low: number, high: number];
      /** Stands in for undefined, null and NaN. @default none: they are refused */
      readonly missing?: number;
    }
  | {
      readonly type: "number";
      /** Becomes 0. */
      readonly mean: number;
      /** Standard deviation, above 0: this much above the mean becomes 1. */
      readonly deviation: number;
      /** How many deviations from the mean values are clipped at. @default 5 */
      readonly clip?: number;
      /** Stands in for undefined, null and NaN. @default none: they are refused */
      readonly missing?: number;
    };

/** One of several values: a feature for each that is 1 for the value that came and 0 for the others. */
export interface CategoryField {
  readonly type: "category";
  readonly values: readonly string[];
  /**
   * What a value that is not listed becomes: zeros, a feature of its own for all of them, or an error.
   *
   * @default "zeros"
   */
  readonly unknown?: "zeros" | "feature" | "throw";
}

/** True or false: one feature, 1 or 0. */
export interface BooleanField {
  readonly type: "boolean";
}

/** What a context is made of: a field for each of its properties that features are made from. */
export interface FeatureSchema {
  readonly [property: string]: NumberField | CategoryField | BooleanField;
}

/** The contexts that a schema describes. */
export type ContextOf<Schema extends FeatureSchema> = {
  readonly [Property in keyof Schema]: Schema[Property] extends CategoryField
    ? string
    : Schema[Property] extends BooleanField
      ? boolean
      : Schema[Property] extends { readonly missing: number }
        ? number | null | undefined
        : number;
};
