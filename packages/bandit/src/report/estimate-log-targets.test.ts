import { describe, expect, it } from "vitest";
import { loggedDataFromLog } from "../off-policy/logged-data-from-log.js";
import { fixedTarget } from "../off-policy/target-policy.js";
import { weighLog } from "../off-policy/weigh-log.js";
import { ips, snips } from "../off-policy/weighting-estimators.js";
import { estimateLogTargets } from "./estimate-log-targets.js";
import { loggedDecision, randomLog } from "./logged-decisions.test-support.js";
import { renderBanditReport } from "./render-bandit-report.js";
import { summarizeLog } from "./summarize-log.js";

describe("estimateLogTargets", () => {
  const log = randomLog(600, 11);
  const summary = summarizeLog(log);

  it("gives what the estimators give, and the log's own mean", async () => {
    const estimates = (await estimateLogTargets(summary, { resamples: 100 }))!;
    expect(estimates.rows).toBe(summary.rewards.count);
    expect(estimates.targets.map(({ name }) => name)).toEqual([
      "the log's own policy",
      "all arms alike",
      "always large",
      "always medium",
      "always small",
    ]);
    expect(estimates.targets[0]!.estimates[0]!.value).toBeCloseTo(summary.rewards.mean, 12);
    const weighed = weighLog(loggedDataFromLog(log), fixedTarget({ large: 1 }));
    const [first, second] = estimates.targets[2]!.estimates;
    expect(first).toMatchObject({ estimator: "ips", value: ips(weighed).value });
    expect(second).toMatchObject({ estimator: "snips", value: snips(weighed).value });
    expect(second!.interval!.low).toBeLessThan(second!.value);
    expect(second!.interval!.high).toBeGreaterThan(second!.value);

    const page = renderBanditReport({ ...summary, estimates });
    expect(page).toContain("What others would have earned");
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("shows no interval of a policy that hardly any row speaks for", async () => {
    const rows = Array.from({ length: 100 }, (_, i) =>
      loggedDecision({ arm: i < 2 ? "b" : "a", chosen: i < 2 ? 1 : 0, reward: i % 2 }),
    );
    const few = summarizeLog(rows);
    const estimates = (await estimateLogTargets(few, { resamples: 50 }))!;
    const page = renderBanditReport({ ...few, estimates });
    const cellsOf = (name: string): string[] =>
      [
        ...page
          .split(`<bdi>${name}</bdi></th>`)[1]!
          .split("</tr>")[0]!
          .matchAll(/<bdi>(.*?)<\/bdi>/g),
      ]
        .map(([, text]) => text!)
        .slice(-2);
    expect(cellsOf("always b")).toEqual(["-", "2"]);
    expect(cellsOf("always a")).toEqual([expect.stringMatching(/ to /), "98"]);
  });

  it("does as the log did where an arm is not on offer", async () => {
    const only = (arm: string, reward: number) =>
      loggedDecision({ arms: [arm], arm, probabilities: [1], propensity: 1, reward });
    const mixed = summarizeLog([only("a", 1), only("b", 0.5), only("a", 0), only("b", 0.7)]);
    const estimates = await estimateLogTargets(mixed, { targets: ["a"], resamples: 10 });
    expect(estimates!.targets[0]!.estimates[0]!.value).toBeCloseTo((1 + 0.5 + 0 + 0.7) / 4, 12);
    // With the log's own probabilities, even or not.
    const uneven = { arms: ["b", "c"], arm: "c", chosen: 1, probabilities: [0.2, 0.8] };
    const partly = summarizeLog([
      only("a", 1),
      loggedDecision({ ...uneven, propensity: 0.8, reward: 0.6 }),
    ]);
    const again = await estimateLogTargets(partly, { targets: ["a"], resamples: 10 });
    expect(again!.targets[0]!.estimates[0]!.value).toBeCloseTo((1 + 0.6) / 2, 12);
  });

  it("takes arms of any name, also of the targets'", async () => {
    const arms = ["uniform", "logging", "__proto__"];
    const odd = arms.map((arm, chosen) =>
      loggedDecision({
        arms,
        arm,
        chosen,
        probabilities: [0.3, 0.3, 0.4],
        propensity: 0.3,
        reward: chosen,
      }),
    );
    const targets = ["arm:uniform", "arm:logging", "__proto__"];
    const estimates = await estimateLogTargets(summarizeLog(odd), { targets, resamples: 10 });
    expect(estimates!.targets.map(({ name }) => name)).toEqual(arms.map((arm) => `always ${arm}`));
    expect(estimates!.targets.map(({ estimates }) => estimates[1]!.value)).toEqual([0, 1, 2]);
  });

  it("has nothing to say without rewards, and refuses targets nobody knows", async () => {
    expect(await estimateLogTargets(summarizeLog([loggedDecision()]))).toBeUndefined();
    const huge = summarizeLog([loggedDecision({ reward: 1e200 })]);
    expect(await estimateLogTargets(huge)).toBeUndefined();
    await expect(estimateLogTargets(summary, { targets: ["ugly"] })).rejects.toThrow(
      'uniform, logging or an arm was expected, got "ugly"; the arms are small, medium, large',
    );
    const { signal } = (() => {
      const abort = new AbortController();
      abort.abort();
      return abort;
    })();
    await expect(estimateLogTargets(summary, { signal })).rejects.toMatchObject({
      code: "aborted",
    });
  });
});
