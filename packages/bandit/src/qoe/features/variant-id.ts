import type { ModelVariant } from "@edgewright/core";

/** What a variant is called as an arm: model and precision, such as `mobilenet_v2 int8`. */
export function variantId(variant: Pick<ModelVariant, "model" | "precision">): string {
  return `${variant.model} ${variant.precision}`;
}
