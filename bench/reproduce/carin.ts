// `pnpm reproduce carin`: planning under service-level objectives, the paper's figures and ours.
import { runBenchmark } from "../run-benchmark.js";
import { checkGolden } from "./carin/golden.js";
import { compareOptimality } from "./carin/optimality-gains.js";
import { publishedFigures } from "./carin/published-figures.js";
import { measureSolvingCost } from "./carin/solving-cost.js";

await runBenchmark({
  command: "pnpm reproduce carin",
  summary:
    "Designs planned under service-level objectives: what the paper reports, and optimality gains over every baseline on the devices of published tables (figures of the tables; contention of several models is modelled).",
  sections: [
    { name: "published", run: async () => publishedFigures() },
    { name: "golden", run: async (context) => checkGolden(context) },
    { name: "optimality", run: async (context) => compareOptimality(context) },
    { name: "cost", run: async (context) => measureSolvingCost(context) },
    {
      name: "live",
      run: async (context) => {
        if (!context.values.live) return [];
        const { measureLive } = await import("./carin/live.js");
        return measureLive(context);
      },
    },
  ],
  options: {
    live: {
      type: "boolean",
      help: "also run real models here under load, switched by the run-time manager (minutes)",
    },
    profiles: {
      type: "string",
      help: "folder with ncnn-bench.csv, qualcomm-aihub-perf.csv and tflite-pixel-tables.csv (../shared/data/profiles)",
    },
  },
});
