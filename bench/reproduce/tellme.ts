// `pnpm reproduce tellme`: ternary weights by table look-up, the papers' figures and ours.
import { measureTernarySpeed, modelTernaryWork } from "../decode/ternary-speed.js";
import { runBenchmark } from "../run-benchmark.js";
import { publishedFigures, TELLME_V2 } from "./tellme/published-figures.js";

await runBenchmark({
  command: "pnpm reproduce tellme",
  summary:
    "Ternary weights by table look-up: what the papers report of an FPGA, and the same shape measured here.",
  sections: [
    { name: "published", run: async () => publishedFigures() },
    { name: "modelled", run: async () => modelTernaryWork() },
    { name: "measured", run: (context) => measureTernarySpeed(context, TELLME_V2) },
  ],
});
