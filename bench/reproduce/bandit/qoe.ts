import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../../context.js";

/** (Follows.) */
export async function qoe(_context: BenchContext): Promise<FigureInput[]> {
  return [];
}
