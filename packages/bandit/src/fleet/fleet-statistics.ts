import { UnsupportedError, ValidationError } from "@edgewright/core";
import type { Bandit } from "../bandit/bandit.js";
import type { AdditiveSums } from "../policy/additive-sums.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import { addNamedSums, createNamedSums, type NamedSums, type SumsShape } from "./named-sums.js";

/**
 * What a bandit has learnt, as sums over examples in JSON-able form. Those of several devices added together are
 * those of one device that saw everything: see {@link mergeStatistics}.
 */
export interface FleetStatistics {
  readonly format: "edgewright-statistics";
  readonly version: 1;
  /** Which sums they are: statistics of another kind cannot be added. */
  readonly kind: string;
  /** Numbers in `shared`. */
  readonly sharedLength: number;
  /** Numbers in each of `arms`. */
  readonly armLength: number;
  /** Sums that all arms share: base64 of little-endian float64. */
  readonly shared: string;
  /** Sums by the name of the arm, in the same form. */
  readonly arms: Readonly<Record<string, string>>;
}

/**
 * What a bandit knows now, without the prior that it started from.
 *
 * @throws UnsupportedError when what its policy knows is not a sum over examples
 *
 * @example
 * const bandit = createBandit({ policy: linUcb({ dimension: 2 }), arms: ["a", "b"], seed: 1 });
 * bandit.update(bandit.decide([1, 0.5]).id, 1);
 * const statistics = readStatistics(bandit);
 * console.log(Object.keys(statistics.arms)); // [ 'a', 'b' ]
 */
export function readStatistics<Arm extends string, Context>(
  bandit: Bandit<Arm, Context>,
): FleetStatistics {
  const sums = sumsOf(bandit, "readStatistics");
  return encodeStatistics(sums, readNamedSums(bandit, sums));
}

/**
 * The statistics of a device that saw what `a` and `b` saw, each of its examples once.
 *
 * @throws ValidationError when they are damaged or of different kinds; EdgewrightError `diverged`
 *
 * @example
 * const bandits = [1, 2].map((seed) =>
 *   createBandit({ policy: linUcb({ dimension: 1 }), arms: ["a", "b"], seed }),
 * );
 * for (const bandit of bandits) bandit.update(bandit.decide([1]).id, 0.5);
 * const both = mergeStatistics(readStatistics(bandits[0]!), readStatistics(bandits[1]!));
 * writeStatistics(bandits[0]!, both);
 */
export function mergeStatistics(a: FleetStatistics, b: FleetStatistics): FleetStatistics {
  const shape = readShape(a, "mergeStatistics");
  const left = decodeStatistics(a, shape, "mergeStatistics");
  return encodeStatistics(
    shape,
    addNamedSums(shape, left, decodeStatistics(b, shape, "mergeStatistics")),
  );
}

/**
 * Makes a bandit know what the statistics say, as if it had seen exactly their examples; what it knew before is
 * replaced. Arms that they do not name begin anew; arms that the bandit does not have are left out.
 *
 * @throws ValidationError when they are damaged or of another kind than the bandit's; UnsupportedError. The bandit
 * stays as it was then.
 */
export function writeStatistics<Arm extends string, Context>(
  bandit: Bandit<Arm, Context>,
  statistics: FleetStatistics,
): void {
  const sums = sumsOf(bandit, "writeStatistics");
  const named = decodeStatistics(statistics, sums, "writeStatistics");
  const nothing = new Float64Array(sums.armLength);
  const arms = new Map(bandit.arms.map((arm) => [arm as string, named.arms.get(arm) ?? nothing]));
  writeNamedSums(bandit, sums, { shared: named.shared, arms });
}

/** The sums of a bandit's policy. @throws UnsupportedError when it has none */
export function sumsOf(bandit: { readonly policy: Bandit["policy"] }, where: string): AdditiveSums {
  const { sums, name } = bandit.policy;
  if (sums) return sums;
  throw new UnsupportedError(
    `${where}: what the policy "${name}" knows, as it is set, is not a sum over examples, so that it cannot be merged; linear and counting policies without discount, window or restarts can`,
  );
}

