// `pnpm reproduce bandit`: classification data turned into bandit problems against MABWiser's regrets, off-policy
// estimates of the Open Bandit logs against obp's, and model selection by quality of experience on tables of devices.
import type { BenchSection } from "../context.js";
import { runBenchmark } from "../run-benchmark.js";
import { classification } from "./bandit/classification.js";
import { obd } from "./bandit/obd.js";
import { qoe } from "./bandit/qoe.js";

const sections: readonly BenchSection[] = [
  { name: "classification", run: classification },
  { name: "obd", run: obd },
  { name: "qoe", run: qoe },
];
const args = process.argv.slice(2);
// Naming the data of some sections runs those alone.
const named = sections.filter(({ name }) => args.some((arg) => arg.split("=")[0] === `--${name}`));

await runBenchmark({
  command: "pnpm reproduce bandit",
  summary:
    "Cumulative regret on classification data, off-policy estimates of the Open Bandit logs, and QoE model selection over published device tables.",
  sections: named.length > 0 ? named : sections,
  options: {
    classification: {
      type: "string",
      help: "folder of classification data with exported orders (../shared/data/bandit/classification)",
    },
    obd: { type: "string", help: "folder of Open Bandit logs (../shared/data/bandit/obd)" },
    qoe: { type: "string", help: "folder of device tables (../shared/data/profiles)" },
    curves: { type: "string", help: "folder to write pictures of the QoE regret curves to" },
  },
});
