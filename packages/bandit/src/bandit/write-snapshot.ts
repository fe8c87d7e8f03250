import type { Rng } from "@edgewright/core";
import type { Constraint } from "../constraints/constraint.js";
import { encodeFloat64 } from "../policy/float64-text.js";
import type { Policy } from "../policy/policy.js";
import type { Solicitation } from "../solicitation/solicitation.js";
import type { RegisteredArm } from "./arm-registry.js";
import { checksum } from "./checksum.js";
import type { PendingDecisions } from "./pending-decisions.js";
import type { BanditSnapshot, SnapshotPending } from "./snapshot.js";

/** What a snapshot is written from. */
export interface SnapshotSource {
  readonly policy: Policy;
  readonly arms: Iterable<RegisteredArm<string>>;
  readonly rng: Rng;
  readonly pending: PendingDecisions;
  readonly constraints: readonly Constraint[];
  readonly solicitation: Solicitation | undefined;
}

/** Writes down all that a bandit needs to go on. */
export function writeSnapshot(source: SnapshotSource): BanditSnapshot {
  const { policy, arms, rng, pending, constraints, solicitation } = source;
  const content = {
    format: "edgewright-bandit",
    version: 1,
    policy: {
      name: policy.name,
      contextDimension: policy.contextDimension,
      armDimension: policy.armDimension,
      state: policy.state(),
    },
    arms: Array.from(arms, ({ arm, slot, features }) => ({
      name: arm,
      slot,
      features: features ? encodeFloat64(features) : null,
    })),
    rng: rng.state(),
    pending: writePending(pending),
    constraints: constraints.map((part) => ({ name: part.name, state: part.state?.() ?? null })),
    solicitation: solicitation
      ? { name: solicitation.name, state: solicitation.state() ?? null }
      : null,
  } as const;
  return { ...content, checksum: checksum(content) };
}

function writePending(pending: PendingDecisions): SnapshotPending {
  let letters = "";
  const waiting: SnapshotPending["waiting"][number][] = [];
  for (let number = pending.firstKnown; number < pending.decided; number++) {
    const entry = pending.at(number);
    if (typeof entry === "string") {
      letters += entry === "arm-removed" ? "r" : entry[0];
      continue;
    }
    letters += "p";
    const { slot, propensity, time, context, armFeatures, notes } = entry;
    waiting.push([
      slot,
      propensity,
      time,
      encodeFloat64(context),
      encodeFloat64(armFeatures),
      notes,
    ]);
  }
  const fates = letters.replace(/(.)\1*/g, (run, letter: string) => letter + run.length);
  return { decided: pending.decided, fates, waiting };
}
