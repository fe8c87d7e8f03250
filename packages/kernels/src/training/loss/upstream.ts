import { EdgewrightError } from "@edgewright/core";

/** Where the gradient of a loss comes from. */
export interface Upstream {
  /** Address of the loss's gradient: one float, or one a row where `upstreamPerRow` is set. */
  readonly upstream: number;
  /** The loss was kept row by row (reduction "none"), and so is its gradient. @default false */
  readonly upstreamPerRow?: boolean;
}

/** How the losses of rows become one: "none" leaves them as they are. */
export type LossReduction = "mean" | "sum" | "none";

/** Refuses what is no reduction. */
export function checkReduction(where: string, reduction: LossReduction): void {
  if (["mean", "sum", "none"].includes(reduction)) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected reduction "mean", "sum" or "none", got ${JSON.stringify(reduction)}`,
  );
}

/** Bytes from one row's upstream gradient to the next. */
export function upstreamStep({ upstreamPerRow = false }: Upstream): number {
  return upstreamPerRow ? 4 : 0;
}
