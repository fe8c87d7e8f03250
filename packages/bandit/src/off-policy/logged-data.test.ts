import { createRng, type Rng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { epsilonGreedy } from "../counting/epsilon-greedy.js";
import { ucb1 } from "../counting/ucb1.js";
import { formatLogLine } from "../log/format-log-line.js";
import type { LogRecord } from "../log/log-record.js";
import { readLog } from "../log/read-log.js";
import type { ChoiceSet, Evaluation } from "../policy/policy.js";
import { createLoggedData, type LoggedArrays, selectRows } from "./logged-data.js";
import { loggedDataFromLog } from "./logged-data-from-log.js";
import { banditTarget, fixedTarget, policyTarget, uniformTarget } from "./target-policy.js";
import { weighLog } from "./weigh-log.js";
import { ips, snips } from "./weighting-estimators.js";

const fine: LoggedArrays = {
  arms: ["a", "b"],
  chosen: ["a", "b", "a"],
  rewards: [1, 0, 1],
  propensities: [0.5, 0.25, 1],
};

describe("arrays", () => {
  test.each([
    [{ rewards: [1, Number.NaN, 0] }, "row 1: a finite reward was expected, got NaN"],
    [{ rewards: [1, 0, -Infinity] }, "row 2: a finite reward was expected, got -Infinity"],
    [
      { propensities: [0.5, 0, 1] },
      "row 1: a propensity above 0 and at most 1 was expected, got 0",
    ],
    [{ propensities: [0.5, 1.1, 1] }, "got 1.1"],
    [{ propensities: [0.5, Number.NaN, 1] }, "got NaN"],
    [{ chosen: ["a", "c", "a"] }, "row 1: one of the arms a, b was expected, got c"],
    [{ chosen: [0, 2, 0] }, "row 1: one of the arms a, b was expected, got 2"],
    [{ arms: ["a", "a"] }, "none twice were expected, got [a, a]"],
    [{ candidates: [["a"], ["a"], ["a"]] }, "row 1: the chosen arm b is not among"],
    [{ contexts: [[1], [Infinity], [2]] }, "row 1: finite context features"],
    [{ rewards: [1, 0, -1e101] }, "row 2: a reward of at most 1e+100 was expected, got -1e+101"],
    [{ candidates: [["a"], ["b", "b"], ["a"]] }, "row 1: candidates none twice were expected"],
    [{ armFeatures: [[1], [Number.NaN]] }, "row 0: finite features of arms was expected, got NaN"],
    [
      { positions: [0, -1, 0] },
      "row 1: a whole position from 0 to 2147483646 was expected, got -1",
    ],
    [{ positions: [0, 1, Number.NaN] }, "row 2: a whole position from 0 to 2147483646 was"],
    [{ positions: [0, 1, 2 ** 33] }, "was expected, got 8589934592"],
  ] as const)("refuses %o", (change, message) => {
    expect(() => createLoggedData({ ...fine, ...change } as LoggedArrays)).toThrow(message);
    expect(() => createLoggedData({ ...fine, ...change } as LoggedArrays)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  test.each([
    [{ propensities: [0.5, 0.5] }, "as many propensities as rewards (3) were expected, got 2"],
    [{ chosen: ["a"] }, "as many chosen as rewards (3)"],
    [{ contexts: [[1, 2], [1], [1, 2]] }, "contexts of one length (2) were expected, got 1 at 1"],
    [{ armFeatures: [[1]] }, "armFeatures for 2 arms were expected, got 1"],
  ] as const)("refuses lengths that differ: %o", (change, message) => {
    expect(() => createLoggedData({ ...fine, ...change } as LoggedArrays)).toThrow(message);
    expect(() => createLoggedData({ ...fine, ...change } as LoggedArrays)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });

  test("refuses an empty log", () => {
    const empty = { arms: ["a"], chosen: [], rewards: [] };
    expect(() => createLoggedData(empty)).toThrow("at least one row was expected");
  });

  test("rows may offer some arms only; their features go with them", () => {
    const data = createLoggedData({
      ...fine,
      candidates: [["a"], ["b", "a"], ["a"]],
      armFeatures: [
        [1, 2],
        [3, 4],
      ],
    });
    expect([...data.chosen]).toEqual([0, 0, 0]);
    expect([...data.armFeatures![1]!]).toEqual([3, 4, 1, 2]);
    expect(data.armDimension).toBe(2);
    const seen: string[][] = [];
    weighLog(data, (row) => {
      seen.push([...row.arms]);
      return uniformTarget()(row);
    });
    expect(seen).toEqual([["a"], ["b", "a"], ["a"]]);
  });

  test("selectRows keeps what belongs to the rows", () => {
    const data = createLoggedData({ ...fine, contexts: [[1], [2], [3]], positions: [0, 1, 0] });
    const part = selectRows(data, (row) => data.positions![row] === 0);
    expect([...part.rewards]).toEqual([1, 1]);
    expect([...part.contexts]).toEqual([1, 3]);
    expect([...part.propensities!]).toEqual([0.5, 1]);
    expect(() => selectRows(data, () => false)).toThrow("no row satisfies the condition");
  });
});

function drawShares(_choices: ChoiceSet, rng: Rng, out: Evaluation): void {
  out.probabilities[0] = rng.uniform();
  out.probabilities[1] = 1 - out.probabilities[0]!;
}

describe("targets", () => {
  test("what is no distribution is refused, with its row", () => {
    const data = createLoggedData(fine);
    expect(() => weighLog(data, () => [1])).toThrow(
      "target: row 0: a probability for each of 2 arms was expected, got 1",
    );
    expect(() => weighLog(data, () => [0.5, 0.4])).toThrow(
      "sum to 1 were expected, got a sum of 0.9",
    );
    expect(() => weighLog(data, () => [1.5, -0.5])).toThrow("a smallest of -0.5");
    expect(() => weighLog(data, () => [Number.NaN, 1])).toThrow("got a sum of NaN");
    for (const wrong of [{ a: 0.5 }, { a: 2, b: -1 }, { a: Number.NaN }, {}]) {
      expect(() => fixedTarget(wrong)).toThrow("fixedTarget: probabilities from 0 that sum to 1");
    }
    expect(() => weighLog(data, fixedTarget({ z: 1 }))).toThrow("arms z was expected on offer");
  });

  test("a fixed target is scaled to the arms on offer", () => {
    const data = createLoggedData({ ...fine, candidates: [["a"], ["b", "a"], ["a"]] });
    expect([...weighLog(data, fixedTarget({ a: 0.5, b: 0.5 })).weights!]).toEqual([2, 2, 1]);
  });

  test("a weight beyond the range of doubles is refused, with its row", () => {
    const data = createLoggedData({ ...fine, propensities: [0.5, 5e-324, 1] });
    expect(() => weighLog(data, uniformTarget())).toThrow(
      "weighLog: row 1: a propensity that importance weights can be made with was expected, got 5e-324",
    );
    expect(weighLog(data, fixedTarget({ a: 1 })).weights![1]).toBe(0);
  });

  test("a policy that draws has the same probabilities whenever it is asked about the same row", () => {
    const data = createLoggedData(fine);
    const policy = { ...ucb1(), evaluate: drawShares };
    const target = policyTarget(policy, { seed: 4 });
    const first = weighLog(data, target).weights!;
    expect([...weighLog(data, target).weights!]).toEqual([...first]);
    expect(first[0]).not.toBe(first[2]! * 2);
    expect([...weighLog(data, policyTarget(policy, { seed: 5 })).weights!]).not.toEqual([...first]);
  });

  test("a policy without a bandit", () => {
    const policy = ucb1();
    policy.addArm(0);
    policy.addArm(1);
    const empty = new Float64Array(0);
    for (const slot of [0, 1, 1, 1]) {
      const reward = slot;
      const example = {
        slot,
        context: empty,
        armFeatures: empty,
        reward,
        propensity: 1,
        weight: 1,
      };
      policy.learn(example, createRng(1));
    }
    const log = weighLog(createLoggedData(fine), policyTarget(policy));
    // UCB1 would take b for sure: 1 + sqrt(2 ln 4 / 3) is above 0 + sqrt(2 ln 4).
    expect([...log.weights!]).toEqual([0, 4, 0]);
  });
});

describe("a bandit's log", () => {
  function play(rounds: number) {
    const lines: string[] = [];
    const log = (record: LogRecord): void => void lines.push(formatLogLine(record));
    const bandit = createBandit({
      policy: epsilonGreedy({ epsilon: 0.5 }),
      arms: ["a", "b", "c"],
      seed: 3,
      log,
    });
    const rng = createRng(9);
    const rates = { a: 0.2, b: 0.5, c: 0.8 };
    for (let t = 0; t < rounds; t++) {
      const { id, arm } = bandit.decide();
      if (t % 10 !== 9) bandit.update(id, rng.uniform() < rates[arm] ? 1 : 0);
    }
    return { bandit, decisions: readLog(lines).decisions };
  }

  test("tells what each arm alone would have earned", () => {
    const { decisions } = play(4000);
    const data = loggedDataFromLog(decisions);
    expect(data.rows).toBe(3600);
    for (const [arm, rate] of Object.entries({ a: 0.2, b: 0.5, c: 0.8 })) {
      const estimate = snips(weighLog(data, fixedTarget({ [arm]: 1 })));
      expect(Math.abs(estimate.value - rate)).toBeLessThan(4 * estimate.standardError);
    }
  });

  test("the bandit itself is a target", () => {
    const { bandit, decisions } = play(2000);
    const data = loggedDataFromLog(decisions);
    const log = weighLog(data, banditTarget(bandit));
    const probabilities = bandit.probabilities();
    log.targetShares.forEach((share, slot) => {
      const place = ["a", "b", "c"].indexOf(data.arms[slot]!);
      expect(share).toBeCloseTo(probabilities[place]!, 9);
    });
    expect(Math.abs(ips(log).value - 0.6)).toBeLessThan(0.2);
  });

  test("silence is left out, or counts as the caller says", () => {
    const { decisions } = play(100);
    expect(loggedDataFromLog(decisions, { missingReward: 0 }).rows).toBe(100);
    const silent = decisions.filter(({ reward }) => reward === undefined);
    expect(() => loggedDataFromLog(silent)).toThrow("at least one decision with a reward");
    const [first, second] = decisions;
    expect(() => loggedDataFromLog([first!, { ...second!, context: [1] }])).toThrow(
      "a context of length 0, as in the decisions before, was expected, got 1",
    );
  });

  test("features of arms that come later only are not passed over", () => {
    const [first, second] = play(10).decisions;
    const later = { ...second!, armFeatures: [[1], [2], [3]] };
    expect(() => loggedDataFromLog([first!, later])).toThrow(
      `decision "${later.id}": features of an arm of length 0, as in the decisions before, was expected, got 1`,
    );
  });
});
