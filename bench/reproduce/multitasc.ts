// `pnpm reproduce multitasc`: cascades of many devices and one server, the papers' claims and ours.
import { runBenchmark } from "../run-benchmark.js";
import { simulateChanges } from "./multitasc/changes.js";
import { publishedFigures } from "./multitasc/published-figures.js";
import { simulateScaling } from "./multitasc/scaling.js";

await runBenchmark({
  command: "pnpm reproduce multitasc",
  summary:
    "Cascades of light models on devices and a heavy one on a server: what the papers report, and controllers simulated on outcomes of real classifiers.",
  sections: [
    { name: "published", run: async () => publishedFigures() },
    { name: "scaling", run: simulateScaling },
    { name: "changes", run: simulateChanges },
  ],
  options: {
    profiles: {
      type: "string",
      help: "folder with cascade/letter_cascade.csv (../shared/data/profiles)",
    },
    seeds: { type: "string", help: "runs of each cell (5)" },
  },
});
