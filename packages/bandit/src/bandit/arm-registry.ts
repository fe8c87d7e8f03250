import { ShapeError } from "@edgewright/core";
import type { ArmOffer } from "./decision.js";
import { invalidArgument } from "./invalid-argument.js";
import { checkLength, copyNumbers, describe, readNumbers } from "./read-numbers.js";

/** The arms that stand for choice in one decision. */
export interface Candidates<Arm extends string> {
  readonly arms: readonly Arm[];
  readonly slots: readonly number[];
  /** What the policy is shown of the arms, [arms.length, armDimension]; valid until the next decision. */
  readonly features: Float64Array;
}

/** An arm as the registry keeps it. */
export interface RegisteredArm<Arm extends string> {
  readonly arm: Arm;
  readonly slot: number;
  /** Features for decisions that bring none; undefined where none were given. */
  readonly features: Float64Array | undefined;
}

/** Names, slots and own features of a bandit's arms. */
export interface ArmRegistry<Arm extends string> {
  /** Names in the order in which they were added; the array never changes, a new one takes its place. */
  readonly arms: readonly Arm[];
  entries(): Iterable<RegisteredArm<Arm>>;
  /** @throws EdgewrightError when there is no such arm */
  find(arm: Arm, caller: string): RegisteredArm<Arm>;
  /** Name of the arm in a slot that is taken. */
  nameOf(slot: number): Arm;
  /** The slot that the next arm gets: the first free one. */
  freeSlot(): number;
  /** @throws EdgewrightError when `arm` is no fit name for a new arm */
  checkNew(arm: Arm, caller: string): void;
  add(entry: RegisteredArm<Arm>): void;
  remove(entry: RegisteredArm<Arm>): void;
  /** Arms and features of one decision, everything checked. */
  candidates(offer: ArmOffer<Arm> | undefined, caller: string): Candidates<Arm>;
}

/** A registry without arms. */
export function createArmRegistry<Arm extends string>(armDimension: number): ArmRegistry<Arm> {
  const byName = new Map<Arm, RegisteredArm<Arm>>();
  const names: (Arm | undefined)[] = []; // by slot
  let every: Candidates<Arm> | undefined;
  let list: readonly Arm[] | undefined; // made when asked for: many arms may come one by one
  let free = 0; // no slot before it is
  // The decision in which a slot was last seen: finds duplicates without a set per decision.
  const seen: number[] = [];
  let round = 0;
  // Features of the arms of one decision, which nobody keeps.
  let scratch = new Float64Array(0);

  const listArms = (): readonly Arm[] => {
    list ??= Object.freeze([...byName.keys()]);
    return list;
  };

  const find = (arm: Arm, caller: string): RegisteredArm<Arm> => {
    const entry = byName.get(arm);
    if (entry) return entry;
    const arms = listArms();
    const known = arms.slice(0, 8).map(describe).join(", ");
    throw invalidArgument(
      `${caller}: one of the arms ${known}${arms.length > 8 ? ", ..." : ""} was expected, got ${describe(arm)}; add it with addArm first`,
    );
  };

  const copyFeatures = (
    given: ArrayLike<number> | undefined,
    arm: Arm,
    caller: string,
    into: Float64Array,
    row: number,
  ): void => {
    if (given === undefined) {
      throw new ShapeError(
        `${caller}: ${armDimension} features of the arm "${arm}" were expected, got none; give them with the arm, or offer arms as a Map with features`,
      );
    }
    const what = `features of the arm "${arm}"`;
    checkLength(given, armDimension, caller, what);
    copyNumbers(given, into, row, caller, what);
  };

  const collect = (
    offered: Iterable<Arm>,
    count: number,
    offer: ArmOffer<Arm>,
    caller: string,
  ): Candidates<Arm> => {
    if (count === 0) throw invalidArgument(`${caller}: at least one arm was expected, got none`);
    const chosen = new Array<Arm>(count);
    const slots = new Array<number>(count);
    if (scratch.length !== count * armDimension) scratch = new Float64Array(count * armDimension);
    const features = offer === list ? scratch.slice() : scratch;
    const given = offer instanceof Map ? (offer as ReadonlyMap<Arm, ArrayLike<number>>) : undefined;
    round++;
    let i = 0;
    for (const arm of offered) {
      const { slot, features: own } = find(arm, caller);
      if (seen[slot] === round) {
        throw invalidArgument(`${caller}: different arms were expected, got "${arm}" twice`);
      }
      seen[slot] = round;
      chosen[i] = arm;
      slots[i] = slot;
      if (armDimension > 0) {
        if (!given && own) features.set(own, i * armDimension);
        else copyFeatures(given ? given.get(arm) : own, arm, caller, features, i * armDimension);
      } else if (given) {
        readNumbers(given.get(arm)!, undefined, caller, `features of the arm "${arm}"`);
      }
      i++;
    }
    return { arms: chosen, slots, features };
  };

  const changed = (): void => {
    every = undefined;
    list = undefined;
  };

  return {
    get arms() {
      return listArms();
    },
    entries: () => byName.values(),
    find,
    nameOf: (slot) => names[slot]!,
    freeSlot() {
      while (names[free] !== undefined) free++;
      return free;
    },
    checkNew(arm, caller) {
      if (typeof arm !== "string" || arm === "") {
        throw invalidArgument(`${caller}: a name was expected for an arm, got ${describe(arm)}`);
      }
      if (byName.has(arm)) {
        throw invalidArgument(
          `${caller}: a new arm was expected, got "${arm}", which exists already`,
        );
      }
    },
    add(entry) {
      byName.set(entry.arm, entry);
      names[entry.slot] = entry.arm;
      seen[entry.slot] = 0;
      changed();
    },
    remove({ arm, slot }) {
      byName.delete(arm);
      names[slot] = undefined;
      free = Math.min(free, slot);
      changed();
    },
    candidates(offer, caller) {
      if (offer === undefined) {
        if (!every) {
          const arms = listArms();
          every = collect(arms, arms.length, arms, caller);
          Object.freeze(every.arms); // decisions share it
        }
        return every;
      }
      if (Array.isArray(offer)) return collect(offer, offer.length, offer, caller);
      if (offer instanceof Map) return collect(offer.keys(), offer.size, offer, caller);
      throw invalidArgument(
        `${caller}: arms were expected as an array of names or a Map from names to features, got ${describe(offer)}`,
      );
    },
  };
}
