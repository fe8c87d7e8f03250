// `pnpm reproduce pmpd`: progressive mixed-precision decoding, the paper's figures and ours.
import { measurePmpd } from "../decode/pmpd.js";
import { runBenchmark } from "../run-benchmark.js";
import { publishedFigures } from "./pmpd/published-figures.js";

await runBenchmark({
  command: "pnpm reproduce pmpd",
  summary:
    "Progressive mixed-precision decoding: what the paper reports, and quality, bits and speed measured here.",
  sections: [
    { name: "published", run: async () => publishedFigures() },
    { name: "measured", run: measurePmpd },
  ],
});
