import { createRng, ValidationError } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { askForShare } from "./ask-for-share.js";
import { askWhenUnsure } from "./ask-when-unsure.js";
import { askWhileLearning } from "./ask-while-learning.js";
import type { QuestionBudget } from "./question-budget.js";
import type { Solicitation } from "./solicitation.js";

const questionOf = (width: number, time?: number) => ({ mean: 0, width, propensity: 1, time });

function play(solicitation: Solicitation, widths: readonly number[], periodMs = 1): boolean[] {
  return widths.map((width, i) => {
    const question = questionOf(width, i * periodMs);
    const asked = solicitation.wants(question);
    solicitation.decided(question, asked);
    return asked;
  });
}

describe("askWhenUnsure", () => {
  it("asks above the threshold, where nothing is known, and where no doubt is kept", () => {
    const asked = play(askWhenUnsure({ width: 0.5 }), [0.6, 0.5, 0.4, Infinity, Number.NaN]);
    expect(asked).toEqual([true, false, false, true, true]);
  });

  it("changes nothing by being asked", () => {
    const solicitation = askWhenUnsure({ width: 0.5, budget: { total: 1 } });
    for (let i = 0; i < 5; i++) expect(solicitation.wants(questionOf(1))).toBe(true);
    expect(solicitation.state()).toMatchObject({ decisions: 0, questions: 0 });
  });

  it("stops at a total", () => {
    const asked = play(askWhenUnsure({ width: 0, budget: { total: 2 } }), [1, 0, 1, 1, 1]);
    expect(asked).toEqual([true, false, true, false, false]);
  });

  it.each([0.1, 0.25, 0.3, 0.9])("never exceeds a share of %f, and uses it up", (share) => {
    const solicitation = askWhenUnsure({ width: 0, budget: { share } });
    for (let i = 1; i <= 1000; i++) {
      play(solicitation, [1]);
      expect(solicitation.questions).toBeLessThanOrEqual(share * i);
      expect(solicitation.questions).toBeGreaterThan(share * i - 1 - 1e-9);
    }
  });

  it("asks a burst in advance", () => {
    const solicitation = askWhenUnsure({ width: 0, budget: { share: 0.1, burst: 5 } });
    expect(play(solicitation, Array(6).fill(1))).toEqual([true, true, true, true, true, false]);
    play(solicitation, Array(94).fill(1));
    expect(solicitation.questions).toBe(15);
  });

  it("counts anew in every period of the clock", () => {
    const budget: QuestionBudget = { perPeriod: { count: 2, periodMs: 4 } };
    const solicitation = askWhenUnsure({ width: 0.5, budget });
    expect(solicitation.needsClock).toBe(true);
    const asked = play(solicitation, [1, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 1]);
    const yes = asked.flatMap((ask, i) => (ask ? [i] : []));
    expect(yes).toEqual([0, 1, 5, 6, 12]);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["width", () => askWhenUnsure({ width: Number.NaN }), /askWhenUnsure: a finite width from 0/],
    ["share", () => askWhenUnsure({ width: 1, budget: { share: 0 } }), /budget.share above 0/],
    ["total", () => askWhenUnsure({ width: 1, budget: { total: -1 } }), /budget.total from 0/],
    ["burst", () => askWhenUnsure({ width: 1, budget: { burst: -1 } }), /budget.burst from 0/],
    [
      "period",
      () => askWhenUnsure({ width: 1, budget: { perPeriod: { count: 1, periodMs: 0 } } }),
      /periodMs above 0/,
    ],
    ["step", () => askForShare({ share: 0.5, step: 1 }), /askForShare: a step above 0/],
    ["target", () => askForShare({ share: 1 }), /askForShare: a share above 0 and below 1/],
    ["decisions", () => askWhileLearning({ width: 1, decisions: 0 }), /decisions above 0/],
  ])("refuses a bad %s", (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe("askForShare", () => {
  // 4000 decisions leave about ±1 % around the share once the threshold has settled.
  it.each([0.1, 0.3, 0.7])("steers to a share of %f, whatever the scale of the widths", (share) => {
    for (const scale of [1e-3, 1, 50]) {
      const rng = createRng(7);
      const widths = Array.from({ length: 6000 }, () => scale * rng.uniform());
      const asked = play(askForShare({ share, step: 0.05 }), widths).slice(2000);
      expect(Math.abs(asked.filter(Boolean).length / asked.length - share)).toBeLessThan(0.02);
    }
  });

  it("follows widths that shrink, and asks the widest", () => {
    const rng = createRng(3);
    const widths = Array.from({ length: 4000 }, (_, i) => (1 + rng.uniform()) / Math.sqrt(i + 1));
    const asked = play(askForShare({ share: 0.25 }), widths);
    const late = asked.flatMap((ask, i) => (i >= 2000 ? [[ask, widths[i]! * Math.sqrt(i)]] : []));
    const meanOf = (ask: boolean) => {
      const chosen = late.filter((entry) => entry[0] === ask).map((entry) => entry[1] as number);
      return chosen.reduce((sum, width) => sum + width, 0) / chosen.length;
    };
    expect(asked.slice(2000).filter(Boolean).length / 2000).toBeCloseTo(0.25, 1);
    expect(meanOf(true)).toBeGreaterThan(meanOf(false) + 0.3);
  });
});

describe("askWhileLearning", () => {
  it("lowers the threshold as 1 / sqrt(1 + n / decisions)", () => {
    const solicitation = askWhileLearning({ width: 0.5, decisions: 3 });
    play(solicitation, [0, 0, 0]);
    expect(solicitation.threshold).toBeCloseTo(0.5 / Math.sqrt(2), 15);
    play(solicitation, [0, 0, 0, 0, 0, 0]);
    expect(solicitation.threshold).toBe(0.25);
    expect(play(solicitation, [0.3, 0.2])).toEqual([true, false]);
  });
});

describe("the state of a solicitation", () => {
  const makers = {
    askWhenUnsure: () =>
      askWhenUnsure({ width: 0.4, budget: { perPeriod: { count: 2, periodMs: 9 }, share: 0.6 } }),
    askForShare: () => askForShare({ share: 0.3, budget: { total: 60 } }),
    askWhileLearning: () => askWhileLearning({ width: 1, decisions: 10, budget: { burst: 2 } }),
  };
  it.each(Object.entries(makers))("of %s resumes bit for bit", (_, make) => {
    const rng = createRng(5);
    const widths = Array.from({ length: 200 }, () => rng.uniform());
    const whole = play(make(), widths);
    const first = make();
    const head = play(first, widths.slice(0, 90));
    const second = make();
    second.restore(JSON.parse(JSON.stringify(first.state())));
    const tail = widths.slice(90).map((width, i) => {
      const question = questionOf(width, i + 90);
      const asked = second.wants(question);
      second.decided(question, asked);
      return asked;
    });
    expect([...head, ...tail]).toEqual(whole);
  });

  it.each(Object.entries(makers))("of %s is refused when damaged", (_, make) => {
    const solicitation = make();
    play(solicitation, [1, 1, 1]);
    const before = solicitation.state() as object;
    const damaged = [null, 5, {}, { ...before, threshold: -1 }, { ...before, questions: 7 }];
    for (const state of [...damaged, { ...before, decisions: 0.5 }]) {
      expect(() => solicitation.restore(state)).toThrow(ValidationError);
      expect(solicitation.state()).toEqual(before);
    }
  });
});
