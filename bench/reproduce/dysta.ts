// `pnpm reproduce dysta`: pre-emptive scheduling of sparse models, the paper's claims, the reference scheduler's runs
// and ours; with `--live`, real sessions under the executor.
import type { BenchSection } from "../context.js";
import { runBenchmark } from "../run-benchmark.js";
import { simulateFixed } from "./dysta/fixed-policies.js";
import { tabulateGuarded } from "./dysta/guarded-table.js";
import { publishedFigures } from "./dysta/published-figures.js";
import { replayReference } from "./dysta/replay.js";

const simulated: readonly BenchSection[] = [
  { name: "published", run: async () => publishedFigures() },
  { name: "replay", run: replayReference },
  { name: "policies", run: simulateFixed },
  { name: "guarded", run: tabulateGuarded },
];
const args = process.argv.slice(2);
// Real sessions take a while to load.
const live =
  args.includes("--live") || args.includes("--help")
    ? await import("./dysta/live.js")
    : { liveSections: [], liveOptions: {} };

await runBenchmark({
  command: "pnpm reproduce dysta",
  summary:
    "Pre-emptive scheduling of sparse models: runs of the reference scheduler again, and every policy on its requests; with --live, real sessions.",
  sections: args.includes("--live") ? live.liveSections : simulated,
  options: {
    replay: {
      type: "string",
      help: "runs of the reference, JSON (../shared/data/dysta/ref_synth_attnn.json)",
    },
    traces: {
      type: "string",
      help: "folder of their traces, Sanger or Eyeriss V2, CSV (../shared/data/dysta/traces)",
    },
    live: { type: "boolean", help: "real sessions under the executor instead" },
    ...live.liveOptions,
  },
});
