import { EdgewrightError, type Rng, restoreRng, ValidationError } from "@edgewright/core";
import { decodeFloat64 } from "../policy/float64-text.js";
import type { Policy } from "../policy/policy.js";
import type { RegisteredArm } from "./arm-registry.js";
import { checksum } from "./checksum.js";
import {
  createPendingDecisions,
  type Fate,
  type PendingDecision,
  type PendingDecisions,
} from "./pending-decisions.js";
import { describe } from "./read-numbers.js";
import type { BanditSnapshot, SnapshotPart } from "./snapshot.js";

/** A snapshot's parts, checked and ready for use; the policy's and other states are checked by their owners. */
export interface ReadSnapshot<Arm extends string> {
  readonly arms: readonly RegisteredArm<Arm>[];
  readonly rng: Rng;
  readonly pending: PendingDecisions;
  readonly policyState: unknown;
  readonly constraints: readonly SnapshotPart[];
  readonly solicitation: SnapshotPart | null;
}

/** What the options say that a snapshot must agree with. */
export interface SnapshotExpectations {
  readonly policy: Policy;
  readonly constraints: readonly { readonly name: string }[];
  readonly solicitation: { readonly name: string } | undefined;
  readonly capacity: number;
  readonly idPrefix: string;
}

const FATES: { readonly [letter: string]: Fate } = {
  a: "answered",
  e: "expired",
  f: "forgotten",
  r: "arm-removed",
};

/** Reads and checks a snapshot. @throws ValidationError that says what is wrong with it */
export function readSnapshot<Arm extends string>(
  snapshot: unknown,
  expected: SnapshotExpectations,
): ReadSnapshot<Arm> {
  try {
    return readParts(snapshot as BanditSnapshot, expected);
  } catch (cause) {
    if (EdgewrightError.isInstance(cause) && cause.code === "invalid-data") throw cause;
    // Whatever else goes wrong in there comes of fields that are not there or of another type.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ValidationError(`createBandit: snapshot: damaged, ${why}`, { cause });
  }
}

function readParts<Arm extends string>(
  snapshot: BanditSnapshot,
  expected: SnapshotExpectations,
): ReadSnapshot<Arm> {
  require(snapshot?.format ===
    "edgewright-bandit", "format", "edgewright-bandit", snapshot?.format);
  require(snapshot.version === 1, "version", "1, the one this library reads,", snapshot.version);
  const { checksum: sum, ...content } = snapshot;
  require(checksum(content) === sum, "checksum", "the content's, for it is damaged,", sum);

  const { policy, constraints, solicitation } = expected;
  for (const field of ["name", "contextDimension", "armDimension"] as const) {
    require(snapshot.policy[field] ===
      policy[field], `policy.${field}`, `${policy[field]}, as in the options,`, snapshot.policy[
      field
    ]);
  }
  const names = (parts: readonly { readonly name: string }[]): string =>
    parts.map((part) => part.name).join(", ");
  requireSame("constraints", names(constraints), names(snapshot.constraints));
  requireSame("solicitation", solicitation?.name ?? "none", snapshot.solicitation?.name ?? "none");

  const arms = readArms<Arm>(snapshot, policy);
  return {
    arms,
    rng: readRng(snapshot),
    pending: readPending(snapshot, expected, new Set(arms.map((arm) => arm.slot))),
    policyState: snapshot.policy.state,
    constraints: snapshot.constraints,
    solicitation: snapshot.solicitation,
  };
}

function readArms<Arm extends string>(
  snapshot: BanditSnapshot,
  policy: Policy,
): RegisteredArm<Arm>[] {
  require(snapshot.arms.length > 0, "arms", "at least one arm", snapshot.arms);
  const slots = new Set<number>();
  const names = new Set<string>();
  return snapshot.arms.map(({ name, slot, features }, i) => {
    const fits = typeof name === "string" && name !== "" && isCount(slot);
    require(fits &&
      !slots.has(slot) &&
      !names.has(name), `arms[${i}]`, "a new name and slot", name);
    slots.add(slot);
    names.add(name);
    const where = `createBandit: snapshot: features of the arm "${name}"`;
    return {
      arm: name as Arm,
      slot,
      features:
        features === null
          ? undefined
          : decodeFloat64(features, lengthOf(features, policy.armDimension), where),
    };
  });
}

/** Arms keep their features for the log even where the policy looks at none. */
function lengthOf(text: string, dimension: number): number {
  return dimension > 0 ? dimension : Math.floor(atob(text).length / 8);
}

function readRng({ rng }: BanditSnapshot): Rng {
  const isWord = (value: number): boolean => isCount(value) && value < 2 ** 32;
  const whole =
    rng.key.length === 2 && rng.key.every(isWord) && isCount(rng.drawn) && isCount(rng.splits);
  require(whole, "rng", "the state of a random stream", rng);
  return restoreRng(rng);
}

function readPending(
  { pending }: BanditSnapshot,
  { policy, constraints, capacity, idPrefix }: SnapshotExpectations,
  slots: ReadonlySet<number>,
): PendingDecisions {
  const { decided, fates, waiting } = pending;
  const runs = [...fates.matchAll(/([paefr])(\d+)/g)];
  const known = runs.reduce((sum, run) => sum + Number(run[2]), 0);
  const whole = runs.map((run) => run[0]).join("") === fates;
  require(isCount(decided) &&
    whole &&
    known <= decided &&
    known < 2 ** 32, "pending.fates", "letters and counts", fates);

  // With a smaller capacity than before, the oldest decisions are dropped.
  let number = decided - known;
  const first = Math.max(number, decided - capacity);
  const result = createPendingDecisions(capacity, first);
  let next = 0;
  for (const [, letter, count] of runs) {
    const end = number + Number(count);
    const fate = FATES[letter!];
    // Those that the capacity leaves out are passed over: a damaged snapshot may speak of billions.
    if (fate && number < first) number = Math.min(end, first);
    for (; number < end; number++) {
      const entry: PendingDecision | Fate = fate ?? readWaiting(number, next++);
      if (number >= first) result.add(entry);
    }
  }
  require(next === waiting.length, "pending.waiting", `${next} decisions`, waiting);
  return result;

  function readWaiting(at: number, index: number): PendingDecision {
    const where = `pending.waiting[${index}]`;
    const [slot, propensity, time, context, armFeatures, notes] = waiting[index]!;
    require(slots.has(slot), where, "the slot of an arm", slot);
    require(propensity > 0 && propensity <= 1, where, "a propensity above 0", propensity);
    require(Number.isFinite(time), where, "a time", time);
    require(notes.length === constraints.length &&
      notes.every(Number.isFinite), where, "a note for every constraint", notes);
    return {
      number: at,
      id: idPrefix + at.toString(36),
      slot,
      propensity,
      time,
      context: decodeFloat64(context, policy.contextDimension, `createBandit: snapshot: ${where}`),
      armFeatures: decodeFloat64(
        armFeatures,
        policy.armDimension,
        `createBandit: snapshot: ${where}`,
      ),
      notes,
    };
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function requireSame(where: string, wanted: string, came: string): void {
  require(came === wanted, where, `"${wanted}", as in the options,`, came);
}

function require(holds: boolean, where: string, wanted: string, came: unknown): asserts holds {
  if (holds) return;
  throw new ValidationError(
    `createBandit: snapshot: ${where}: ${wanted} was expected, got ${describe(came)}`,
    { where },
  );
}
