import type { ModelVariant, Tensor } from "@edgewright/core";
import { type Model, modelCost } from "@edgewright/graph";

/** What a model file says of itself: the variant that a profile records. */
export function describeModel(
  model: Model,
  bytes: number,
  feeds: Readonly<Record<string, Tensor>>,
  named: { readonly name: string; readonly task?: string; readonly precision?: string },
): ModelVariant {
  const macs = countMacs(model, feeds);
  let parameters = 0;
  for (const { data, dtype } of model.graph.initializers.values()) {
    if (dtype !== "i64") parameters += data.length; // those are shapes and indices
  }
  return {
    task: named.task ?? "unknown",
    model: named.name,
    precision: named.precision ?? precisionOf(model),
    bytes,
    parameters,
    ...(macs === undefined ? {} : { macs }),
  };
}

/** The element type that holds most of the weights. */
function precisionOf(model: Model): string {
  const held = new Map<string, number>();
  for (const { dtype, data } of model.graph.initializers.values()) {
    held.set(dtype, (held.get(dtype) ?? 0) + data.length);
  }
  const [most] = [...held].sort((a, b) => b[1] - a[1]);
  const names: Record<string, string> = { f32: "fp32", f16: "fp16", i8: "int8", u8: "int8" };
  return names[most?.[0] ?? "f32"] ?? most?.[0] ?? "fp32";
}

// A model whose shapes cannot be inferred is still worth measuring.
function countMacs(model: Model, feeds: Readonly<Record<string, Tensor>>): number | undefined {
  try {
    const shapes = Object.fromEntries(
      Object.entries(feeds).map(([name, { shape }]) => [name, shape] as const),
    );
    const { macs } = modelCost(model, shapes, { inputValues: feeds });
    return Number.isFinite(macs) ? macs : undefined;
  } catch {
    return undefined;
  }
}
