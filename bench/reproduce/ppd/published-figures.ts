import type { FigureInput } from "@edgewright/device-bench";

// Model, method, tokens a second, tokens a step, parameters trained, sizes of the trees.
const TABLE_1: readonly (readonly [string, string, number, number, string])[] = [
  ["MobileLLaMA-1.4B", "vanilla", 50.2, 1, ""],
  ["MobileLLaMA-1.4B", "PPD", 108.7, 2.43, "4.5e-4 % trained, trees of 10, 84, 89"],
  ["Vicuna-7B", "vanilla", 39.2, 1, ""],
  ["Vicuna-7B", "Medusa", 82.0, 2.51, "8.07 % trained, tree of 63"],
  ["Vicuna-7B", "PPD", 88.0, 2.54, "1.82e-4 % trained, trees of 10, 33, 34"],
  ["Vicuna-13B", "vanilla", 30.4, 1, ""],
  ["Vicuna-13B", "Medusa", 63.4, 2.59, "5.52 % trained, tree of 63"],
  ["Vicuna-13B", "PPD", 66.1, 2.44, "7.87e-5 % trained, trees of 10, 20, 20"],
];

const FIRST = [
  0.48335, 0.14342, 0.0736, 0.0454, 0.03087, 0.02155, 0.01658, 0.01323, 0.00932, 0.00845,
];
const SECOND = [
  0.12691, 0.07038, 0.03922, 0.02784, 0.0207, 0.01561, 0.01242, 0.0104, 0.0092, 0.00749,
];
const THIRD = [
  0.02083, 0.01492, 0.01027, 0.00734, 0.00582, 0.00466, 0.00397, 0.00301, 0.00294, 0.00227,
];

/**
 * How often the truth, 1 to 3 tokens ahead of the next one, is the r-th likeliest token that a prompt token
 * predicts: from the scores of the trees in the authors' repository (hmarkc/parallel-prompt-decoding, Apache-2.0),
 * those of [r], of [0, r] over that of [0], of [0, 0, r] over that of [0, 0].
 */
export const VICUNA_7B_RATES: readonly (readonly number[])[] = [
  FIRST,
  SECOND.map((score) => score / FIRST[0]!),
  THIRD.map((score) => score / SECOND[0]!),
];

/** What the paper (Chen et al., arXiv:2405.18628) reports of A100 and RTX 4090, greedy, MT-Bench. */
export function publishedFigures(): FigureInput[] {
  const kind = "published";
  const vanilla = new Map(
    TABLE_1.filter(([, method]) => method === "vanilla").map(([model, , speed]) => [model, speed]),
  );
  return [
    ...TABLE_1.map(([model, method, speed, tau, note]): FigureInput => {
      const row = { kind, metric: `${model}, ${method}`, value: speed, unit: "tokens/s" } as const;
      if (method === "vanilla") return row;
      const ratio = speed / vanilla.get(model)!;
      return { ...row, peer: "vanilla", ratio, note: `${tau} tokens a step; ${note}` };
    }),
    { kind, metric: "tree attention alone, faster by", value: 32, unit: "%" },
  ];
}
