import { EdgewrightError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { costBudget } from "../constraints/cost-budget.js";
import { propensityFloor } from "../constraints/propensity-floor.js";
import { safetyBaseline } from "../constraints/safety-baseline.js";
import { ucb1 } from "../counting/ucb1.js";
import { linUcb } from "../linear/lin-ucb.js";
import { sharedLinUcb } from "../linear/shared-lin-ucb.js";
import { formatLogLine } from "../log/format-log-line.js";
import { readLog } from "../log/read-log.js";
import { askForShare } from "../solicitation/ask-for-share.js";
import { askWhenUnsure } from "../solicitation/ask-when-unsure.js";
import type { Bandit } from "./bandit.js";
import type { BanditOptions } from "./bandit-options.js";
import { createBandit } from "./create-bandit.js";
import type { Decision } from "./decision.js";
import { arbitraryOperations, type Operation } from "./random-operations.test-support.js";
import type { BanditSnapshot } from "./snapshot.js";
import { createFixedPolicy, createMeanPolicy } from "./test-policies.test-support.js";

type Clock = { now: number };
type Make = (
  clock: Clock,
  more?: Partial<BanditOptions<string, ArrayLike<number>>>,
) => Bandit<string>;

const costs = { a: 1, b: 2, c: 0.5, d: 0, e: 3 };
const withFeatures = () =>
  new Map([
    ["a", [0.2]],
    ["b", [0.9]],
  ]);

// Every bandit but the first has other rules, so that each kind of state is in some snapshot.
const bandits: [string, 0 | 1, Make][] = [
  [
    "a plain one",
    0,
    (_, more) =>
      createBandit<string>({ policy: createMeanPolicy(), arms: ["a", "b"], seed: 3, ...more }),
  ],
  [
    "one that draws, with a time to live and a floor",
    1,
    (clock, more) =>
      createBandit<string>({
        policy: createFixedPolicy([1, 2, 3], { contextDimension: 2, armDimension: 1 }),
        arms: withFeatures(),
        seed: 4,
        clock: () => clock.now,
        feedback: { timeToLiveMs: 30, capacity: 5 },
        constraints: [propensityFloor(0.1)],
        ...more,
      }),
  ],
  [
    "LinUCB, with costs and questions",
    0,
    (clock, more) =>
      createBandit<string>({
        policy: linUcb({ dimension: 2, alpha: 1 }),
        arms: ["a", "b"],
        seed: 5,
        clock: () => clock.now,
        feedback: { capacity: 8, onExpire: { reward: 0.5 } },
        constraints: [costBudget({ costs, total: 30, perDecision: 1 }), propensityFloor(0.01)],
        solicitation: askWhenUnsure({
          width: 0.2,
          budget: { share: 0.7, burst: 1, perPeriod: { count: 3, periodMs: 20 } },
        }),
        ...more,
      }),
  ],
  [
    "shared LinUCB, with a question now and then",
    1,
    (clock, more) =>
      createBandit<string>({
        policy: sharedLinUcb({ contextDimension: 2, armDimension: 1, alpha: 0.5 }),
        arms: withFeatures(),
        seed: 6,
        clock: () => clock.now,
        feedback: { timeToLiveMs: 40, onExpire: { reward: 0 } },
        solicitation: askForShare({ share: 0.3 }),
        ...more,
      }),
  ],
  [
    "UCB1, with a baseline",
    0,
    (_, more) =>
      createBandit<string>({
        policy: ucb1(),
        arms: ["a", "b"],
        seed: 7,
        constraints: [safetyBaseline({ arm: "a", share: 0.4, value: 0.5 })],
        ...more,
      }),
  ],
];

/** What an operation gave: its result, or what it said. */
function run(operation: Operation, bandit: Bandit<string>, clock: Clock): unknown {
  try {
    return operation(bandit, clock);
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
    return error.message;
  }
}

describe.each(bandits)("random calls of %s", (_, armDimension, make) => {
  it("that are refused leave it as it was, by typed errors; the others keep its promises", () => {
    let refused = 0;
    let done = 0;
    fc.assert(
      fc.property(arbitraryOperations(armDimension, 40), (operations) => {
        const clock = { now: 0 };
        const bandit = make(clock);
        for (const operation of operations) {
          const before = JSON.stringify(bandit.snapshot());
          let result: unknown;
          try {
            result = operation(bandit, clock);
            done++;
          } catch (error) {
            expect(EdgewrightError.isInstance(error), String(error)).toBe(true);
            expect(JSON.stringify(bandit.snapshot())).toBe(before);
            refused++;
          }
          if (isDecision(result)) checkDecision(result);
          expect(bandit.pending).toBeLessThanOrEqual(bandit.decided);
        }
      }),
      { seed: 11, numRuns: 25, endOnFailure: true },
    );
    // Both kinds are there in numbers, or the test means nothing.
    expect(refused).toBeGreaterThan(100);
    expect(done).toBeGreaterThan(100);
  });

  it("go on from a snapshot through JSON as if nothing had been, bit for bit", () => {
    const parts = fc.tuple(
      arbitraryOperations(armDimension, 40),
      arbitraryOperations(armDimension, 40),
    );
    fc.assert(
      fc.property(parts, ([first, second]) => {
        const clock = { now: 0 };
        const whole = make(clock);
        for (const operation of first) run(operation, whole, clock);
        const text = JSON.stringify(whole.snapshot());
        const snapshot: BanditSnapshot = JSON.parse(text);
        const otherClock = { now: clock.now };
        const resumed = make(otherClock, { snapshot, arms: ["ignored"], seed: 99 });
        expect(JSON.stringify(resumed.snapshot())).toBe(text);
        for (const operation of second) {
          expect(run(operation, resumed, otherClock)).toEqual(run(operation, whole, clock));
        }
        expect(JSON.stringify(resumed.snapshot())).toBe(JSON.stringify(whole.snapshot()));
      }),
      { seed: 12, numRuns: 25, endOnFailure: true },
    );
  });

  it("write a log that can be read, with the rewards that were taken", () => {
    fc.assert(
      fc.property(arbitraryOperations(armDimension, 60), (operations) => {
        const clock = { now: 0 };
        const lines: string[] = [];
        let rewards = 0;
        const log: BanditOptions<string, unknown>["log"] = (record) => {
          if (record.type === "reward") rewards++;
          lines.push(formatLogLine(record));
        };
        const bandit = make(clock, { log });
        const decisions: Decision[] = [];
        for (const operation of operations) {
          const result = run(operation, bandit, clock);
          if (isDecision(result)) decisions.push(result);
        }
        const reading = readLog(lines);
        expect(reading.decisions.map(({ id, arm, propensity }) => [id, arm, propensity])).toEqual(
          decisions.map(({ id, arm, propensity }) => [id, arm, propensity]),
        );
        const answered = reading.decisions.filter(({ reward }) => reward !== undefined);
        expect(answered).toHaveLength(rewards);
        const open = reading.decisions.filter(
          ({ reward, expired }) => reward === undefined && !expired,
        );
        expect(open).toHaveLength(bandit.pending);
      }),
      { seed: 13, numRuns: 20, endOnFailure: true },
    );
  });
});

function isDecision(value: unknown): value is Decision {
  return typeof value === "object" && value !== null && "propensity" in value;
}

function checkDecision({ arm, arms, propensity, probabilities, scores }: Decision): void {
  expect(propensity).toBe(probabilities[arms.indexOf(arm)]);
  expect(propensity).toBeGreaterThan(0);
  expect(scores).toHaveLength(arms.length);
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
}
