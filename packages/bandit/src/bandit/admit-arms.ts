import { EdgewrightError } from "@edgewright/core";
import type { Constraint } from "../constraints/constraint.js";
import type { Candidates } from "./arm-registry.js";

/** The candidates that every constraint admits; the same object when these are all. */
export function admitArms<Arm extends string>(
  constraints: readonly Constraint[],
  candidates: Candidates<Arm>,
  caller: string,
): Candidates<Arm> {
  let left = candidates;
  for (const constraint of constraints) {
    if (!constraint.admits) continue;
    const kept: number[] = [];
    for (let i = 0; i < left.arms.length; i++) {
      if (constraint.admits(left.arms[i]!)) kept.push(i);
    }
    if (kept.length === left.arms.length) continue;
    if (kept.length === 0) {
      throw new EdgewrightError(
        "limit-exceeded",
        `${caller}: constraint "${constraint.name}" admits none of the arms ${left.arms.join(", ")}; an arm that always fits was expected among them`,
      );
    }
    left = keep(left, kept);
  }
  return left;
}

function keep<Arm extends string>(
  { arms, slots, features }: Candidates<Arm>,
  kept: readonly number[],
): Candidates<Arm> {
  const width = features.length / arms.length;
  const rows = new Float64Array(kept.length * width);
  for (const [row, i] of kept.entries()) {
    rows.set(features.subarray(i * width, (i + 1) * width), row * width);
  }
  return { arms: kept.map((i) => arms[i]!), slots: kept.map((i) => slots[i]!), features: rows };
}