/** A copy of all that a bandit's policy knows. */
export function readNamedSums<Arm extends string, Context>(
  bandit: Bandit<Arm, Context>,
  sums: AdditiveSums,
): NamedSums {
  const arms = bandit.arms.map((arm) => [arm, sums.readArm(bandit.slotOf(arm))] as const);
  return { shared: sums.readShared(), arms: new Map<string, Float64Array>(arms) };
}

/** Replaces what a bandit's policy knows of the arms that are named; what the policy refuses changes nothing. */
export function writeNamedSums<Arm extends string, Context>(
  bandit: Bandit<Arm, Context>,
  sums: AdditiveSums,
  { shared, arms }: NamedSums,
): void {
  const before = readNamedSums(bandit, sums);
  const write = (from: NamedSums): void => {
    sums.writeShared(from.shared);
    for (const arm of bandit.arms) {
      const vector = from.arms.get(arm);
      if (vector) sums.writeArm(bandit.slotOf(arm), vector);
    }
  };
  try {
    write({ shared, arms });
  } catch (error) {
    write(before);
    throw error;
  }
}

/** Sums as statistics. */
export function encodeStatistics(shape: SumsShape, named: NamedSums): FleetStatistics {
  // Not by assignment: `__proto__` is a name like any other.
  const arms = Object.fromEntries([...named.arms].map(([arm, v]) => [arm, encodeFloat64(v)]));
  return {
    format: "edgewright-statistics",
    version: 1,
    kind: shape.kind,
    sharedLength: shape.sharedLength,
    armLength: shape.armLength,
    shared: encodeFloat64(named.shared),
    arms,
  };
}

/** Statistics as sums. @throws ValidationError when they are damaged or of another kind than expected */
export function decodeStatistics(
  statistics: unknown,
  expected: SumsShape,
  where: string,
): NamedSums {
  const shape = readShape(statistics, where);
  const came = describeShape(shape);
  if (came !== describeShape(expected)) {
    throw new ValidationError(
      `${where}: statistics of ${describeShape(expected)} were expected, got ${came}; only policies with the same options can learn together`,
    );
  }
  const { shared, arms } = statistics as FleetStatistics;
  if (typeof arms !== "object" || arms === null || Array.isArray(arms)) {
    throw new ValidationError(`${where}: sums by arm were expected, got ${describeType(arms)}`);
  }
  const named = createNamedSums(shape);
  named.shared.set(decodeFloat64(shared, shape.sharedLength, `${where}: shared sums`));
  for (const [arm, text] of Object.entries(arms)) {
    named.arms.set(arm, decodeFloat64(text, shape.armLength, `${where}: sums of arm "${arm}"`));
  }
  return named;
}

function readShape(statistics: unknown, where: string): SumsShape {
  const { format, version, kind, sharedLength, armLength } = (statistics ??
    {}) as Partial<FleetStatistics>;
  if (format !== "edgewright-statistics") {
    throw new ValidationError(
      `${where}: statistics as readStatistics gives them were expected, got ${describeType(statistics)}`,
    );
  }
  if (version !== 1) {
    throw new ValidationError(
      `${where}: statistics of version 1 were expected, got ${String(version)}; update the library`,
    );
  }
  const lengths = [sharedLength, armLength];
  if (typeof kind !== "string" || !lengths.every((n) => Number.isSafeInteger(n) && n! >= 0)) {
    throw new ValidationError(
      `${where}: a kind and two lengths were expected, got ${describeType(kind)}, ${sharedLength}, ${armLength}; the statistics are damaged`,
    );
  }
  return { kind, sharedLength: sharedLength!, armLength: armLength! };
}

function describeShape({ kind, sharedLength, armLength }: SumsShape): string {
  return `"${kind}" (${sharedLength} shared sums, ${armLength} by arm)`;
}

function describeType(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "a list" : typeof value;
}
