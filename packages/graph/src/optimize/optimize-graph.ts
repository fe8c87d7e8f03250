import type { Graph, Model, ValueInfo } from "../model/model.js";
import type { ConcreteValue } from "../planning/concrete-value.js";
import type { SpecializedGraph } from "../planning/specialize.js";
import { dropNoOps } from "./drop-no-ops.js";
import { foldAffine } from "./fold-affine.js";
import { foldConstants } from "./fold-constants.js";
import { foldPadding } from "./fold-padding.js";
import { fuseActivation } from "./fuse-activation.js";
import { fuseGateSum } from "./fuse-gate-sum.js";
import { fuseLayerNorm } from "./fuse-layer-norm.js";
import { fuseMatmulBias } from "./fuse-matmul-bias.js";
import { fuseResidual } from "./fuse-residual.js";
import { recognizeActivations } from "./recognize-activations.js";
import { createRewriteContext, type Rewrite } from "./rewrite.js";

/**
 * Rewrites a model into one of fewer and faster operations that computes the same up to rounding.
 *
 * The result holds nodes of an internal domain: it is for sessions, not for files.
 */
export function optimizeModel(model: Model): Model {
  return { ...model, graph: optimizeGraph(model.graph, model.opsets) };
}

/** {@link optimizeModel} for a graph, by the given rewrites in order. */
function optimizeGraph(
  graph: Graph,
  opsets: ReadonlyMap<string, number>,
  rewrites: readonly Rewrite[] = allRewrites(),
  known: ReadonlyMap<string, ConcreteValue> = new Map(),
): Graph {
  let current = graph;
  for (const rewrite of rewrites) {
    const context = createRewriteContext(current, opsets, known);
    rewrite(context);
    current = context.editor.finish();
  }
  return current;
}

/**
 * Rewrites that need concrete shapes, or that only show when the taken branches are in place. Weights
 * stay as they are, so that the programs of all shapes share them.
 */
export function optimizeSpecialized(
  specialized: SpecializedGraph,
  results: readonly string[],
  opsets: ReadonlyMap<string, number>,
): SpecializedGraph {
  const info = ([name, { dtype, shape }]: readonly [string, ConcreteValue]): ValueInfo => ({
    name,
    dtype,
    shape,
  });
  const computed = new Set(specialized.nodes.flatMap((node) => node.outputs));
  const graph = optimizeGraph(
    {
      name: "",
      inputs: [...specialized.values].filter(([name]) => !computed.has(name)).map(info),
      outputs: results.map((name) => ({ name, dtype: null, shape: null })),
      initializers: specialized.constants,
      nodes: specialized.nodes,
      valueInfo: new Map(),
    },
    opsets,
    [
      dropNoOps,
      foldPadding,
      recognizeActivations,
      fuseLayerNorm,
      fuseMatmulBias,
      fuseActivation,
      fuseResidual(specialized.values),
      fuseActivation,
    ],
    specialized.values,
  );
  return { ...specialized, nodes: graph.nodes, constants: graph.initializers };
}

function allRewrites(): Rewrite[] {
  return [
    foldConstants,
    dropNoOps,
    foldPadding,
    foldAffine,
    recognizeActivations,
    fuseGateSum,
    // Once more: sums and products that the gate left behind belong to its activation.
    recognizeActivations,
    fuseLayerNorm,
    fuseMatmulBias,
    fuseActivation,
  ];
}
