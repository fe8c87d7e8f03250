// What scheduling decisions cost: a thousand requests under Dysta, and curves to a hundred thousand for every policy.
import { runBenchmark } from "./run-benchmark.js";
import { measureCurves, measureThousand } from "./scheduler/decision-cost.js";

await runBenchmark({
  command: "pnpm bench:scheduler",
  summary:
    "Simulates three models of twelve layers at 1.5 times what an accelerator can do, and times the decisions of every policy.",
  sections: [
    { name: "thousand", run: measureThousand },
    { name: "curves", run: measureCurves },
  ],
});
