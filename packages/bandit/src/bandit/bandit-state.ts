import { createRng, type EdgewrightError, type Rng, ValidationError } from "@edgewright/core";
import type { Constraint } from "../constraints/constraint.js";
import type { LogRecord } from "../log/log-record.js";
import type { Example, Policy } from "../policy/policy.js";
import type { Solicitation } from "../solicitation/solicitation.js";
import { type ArmRegistry, createArmRegistry } from "./arm-registry.js";
import type { BanditOptions } from "./bandit-options.js";
import { checkReward } from "./check-reward.js";
import { checkUnclaimed, claimPolicy } from "./claim-policy.js";
import { invalidArgument } from "./invalid-argument.js";
import { createPendingDecisions, type PendingDecisions } from "./pending-decisions.js";
import { describe, readNumbers } from "./read-numbers.js";
import { readSnapshot } from "./read-snapshot.js";

/** What the parts of a bandit share. */
export interface BanditState<Arm extends string, Context> {
  readonly policy: Policy;
  readonly registry: ArmRegistry<Arm>;
  readonly pending: PendingDecisions;
  readonly constraints: readonly Constraint[];
  readonly solicitation: Solicitation | undefined;
  readonly features: ((context: Context) => ArrayLike<number>) | undefined;
  readonly log: ((record: LogRecord) => void) | undefined;
  readonly listeners: Set<(example: Example, arm: Arm) => void>;
  readonly idPrefix: string;
  readonly timeToLiveMs: number;
  /** What an expired decision teaches; undefined for nothing. */
  readonly rewardOnExpiry: number | undefined;
  /** Put back to an earlier state when a call fails. */
  rng: Rng;
  /** The clock's time, checked; undefined without a clock. */
  now(caller: string): number | undefined;
}

/** Checks the options and makes the state that they ask for, fresh or from a snapshot. */
export function createBanditState<Arm extends string, Context>(
  options: BanditOptions<Arm, Context>,
): BanditState<Arm, Context> {
  const { policy, clock, constraints = [], solicitation, feedback = {}, idPrefix = "d" } = options;
  const { timeToLiveMs = Infinity, capacity = 10_000, onExpire = "drop" } = feedback;
  if (!(timeToLiveMs > 0)) {
    throw refusal(`a timeToLiveMs above 0 was expected, got ${describe(timeToLiveMs)}`);
  }
  const needsClock = timeToLiveMs < Infinity ? "feedback.timeToLiveMs" : "solicitation";
  if (!clock && (timeToLiveMs < Infinity || solicitation?.needsClock)) {
    throw refusal(`${needsClock} needs a clock, got none; give one, such as clock: Date.now`);
  }
  if (!(Number.isSafeInteger(capacity) && capacity > 0 && capacity < 2 ** 32)) {
    throw refusal(`a whole feedback.capacity above 0 was expected, got ${describe(capacity)}`);
  }
  if (typeof idPrefix !== "string") {
    throw refusal(`text was expected as idPrefix, got ${describe(idPrefix)}`);
  }
  if (onExpire !== "drop") checkReward(onExpire.reward, policy, "createBandit: feedback.onExpire");

  checkUnclaimed(policy);

  const rest = {
    policy,
    constraints: [...constraints],
    solicitation,
    features: options.features,
    log: options.log,
    listeners: new Set<never>(),
    idPrefix,
    timeToLiveMs,
    rewardOnExpiry: onExpire === "drop" ? undefined : onExpire.reward,
    now(caller: string): number | undefined {
      const time = clock?.();
      if (time === undefined && !clock) return undefined;
      if (Number.isFinite(time)) return time;
      throw invalidArgument(
        `${caller}: milliseconds were expected of the clock, got ${describe(time)}`,
      );
    },
  };

  if (options.snapshot !== undefined && options.snapshot !== null) {
    const read = readSnapshot<Arm>(options.snapshot, { ...rest, capacity });
    const registry = createArmRegistry<Arm>(policy.armDimension);
    for (const entry of read.arms) registry.add(entry);
    restoreParts([
      [policy, read.policyState],
      ...rest.constraints.map((part, i) => [part, read.constraints[i]!.state] as const),
      ...(solicitation ? [[solicitation, read.solicitation!.state] as const] : []),
    ]);
    claimPolicy(policy);
    return { ...rest, registry, pending: read.pending, rng: read.rng };
  }
  const rng = createRng(options.seed);
  const registry = registerArms(options);
  claimPolicy(policy);
  return { ...rest, registry, pending: createPendingDecisions(capacity), rng };
}

function registerArms<Arm extends string, Context>({
  policy,
  arms: offer,
}: BanditOptions<Arm, Context>): ArmRegistry<Arm> {
  const registry = createArmRegistry<Arm>(policy.armDimension);
  const given = offer instanceof Map ? (offer as ReadonlyMap<Arm, ArrayLike<number>>) : undefined;
  if (!given && !Array.isArray(offer)) {
    throw refusal(
      `arms were expected as an array of names or a Map from names to features, got ${describe(offer)}`,
    );
  }
  for (const arm of given ? given.keys() : (offer as readonly Arm[])) {
    registry.checkNew(arm, "createBandit");
    const features = readOwnFeatures(given?.get(arm), policy, arm, "createBandit");
    registry.add({ arm, slot: registry.freeSlot(), features });
  }
  if (registry.arms.length === 0) throw refusal("at least one arm was expected, got none");
  for (const { slot } of registry.entries()) policy.addArm(slot);
  return registry;
}

/** Features that an arm keeps; of any number where the policy looks at none. */
export function readOwnFeatures(
  given: ArrayLike<number> | undefined,
  policy: Policy,
  arm: string,
  caller: string,
): Float64Array | undefined {
  const { armDimension } = policy;
  return (
    given && readNumbers(given, armDimension || undefined, caller, `features of the arm "${arm}"`)
  );
}

interface Restorable {
  readonly name: string;
  state?(): unknown;
  restore?(state: unknown): void;
}

/** Restores all or, when one refuses its state, none. */
function restoreParts(parts: readonly (readonly [Restorable, unknown])[]): void {
  const before = parts.map(([part]) => part.state?.());
  for (const [i, [part, state]] of parts.entries()) {
    try {
      part.restore?.(state);
    } catch (cause) {
      for (let j = 0; j < i; j++) parts[j]![0].restore?.(before[j]);
      if (cause instanceof ValidationError) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ValidationError(`createBandit: snapshot: state of ${part.name}: damaged, ${why}`, {
        cause,
      });
    }
  }
}

function refusal(message: string): EdgewrightError {
  return invalidArgument(`createBandit: ${message}`);
}
