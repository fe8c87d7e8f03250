// How fast the bandits are: LinUCB beside Python's, every policy by itself, and ten million updates in a row.
import { compareWithPython } from "./bandit/compare-with-python.js";
import { measureDrift } from "./bandit/measure-drift.js";
import { measurePolicies } from "./bandit/measure-policies.js";
import { runBenchmark } from "./run-benchmark.js";

await runBenchmark({
  command: "pnpm bench:bandit",
  summary:
    "Times decide + update through createBandit, beside MABWiser and its arithmetic in numpy on the same stream, and looks for drift.",
  sections: [
    { name: "python", run: compareWithPython },
    { name: "policies", run: measurePolicies },
    { name: "drift", run: measureDrift },
  ],
  options: {
    python: {
      type: "string",
      help: "an interpreter with numpy, and with mabwiser to measure that itself (python3)",
    },
  },
});
