// `pnpm reproduce ppd`: parallel prompt decoding, the paper's figures and ours.
import { measurePpd } from "../decode/ppd.js";
import { runBenchmark } from "../run-benchmark.js";
import { modelledTrees } from "./ppd/modelled-trees.js";
import { publishedFigures } from "./ppd/published-figures.js";

await runBenchmark({
  command: "pnpm reproduce ppd",
  summary:
    "Parallel prompt decoding: what the paper reports, trees for its acceptance rates, and speed measured here.",
  sections: [
    { name: "published", run: async () => publishedFigures() },
    { name: "modelled", run: async () => modelledTrees() },
    { name: "measured", run: measurePpd },
  ],
});
