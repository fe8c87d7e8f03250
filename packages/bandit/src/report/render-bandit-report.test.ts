import { describe, expect, it } from "vitest";
import { formatNumber } from "./format-figures.js";
import { loggedDecision, randomLog } from "./logged-decisions.test-support.js";
import { renderBanditReport } from "./render-bandit-report.js";
import { summarizeLog } from "./summarize-log.js";

/** What every page must be: whole, without outside parts or scripts, without holes in its figures. */
function expectSound(page: string): void {
  expect(page.startsWith("<!doctype html>")).toBe(true);
  expect(page).not.toMatch(/<script|<link|<img|<iframe|\son\w+=|url\(|javascript:/i);
  expect(page.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:/);
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
  for (const tag of [
    "div",
    "section",
    "table",
    "figure",
    "svg",
    "g",
    "td",
    "tr",
    "aside",
    "main",
  ]) {
    const count = (pattern: string) => page.match(new RegExp(pattern, "g"))?.length ?? 0;
    expect([tag, count(`<${tag}[ >]`)]).toEqual([tag, count(`</${tag}>`)]);
  }
}

describe("renderBanditReport", () => {
  const log = randomLog(800, 7);

  it("shows the figures that counting over the log gives", () => {
    const page = renderBanditReport(summarizeLog(log), { title: "Ours & theirs", note: "a < b" });
    expectSound(page);
    expect(page).toContain("<h1>Ours &amp; theirs</h1>");
    expect(page).toContain("a &lt; b");
    const rewards = log.flatMap(({ reward }) => reward ?? []);
    const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
    expect(page).toContain(`<dt>Mean reward</dt><dd>${formatNumber(mean)}`);
    expect(page).toContain(`<dt>Answered</dt><dd>${((100 * rewards.length) / 800).toFixed(1)} %`);
    for (const arm of ["small", "medium", "large"]) {
      const own = log.filter((decision) => decision.arm === arm);
      const earned = own.flatMap(({ reward }) => reward ?? []);
      const row = new RegExp(`<bdi>${arm}</bdi></th>(.*?)</tr>`).exec(page)![1]!;
      const cells = [...row.matchAll(/<bdi>(.*?)<\/bdi>/g)].map(([, text]) => text);
      expect(cells[0]).toBe(String(own.length));
      expect(cells[2]).toBe(formatNumber(earned.reduce((a, b) => a + b, 0) / earned.length));
    }
    for (const text of ["Regret", "Shares over time", "Questions", "Probabilities over time"]) {
      expect(page).toContain(text);
    }
  });

  it("describes every picture to those who cannot see it", () => {
    const page = renderBanditReport(summarizeLog(log));
    const pictures = page.match(/<svg /g)!.length;
    expect(pictures).toBeGreaterThan(10);
    expect(page.match(/role="img"/g)).toHaveLength(pictures);
    expect(page.match(/<title>[^<]+<\/title>\n<desc>[^<]+<\/desc>/g)).toHaveLength(pictures);
  });

  it("shows names as text, whatever they hold", () => {
    const arms = [
      "<script>alert(1)</script>",
      '"onload="alert(1)',
      "'><img src=x>",
      "\u202Egnol",
      "\u0000\uD800",
      "https://example.com/?a=1&b=2".replace("https:", ""),
      "長い名前".repeat(2000),
      "__proto__",
    ];
    const hostile = arms.map((arm, chosen) =>
      loggedDecision({
        arms,
        arm,
        chosen,
        policy: arm,
        probabilities: arms.map(() => 1 / 8),
        propensity: 1 / 8,
        reward: chosen,
        rewardTime: -5,
        time: -1e300,
        expected: 0,
        best: 1e300,
      }),
    );
    const page = renderBanditReport([
      summarizeLog(hostile, { name: "</style><script>" }),
      summarizeLog(hostile, { name: "]]>-->" }),
    ]);
    expectSound(page);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page.length).toBeLessThan(300_000);
  });

  it.each([
    ["no decisions", [], "The log has no decisions"],
    ["one decision", [loggedDecision()], "No decision has a reward"],
    [
      "one reward",
      [loggedDecision({ reward: 0.5, rewardTime: 1 })],
      "Only 1 reward: every mean below is uncertain.",
    ],
    [
      "one arm that is always chosen",
      [1, 2, 3].map((time) =>
        loggedDecision({ time, probabilities: [1, 0], propensity: 1, reward: 3, rewardTime: time }),
      ),
      "All decisions had no alternative (probability 1).",
    ],
  ])("takes a log of %s, and says what that means", (_, decisions, warning) => {
    const page = renderBanditReport(summarizeLog(decisions));
    expectSound(page);
    expect(page).toContain(warning);
  });

  it("warns of what reading left out, of assumed rewards, silence and unlikely choices", () => {
    const summary = {
      ...summarizeLog([
        ...randomLog(50, 1).map((one) => ({ ...one, reward: undefined, best: undefined })),
        loggedDecision({ reward: 1, rewardTime: 1, assumed: true, propensity: 1e-5 }),
      ]),
      skipped: 3,
      firstProblem: "line 2: JSON was expected",
    };
    const page = renderBanditReport(summary);
    expectSound(page);
    for (const text of [
      "3 lines of the log were damaged or fitted no decision, and left out. The first: line 2: JSON was expected.",
      "Only 2.0 % of the decisions have a reward",
      "1 reward did not come in time and was put in as assumed",
      "a probability below 1 in 10,000",
      "is dated before the one above",
    ]) {
      expect(page).toContain(text);
    }
  });

  it("compares several logs, or none", () => {
    const page = renderBanditReport([
      summarizeLog(log, { name: "monday" }),
      summarizeLog(randomLog(300, 8), { name: "tuesday" }),
      summarizeLog([], { name: "sunday" }),
    ]);
    expectSound(page);
    expect(page).toContain("Side by side");
    expect(page.match(/<bdi>(monday|tuesday|sunday)<\/bdi><\/h2>/g)).toHaveLength(3);
    expectSound(renderBanditReport([]));
  });
});
