import { ValidationError } from "@edgewright/core";
import type { Bandit } from "../bandit/bandit.js";
import type { BanditSnapshot } from "../bandit/snapshot.js";
import type { FleetMember } from "../fleet/fleet-member.js";
import type { FleetMemberState } from "../fleet/member-state.js";
import type { SaveOptions, SnapshotStore } from "./snapshot-store.js";

/** What {@link loadBandit} found. */
export interface StoredBandit {
  /** For `snapshot` of {@link createBandit}, which checks it. */
  readonly snapshot: BanditSnapshot;
  /** For `state` of {@link createFleetMember}; undefined where none was saved. */
  readonly member: FleetMemberState | undefined;
  /** For the next {@link saveBandit} where other processes save the same bandit. */
  readonly revision: number;
}

/** Options of {@link saveBandit}. */
export interface SaveBanditOptions {
  /** The bandit's part in a fleet, to be saved with it at the same moment. @default none */
  readonly member?: FleetMember;
  /** The revision that the store must still hold, see {@link SaveOptions}. @default "any": the last save counts */
  readonly revision?: SaveOptions["revision"];
}

/**
 * Saves a bandit as it is at the moment of the call, to go on from bit for bit.
 *
 * @returns the new revision
 * @throws StoreConflictError when a revision was expected and another is there, and what {@link SnapshotStore.save} does
 *
 * @example
 * const store = createMemoryStore(); // or createIndexedDbStore(), createFileStore({ folder: "bandits" })
 * const open = async () => {
 *   const saved = await loadBandit(store, "lamp");
 *   return createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, snapshot: saved?.snapshot });
 * };
 * const first = await open();
 * first.update(first.decide().id, 1);
 * await saveBandit(store, "lamp", first);
 * const second = await open();
 * console.log(second.decided); // 1
 */
export async function saveBandit<Arm extends string, Context>(
  store: SnapshotStore,
  key: string,
  bandit: Bandit<Arm, Context>,
  options: SaveBanditOptions = {},
): Promise<number> {
  const revision = "revision" in options ? options.revision : "any";
  const value = {
    format: "edgewright-stored-bandit",
    version: 1,
    snapshot: bandit.snapshot(),
    member: options.member?.state() ?? null,
  };
  return store.save(key, value, { revision });
}

/**
 * What {@link saveBandit} saved; undefined when there is nothing.
 *
 * @throws ValidationError when something else lies there, and what {@link SnapshotStore.load} throws
 */
export async function loadBandit(
  store: SnapshotStore,
  key: string,
): Promise<StoredBandit | undefined> {
  const found = await store.load(key);
  if (!found) return undefined;
  const { format, version, snapshot, member } = (found.value ?? {}) as Record<string, unknown>;
  if (format !== "edgewright-stored-bandit" || version !== 1) {
    throw new ValidationError(
      `loadBandit: a bandit that saveBandit saved was expected under "${key}", got something else or a newer version; choose another key or update the library`,
    );
  }
  return {
    snapshot: snapshot as BanditSnapshot,
    member: (member ?? undefined) as FleetMemberState | undefined,
    revision: found.revision,
  };
}
