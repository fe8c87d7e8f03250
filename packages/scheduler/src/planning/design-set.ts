import { EdgewrightError } from "@edgewright/core";
import type { Design } from "./design.js";

/** What differs from the design that runs when all is well: nothing, the model, the processor, or both. */
export type DesignChange = "none" | "CM" | "CP" | "CB";

/** What to run in one state of the device. */
export interface SwitchingEntry {
  /** Index in {@link DesignSet.designs}. */
  readonly design: number;
  /** What changes against `d0`. */
  readonly change: DesignChange;
}

/** Which design of a set plays which role; two roles may fall to one design. */
export interface DesignRoles {
  /** The best design: runs when nothing is in trouble. */
  readonly d0: number;
  /** The best one on other processors than d0. */
  readonly d1?: number;
  /** The best one on other processors than d0 and d1. */
  readonly d2?: number;
  /** The one with the least memory. */
  readonly dm: number;
  /** The one with the least work: for when every processor is in trouble. */
  readonly dw: number;
}

/**
 * The few designs that a device keeps, and which of them runs in which state: all that the run-time manager needs, so
 * that nothing is solved again on the device. JSON-able.
 */
export interface DesignSet {
  readonly version: 1;
  readonly designs: readonly Design[];
  readonly roles: DesignRoles;
  /**
   * What can be in trouble, in the order of the bits of a state: the processors of the device, by the names that
   * assignments give them.
   */
  readonly engines: readonly string[];
  /**
   * An entry for each of the `2^(engines + 1)` states. Bit i of the index is set when engine i is in trouble, the highest
   * bit when memory is short.
   */
  readonly table: readonly SwitchingEntry[];
}

/** What {@link lookUpDesign} finds. */
export interface SwitchingDecision {
  /** Index in the table. */
  readonly state: number;
  /** Index in the set's designs. */
  readonly index: number;
  readonly design: Design;
  readonly change: DesignChange;
}

/** Most engines of a set: the table has `2^(engines + 1)` entries. */
export const MAX_SWITCHING_ENGINES = 12;

/**
 * What to run now: one look-up in the table, whatever the number of designs.
 *
 * @param troubledEngines names out of {@link DesignSet.engines}
 * @throws EdgewrightError (`invalid-argument`) for a name that the set does not have
 *
 * @example
 * ```ts
 * declare const set: DesignSet;
 * const { design, change } = lookUpDesign(set, ["gpu"], false);
 * ```
 */
export function lookUpDesign(
  set: DesignSet,
  troubledEngines: Iterable<string>,
  memoryPressure: boolean,
): SwitchingDecision {
  let state = memoryPressure ? 1 << set.engines.length : 0;
  for (const name of troubledEngines) {
    const bit = set.engines.indexOf(name);
    if (bit < 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `lookUpDesign: one of ${set.engines.join(", ")} was expected as a troubled engine, got "${name}"`,
      );
    }
    state |= 1 << bit;
  }
  const entry = set.table[state]!;
  return { state, index: entry.design, design: set.designs[entry.design]!, change: entry.change };
}

/** The states of a set in words, `gpu + memory` ..., in the order of its table; `all well` is the first. */
export function describeStates(set: Pick<DesignSet, "engines">): string[] {
  const names = [...set.engines, "memory"];
  return Array.from({ length: 2 ** names.length }, (_, state) => {
    return names.filter((_, bit) => state & (1 << bit)).join(" + ") || "all well";
  });
}
