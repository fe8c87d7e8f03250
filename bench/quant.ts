// What few bits cost stories260K, by method and width, and how long each method takes for a weight.
import { runBenchmark } from "./run-benchmark.js";

await runBenchmark({
  command: "pnpm bench:quant",
  summary:
    "Rounds stories260K by every method and measures nll on TinyStories; times every method for a weight.",
  options: {
    ternary: {
      type: "boolean",
      help: "train stories260K's linear layers to be ternary, too (minutes)",
    },
  },
  sections: [
    {
      name: "nll",
      run: async (context) =>
        (await import("./quant/story-quality.js")).measureStoryQuality(context),
    },
    {
      name: "time",
      run: async (context) =>
        (await import("./quant/rounding-time.js")).measureRoundingTime(context),
    },
  ],
});
