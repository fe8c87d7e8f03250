import { ValidationError } from "@edgewright/core";

/** Fields that the states of linear policies have. */
export interface LinearStateFields {
  readonly learned: number;
  readonly models?: unknown;
  readonly shared?: unknown;
  readonly plain?: unknown;
  readonly recent?: unknown;
  readonly recentCount?: unknown;
}

/** Reads the head of a state and checks that it is of a policy of this kind. */
export function readHeader(state: unknown, kind: string, where: string): LinearStateFields {
  const fields = state as (LinearStateFields & { kind: unknown }) | null | undefined;
  if (typeof fields !== "object" || fields === null || fields.kind !== kind) {
    const came = typeof fields === "object" && fields !== null ? String(fields.kind) : typeof state;
    throw new ValidationError(
      `${where}: the state of a policy "${kind}" was expected, got "${came}"; restore with the options it was saved with`,
    );
  }
  if (!isCount(fields.learned)) throw damaged(where, "learned", fields.learned);
  return fields;
}

/** Reads the list of models in a state, each with a slot of its own. */
export function readModels(
  models: unknown,
  learned: number,
  where: string,
): { slot: number; fadedAt: number; model: unknown }[] {
  if (!Array.isArray(models)) throw damaged(where, "models", models);
  const slots = new Set<number>();
  return models.map((entry: { slot: number; fadedAt: number; model: unknown } | null) => {
    const { slot, fadedAt, model } = entry ?? {};
    if (!isCount(slot) || slot >= 2 ** 24 || slots.has(slot)) throw damaged(where, "slot", slot);
    if (!isCount(fadedAt) || fadedAt > learned) throw damaged(where, "fadedAt", fadedAt);
    slots.add(slot);
    return { slot, fadedAt, model };
  });
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(where: string, field: string, came: unknown): ValidationError {
  return new ValidationError(
    `${where}: ${field} does not fit, got ${String(came)}; the snapshot is damaged`,
  );
}
