// Devices and users to choose hyperparameters on, and others to judge on.

import {
  createQoeWorld,
  drawUser,
  type MetricUtility,
  type QoeMetric,
  type QoeWorld,
  USER_TYPES,
  type UserType,
} from "@edgewright/bandit/qoe";
import { createRng, type Rng } from "@edgewright/core";
import type { QoeTable } from "./tables.js";

/** One random split of a table's devices in halves, with as many users on either side. */
export interface Split {
  readonly training: QoeWorld;
  readonly heldOut: QoeWorld;
}

/** Users on either side of a split. */
export const USERS = 20;

/** The split with a number: no device and no user is on both sides. */
export function createSplit(table: QoeTable, number: number): Split {
  const rng = createRng(7000 + number);
  const profiles = rng.shuffle([...table.profiles]);
  const half = Math.floor(profiles.length / 2);
  const types = Object.values(USER_TYPES).map((type) => fitUser(type, table.smaller));
  const world = (some: typeof profiles, people: Rng): QoeWorld =>
    createQoeWorld({
      profiles: some,
      variants: table.variants,
      probes: table.probes,
      energyMj: table.energyMj,
      users: Array.from({ length: USERS }, () => drawUser(people, { types })),
    });
  return {
    training: world(profiles.slice(0, half), rng.split()),
    heldOut: world(profiles.slice(half), rng.split()),
  };
}

// The same wishes of models that are so many times smaller and faster.
function fitUser(type: UserType, smaller: number): UserType {
  const utilities: Partial<Record<QoeMetric, MetricUtility>> = {};
  for (const [key, utility] of Object.entries(type.utilities)) {
    const metric = key as QoeMetric;
    const midpoint = metric === "accuracy" ? utility.midpoint : utility.midpoint / smaller;
    utilities[metric] = { ...utility, midpoint };
  }
  return { name: type.name, utilities };
}
