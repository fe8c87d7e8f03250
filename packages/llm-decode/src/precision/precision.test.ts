import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createHashSession } from "../engine/hash-session.test-support.js";
import { confidenceScheduler } from "./confidence-scheduler.js";
import { evaluateScheduleByNll, evaluateScheduleByRouge } from "./evaluate-schedule.js";
import { fixedScheduler, type PrecisionScheduler } from "./precision-scheduler.js";
import { plainDecoding, progressivePrecision } from "./progressive-precision.js";
import { randomScheduler } from "./random-scheduler.js";
import { longestCommonSubsequence, rougeL, rougeWords } from "./rouge-l.js";
import { searchPhaseWidths, searchSwitchPoints } from "./search-schedule.js";
import { staticScheduler } from "./static-scheduler.js";

const session = createHashSession({ widths: [3, 4, 6], widthNoise: 1 });
const prompts = Array.from({ length: 12 }, (_, i) => [i, i + 3]);

/** The widths that a scheduler gives for logits whose likeliest token has these probabilities. */
function widthsOf(scheduler: PrecisionScheduler, probabilities: readonly number[]): number[] {
  scheduler.reset();
  let precision = scheduler.widths.at(-1)!;
  return probabilities.map((p, index) => {
    const logits = Float32Array.from([Math.log(p), Math.log((1 - p) / 2), Math.log((1 - p) / 2)]);
    precision = scheduler.schedule({ index, precision, logits, session });
    return precision;
  });
}

describe("rougeL", () => {
  it("compares the longest common subsequence", () => {
    // Lin 2004, section 3: both candidates share two words with the reference, the first in order.
    const reference = rougeWords("police killed the gunman");
    expect(rougeL(rougeWords("Police kill the gunman."), reference).f1).toBe(0.75);
    expect(rougeL(rougeWords("the gunman kill police"), reference).f1).toBe(0.5);
    expect(rougeL([1, 2, 3], [1, 2]).precision).toBeCloseTo(2 / 3, 12);
    expect(rougeL([], [])).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(rougeL([1], []).f1).toBe(0);
  });

  it("agrees with a recursion over all pairs", () => {
    const tokens = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 9 });
    const recursive = (a: number[], b: number[]): number => {
      if (a.length === 0 || b.length === 0) return 0;
      if (a[0] === b[0]) return 1 + recursive(a.slice(1), b.slice(1));
      return Math.max(recursive(a.slice(1), b), recursive(a, b.slice(1)));
    };
    fc.assert(
      fc.property(tokens, tokens, (a, b) => {
        expect(longestCommonSubsequence(a, b)).toBe(recursive(a, b));
      }),
      { seed: 8, numRuns: 100 },
    );
  });
});

