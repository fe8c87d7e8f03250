import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";

/** (Follows.) */
export async function obd(_context: BenchContext): Promise<FigureInput[]> {
  return [];
}
