import { ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";

/** Checks the sizes of a matrix of floats. */
export function checkRows(where: string, rows: number, cols: number): void {
  checkCounts(where, { rows }, 0);
  checkCounts(where, { cols }, 1);
  if (rows * cols >= 2 ** 30) {
    throw new ShapeError(
      `${where}: x of [${rows}, ${cols}] does not fit into the 4 GiB of WebAssembly's memory`,
    );
  }
}