describe("schedulers", () => {
  it("static: fall at their switch points", () => {
    const even = new Array<number>(6).fill(0.5);
    expect(widthsOf(staticScheduler({ widths: [4, 3], switchPoints: [2] }), even)).toEqual([
      4, 4, 3, 3, 3, 3,
    ]);
    const three = staticScheduler({ widths: [3, 4, 6], switchPoints: [1, 3] });
    expect(widthsOf(three, even)).toEqual([6, 4, 4, 3, 3, 3]);
    const never = staticScheduler({ widths: [3, 4], switchPoints: [Number.POSITIVE_INFINITY] });
    expect(widthsOf(never, even)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(widthsOf(fixedScheduler(5), [0.5, 0.9])).toEqual([5, 5]);
  });

  it("confidence: fall by one when surer than the window's mean and deviation", () => {
    const scheduler = confidenceScheduler({ widths: [3, 4], window: 3 });
    // index 0 is the prompt; window 0.4, 0.5, 0.6: threshold 0.5 + 0.1
    const probabilities = [0.99, 0.4, 0.5, 0.6, 0.55, 0.62, 0.4];
    expect(widthsOf(scheduler, probabilities)).toEqual([4, 4, 4, 4, 4, 3, 3]);
    expect(widthsOf(scheduler, probabilities)).toEqual([4, 4, 4, 4, 4, 3, 3]); // after a reset, the same
  });

  it("random: fall at one of the points, drawn once a text", () => {
    const scheduler = randomScheduler({
      widths: [3, 4],
      switchPoints: [0, 2, 4],
      rng: createRng(1),
    });
    const starts = new Set<number>();
    for (let text = 0; text < 40; text++) {
      const widths = widthsOf(scheduler, new Array<number>(6).fill(0.5));
      expect([...widths].sort((a, b) => b - a)).toEqual(widths);
      starts.add(widths.filter((bits) => bits === 4).length);
    }
    expect([...starts].sort()).toEqual([0, 2, 4]);
  });

  it("refuse what they cannot follow", () => {
    expect(() => staticScheduler({ widths: [3, 4], switchPoints: [] })).toThrow(
      "1 ascending switch",
    );
    expect(() => staticScheduler({ widths: [3, 4, 5], switchPoints: [4, 2] })).toThrow("ascending");
    expect(() => fixedScheduler(0)).toThrow("from 1 to 16");
    const rng = createRng(1);
    expect(() => randomScheduler({ widths: [3, 4], switchPoints: [], rng })).toThrow("some switch");
  });
});

describe("progressivePrecision", () => {
  it("runs the prompt at its width and tokens at the scheduler's", () => {
    const precision = staticScheduler({ widths: [3, 4], switchPoints: [2] });
    const { steps } = decodeWith(
      progressivePrecision({ precision, prefillBits: 6 }),
      session,
      [1, 2],
      6,
    );
    expect(session.committed.map(({ bits }) => bits)).toEqual([6, 6, 4, 4, 3, 3, 3]);
    expect(steps.map(({ bits }) => bits)).toEqual([undefined, 4, 4, 3, 3, 3]);
    decodeWith(progressivePrecision({ precision: 4 }), session, [1, 2], 3);
    expect(session.committed.map(({ bits }) => bits)).toEqual([6, 6, 4, 4]);
  });
});

describe("evaluation of schedules", () => {
  it("by ROUGE-L: the reference itself is worth 1, fewer bits less", async () => {
    const options = { session, prompts, maxTokens: 24 };
    const high = await evaluateScheduleByRouge({ ...options, precision: 6 });
    const low = await evaluateScheduleByRouge({ ...options, precision: 3, prefillBits: 3 });
    expect(high).toEqual({ quality: 1, meanBits: 6 });
    expect(low.meanBits).toBeCloseTo(3, 12); // the first token is the prompt's
    expect(low.quality).toBeLessThan(0.95);
    const references = prompts.map(
      (prompt) => decodeWith(plainDecoding(), session, prompt, 24).tokens,
    );
    const again = await evaluateScheduleByRouge({
      ...options,
      precision: 3,
      prefillBits: 3,
      references,
    });
    expect(again).toEqual(low);
  });

  it("by nll: the mean negative log-probability of the text behind the prompt", async () => {
    const texts = prompts.map((prompt) => [...prompt, 5, 9, 1]);
    const { nll, meanBits } = await evaluateScheduleByNll({
      session,
      texts,
      promptLength: 2,
      precision: 4,
    });
    let expected = 0;
    for (const text of texts) {
      session.truncate(0);
      const bits = [6, 6, 4, 4, 4];
      text.forEach((token, i) => {
        const row = session.run({ tokens: [token], bits: bits[i]! }).row(0);
        session.commit([0]);
        if (i < 1 || i > 3) return;
        const sum = row.reduce((total, x) => total + Math.exp(x), 0);
        expected -= row[text[i + 1]!]! - Math.log(sum);
      });
    }
    expect(nll).toBeCloseTo(expected / (3 * texts.length), 5);
    expect(meanBits).toBe(4);
  });

  it("stops when told", async () => {
    const signal = AbortSignal.abort();
    const options = { session, prompts, precision: 6, maxTokens: 4, signal };
    await expect(evaluateScheduleByRouge(options)).rejects.toThrow("aborted");
  });
});

describe("searches", () => {
  it("take the fewest mean bits whose quality is enough", async () => {
    // Quality and bits as functions of the switch point, known.
    const evaluate = async (
      scheduler: PrecisionScheduler,
    ): Promise<{ quality: number; meanBits: number }> => {
      const widths = widthsOf(scheduler, new Array<number>(60).fill(0.5));
      const meanBits = widths.reduce((a, b) => a + b, 0) / 60;
      return { quality: 1 - (6 - meanBits) * 0.05, meanBits };
    };
    const found = await searchSwitchPoints({
      ...{
        widths: [4, 6],
        switchPoints: [0, 20, 40, Number.POSITIVE_INFINITY],
        target: 0.96,
        evaluate,
      },
    });
    expect(found.best?.switchPoints).toEqual([40]);
    expect(found.trials.length).toBe(4);
    const three = await searchSwitchPoints({
      ...{
        widths: [3, 4, 6],
        switchPoints: [0, 30, Number.POSITIVE_INFINITY],
        target: 0.93,
        evaluate,
      },
    });
    expect(three.trials.length).toBe(6); // ascending pairs
    expect(three.best!.quality).toBeGreaterThanOrEqual(0.93);
    for (const trial of three.trials) {
      if (trial.quality >= 0.93)
        expect(trial.meanBits).toBeGreaterThanOrEqual(three.best!.meanBits);
    }
    const none = await searchSwitchPoints({
      widths: [4, 6],
      switchPoints: [0],
      target: 2,
      evaluate,
    });
    expect(none.best).toBeUndefined();
  });

  it("take the narrowest pair of prompt and decoding widths that is good enough", async () => {
    const quality = (pre: number, dec: number): number => 0.1 * pre + 0.06 * dec;
    const tried: string[] = [];
    const found = await searchPhaseWidths({
      widths: [3, 4, 6],
      target: 0.78,
      evaluate: async ({ prefillBits, decodeBits }) => {
        tried.push(`${prefillBits}/${decodeBits}`);
        return quality(prefillBits, decodeBits);
      },
    });
    expect(found.best).toEqual({ prefillBits: 6, decodeBits: 3, quality: quality(6, 3) });
    expect(new Set(tried).size).toBe(tried.length);
  });
});
