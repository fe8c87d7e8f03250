import type { FigureInput } from "@edgewright/device-bench";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import type { BenchContext } from "../../context.js";
import { describeLearning } from "./qoe/learning-figures.js";
import { createPlan, type Plan } from "./qoe/plan.js";
import { describeSolicitation } from "./qoe/solicitation-figures.js";
import { USERS } from "./qoe/splits.js";
import { loadTables, type QoeTable } from "./qoe/tables.js";

/**
 * Model selection by quality of experience on published tables of devices, with users of our own: what is learnt on
 * devices and users that hyperparameters were not chosen on.
 */
export async function qoe(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  const kernels = await loadTrainingKernels({ variant: "baseline" });
  try {
    for (const table of loadTables(context)) {
      context.log(`  ${table.name}: hyperparameters ...`);
      const plan = await createPlan(context, table, kernels);
      rows.push(describeSetUp(table, plan));
      context.log(`  ${table.name}: learning ...`);
      const learning = await describeLearning(context, table, plan, kernels);
      rows.push(...learning.rows);
      context.log(`  ${table.name}: questions ...`);
      rows.push(...(await describeSolicitation(context, table, plan, kernels, learning)));
    }
  } finally {
    kernels.dispose();
  }
  return rows;
}

function describeSetUp(table: QoeTable, { seeds, rounds, tuned, splitOf }: Plan): FigureInput {
  const values = Object.keys(tuned[0]!).map(
    (family) => `${family} ${tuned.map((split) => split[family]).join(" ")}`,
  );
  return {
    kind: "simulated",
    metric: `${table.name}: runs, two for each of ${tuned.length} random splits`,
    value: seeds.length,
    unit: "",
    note: [
      `${rounds} rounds; ${table.variants.length} models; ${splitOf(0).training.profiles.length} devices and ${USERS} users to choose hyperparameters, ${splitOf(0).heldOut.profiles.length} others and ${USERS} others to judge`,
      `every device timed on ${table.probes.length} models, the other times predicted for the bandit`,
      `users SIMULATED: QoE = sum of weighted logistic utilities + N(0, 0.05^2), about five types of ours; their weights and midpoints are in the context, slopes are not`,
      table.source,
      `chosen: ${values.join("; ")}`,
    ].join(". "),
  };
}
