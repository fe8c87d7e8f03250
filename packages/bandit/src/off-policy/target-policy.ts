import { createRng, EdgewrightError, restoreRng, ShapeError } from "@edgewright/core";
import type { Policy } from "../policy/policy.js";
import type { LoggedData } from "./logged-data.js";

/** What a target policy sees of a logged decision: all but the choice and its reward. */
export interface LoggedRow {
  /** Place in the log. */
  readonly index: number;
  /** Features of the context. */
  readonly context: ArrayLike<number>;
  /** The arms that stand for choice. */
  readonly arms: readonly string[];
  /** Their slots: places in {@link LoggedData.arms}. */
  readonly slots: Int32Array;
  /** Their features, [arms, armDimension]; empty where there are none. */
  readonly armFeatures: Float64Array;
  /** Place from 0 in the slate; 0 where decisions are single. */
  readonly position: number;
}

/** A policy to be evaluated: the probability of every arm of a row, in the order of its arms. They sum to 1. */
export type TargetPolicy = (row: LoggedRow) => ArrayLike<number>;

/** Wide enough for probabilities that were printed with a few digits. */
const SUM_TOLERANCE = 1e-4;

/** A target that chooses every arm with the same probability. */
export function uniformTarget(): TargetPolicy {
  return ({ arms }) => new Float64Array(arms.length).fill(1 / arms.length);
}

/**
 * A target that does not look at contexts: fixed probabilities by arm, none for arms left out. Where some arms are not
 * on offer, what the others have is scaled to 1.
 *
 * @throws EdgewrightError `invalid-argument` for probabilities that are below 0 or do not sum to 1 to four digits, and,
 * when evaluated, where none of its arms is on offer
 */
export function fixedTarget(probabilities: Readonly<Record<string, number>>): TargetPolicy {
  const given = Object.values(probabilities);
  const total = given.reduce((sum, one) => sum + one, 0);
  if (!(given.every((one) => one >= 0) && Math.abs(total - 1) <= SUM_TOLERANCE)) {
    throw new EdgewrightError(
      "invalid-argument",
      `fixedTarget: probabilities from 0 that sum to 1 were expected, got ${given.join(", ")}`,
    );
  }
  return ({ arms, index }) => {
    const own = Float64Array.from(arms, (arm) =>
      Object.hasOwn(probabilities, arm) ? probabilities[arm]! : 0,
    );
    const sum = own.reduce((total, one) => total + one, 0);
    if (!(sum > 0)) {
      throw new EdgewrightError(
        "invalid-argument",
        `fixedTarget: row ${index}: at least one of the arms ${Object.keys(probabilities).join(", ")} was expected on offer, got ${arms.join(", ")}`,
      );
    }
    return own.map((one) => one / sum);
  };
}

/** Who can say with which probability it would choose each arm, such as a bandit. */
export interface ProbabilitySource<Context> {
  /** The probability of every arm of `arms`, in their order; a map holds their features. */
  probabilities(
    context?: Context,
    arms?: readonly string[] | ReadonlyMap<string, ArrayLike<number>>,
  ): ArrayLike<number>;
}

/**
 * A bandit, as it stands, as a target; it learns nothing meanwhile.
 *
 * @param contextOf makes the bandit's context of a row, for bandits whose contexts are no arrays of numbers.
 * @default the row's context
 */
export function banditTarget<Context = ArrayLike<number>>(
  bandit: ProbabilitySource<Context>,
  contextOf: (row: LoggedRow) => Context = ({ context }) => context as Context,
): TargetPolicy {
  return (row) => {
    const { arms, armFeatures } = row;
    const width = armFeatures.length / arms.length;
    const offer =
      width === 0
        ? arms
        : new Map(arms.map((arm, i) => [arm, armFeatures.subarray(i * width, (i + 1) * width)]));
    return bandit.probabilities(contextOf(row), offer);
  };
}

/** Options of {@link policyTarget}. */
export interface PolicyTargetOptions {
  /**
   * Seed for policies that draw to find their probabilities: a whole number from 0. Every row has a stream of its own,
   * so that its probabilities do not hang on what was asked before.
   *
   * @default 0
   */
  readonly seed?: number;
  /** The slot that the policy keeps an arm in. @default the arm's place in {@link LoggedData.arms} */
  readonly slotOf?: (arm: string) => number;
}

/** A policy without a bandit around it as a target. */
export function policyTarget(policy: Policy, options: PolicyTargetOptions = {}): TargetPolicy {
  const start = createRng(options.seed ?? 0).state();
  return ({ index, context, arms, slots, armFeatures }) => {
    const count = arms.length;
    const out = {
      scores: new Float64Array(count),
      probabilities: new Float64Array(count),
      means: new Float64Array(count),
      widths: new Float64Array(count),
    };
    policy.evaluate(
      {
        slots: options.slotOf ? arms.map(options.slotOf) : slots,
        context: Float64Array.from(context),
        armFeatures,
      },
      restoreRng({ ...start, splits: index }).split(),
      out,
    );
    return out.probabilities;
  };
}

/** Reads rows of a log in the form that targets take. */
export function createRowReader(data: LoggedData): (index: number) => LoggedRow {
  const names = new Map<Int32Array, readonly string[]>();
  const none = new Float64Array(0);
  const { contextDimension: d } = data;
  return (index) => {
    const slots = data.candidates[index]!;
    let arms = names.get(slots);
    if (!arms) {
      arms = Array.from(slots, (slot) => data.arms[slot]!);
      names.set(slots, arms);
    }
    return {
      index,
      context: data.contexts.subarray(index * d, (index + 1) * d),
      arms,
      slots,
      armFeatures: data.armFeatures?.[index] ?? none,
      position: data.positions?.[index] ?? 0,
    };
  };
}

/** A target's probabilities of a row, refused unless they are probabilities. */
export function probabilitiesOf(target: TargetPolicy, row: LoggedRow): ArrayLike<number> {
  const probabilities = target(row);
  const { length } = row.arms;
  if (probabilities.length !== length) {
    throw new ShapeError(
      `target: row ${row.index}: a probability for each of ${length} arms was expected, got ${probabilities.length}`,
    );
  }
  let sum = 0;
  let smallest = 0;
  for (let i = 0; i < length; i++) {
    sum += probabilities[i]!;
    if (!(probabilities[i]! >= smallest)) smallest = probabilities[i]!;
  }
  if (!(smallest >= 0 && Math.abs(sum - 1) <= SUM_TOLERANCE)) {
    throw new EdgewrightError(
      "invalid-argument",
      `target: row ${row.index}: probabilities from 0 that sum to 1 were expected, got a sum of ${sum} and a smallest of ${smallest}`,
    );
  }
  return probabilities;
}
