import {
  type DecoderWeights,
  type LinearName,
  linearShapes,
  type WeightTensor,
} from "@edgewright/core/model-files";

/** One matrix of a model. */
export interface NamedWeight {
  /** Where it stands: `embedding`, `layers.3.query`, `output`. The same names as sensitivities have. */
  readonly path: string;
  /** Whether it is a linear layer of a block, or the embedding, or the output matrix of its own. */
  readonly role: "linear" | "embedding" | "output";
  readonly weight: WeightTensor;
}

/** Every matrix of a model, in the order of a forward pass; norms stay as they are and are left out. */
export function listWeights(weights: DecoderWeights): NamedWeight[] {
  const names = Object.keys(linearShapes(weights.config)) as LinearName[];
  const { embedding, output, layers } = weights;
  return [
    { path: "embedding", role: "embedding", weight: embedding },
    ...layers.flatMap((layer, at) =>
      names.map(
        (name): NamedWeight => ({
          path: `layers.${at}.${name}`,
          role: "linear",
          weight: layer[name],
        }),
      ),
    ),
    ...(output ? [{ path: "output", role: "output", weight: output } as const] : []),
  ];
}

/** The model with other matrices. @param find the matrix for a path */
export function replaceWeights(
  weights: DecoderWeights,
  find: (path: string) => WeightTensor,
): DecoderWeights {
  const names = Object.keys(linearShapes(weights.config)) as LinearName[];
  return {
    ...weights,
    embedding: find("embedding"),
    layers: weights.layers.map((layer, at) => {
      const linear = names.map((name) => [name, find(`layers.${at}.${name}`)]);
      return { ...layer, ...(Object.fromEntries(linear) as Record<LinearName, WeightTensor>) };
    }),
    ...(weights.output ? { output: find("output") } : {}),
  };
}
