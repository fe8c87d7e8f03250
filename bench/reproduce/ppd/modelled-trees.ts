import type { FigureInput } from "@edgewright/device-bench";
import { buildSparseTrees } from "@edgewright/llm-decode";
import { VICUNA_7B_RATES } from "./published-figures.js";

// Inputs of a pass and tokens a step of the trees that the authors' repository ships for Vicuna-7B, by their own
// Markov chain: for each limit of candidates and prompt tokens.
const SHIPPED_TREES: readonly (readonly [limit: number, inputs: number, tokensPerStep: number])[] =
  [
    [5, 9, 1.63],
    [10, 14, 1.83],
    [20, 24, 1.98],
    [35, 39, 2.11],
    [60, 64, 2.25],
    [105, 109, 2.37],
  ];

/** Our trees for the published acceptance rates, beside the published trees. */
export function modelledTrees(): FigureInput[] {
  return SHIPPED_TREES.map(([limit, inputs, theirs]): FigureInput => {
    const { tokensPerStep, rows } = buildSparseTrees(VICUNA_7B_RATES, { budget: limit });
    return {
      ...{ kind: "modelled", metric: `Vicuna-7B, trees of ${limit}, tokens a step` },
      ...{ value: tokensPerStep, unit: "tokens", peer: "shipped trees" },
      ...{ ratio: tokensPerStep / theirs, target: { atLeast: 0.99 } },
      note: `${Math.max(...rows)} rows at most; theirs ${theirs} with ${inputs}`,
    };
  });
}
