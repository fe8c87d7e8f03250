// The solver on a published table whose solution was computed independently.
import type { FigureInput } from "@edgewright/device-bench";
import {
  createPlanningProblem,
  type DesignSet,
  formatDesign,
  planDesigns,
  rankDesigns,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import { loadProfiles } from "./load-profiles.js";

const SLOS = "max accuracy; min latency; min size; latency <= 41.67ms";
const EXPECTED = [0.7368, 0.6022, 0.5281, 0.4881];

/** EfficientNet-lite on a Pixel 4: how far the optimality of the four best designs is from the expected figures. */
export function checkGolden(context: BenchContext): FigureInput[] {
  const profile = loadProfiles(context, "tflite-pixel-tables.csv")?.find(
    ({ device }) => device.name === "Pixel 4",
  );
  if (!profile) return [];
  const { set, space } = planDesigns(createPlanningProblem({ profile, slos: SLOS }));
  const best = [...rankDesigns(space)].map((index) => 1 / space.distances[index]!);
  return [
    {
      metric: "Pixel 4 table: optimality of the four best designs, largest difference",
      value: Math.max(...EXPECTED.map((value, i) => Math.abs(best[i]! - value))),
      ...{ unit: "", kind: "modelled", target: { atMost: 1e-3 } },
      note: `${space.count} of ${space.size} designs feasible; ${describeRoles(set)}`,
    },
  ];
}

function describeRoles(set: DesignSet): string {
  return Object.entries(set.roles)
    .map(([role, index]) => `${role} ${formatDesign(set.designs[index]!).split(": ")[1]}`)
    .join(", ");
}
