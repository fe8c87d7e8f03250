import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createHashSession } from "../engine/hash-session.test-support.js";
import { createContinuationTable } from "../lookup/continuation-table.js";
import { buildSparseTrees } from "./build-sparse-trees.js";
import { chooseTreeSize, measurePassTimes, passTime } from "./hardware-aware-size.js";
import { likeliestTokens, meanLogits } from "./likeliest-tokens.js";
import { measureAcceptance } from "./measure-acceptance.js";
import { parallelPromptDecoding } from "./parallel-prompt-decoding.js";
import {
  type PromptTokens,
  readPromptTokens,
  takePromptTokens,
  writePromptTokens,
} from "./prompt-tokens.js";
import { chainTrees } from "./sparse-trees.js";
import { typicalTest } from "./verification.js";

const promptTokens: PromptTokens = {
  ...{ count: 3, ensemble: 1, dim: 4 },
  embeddings: Float32Array.from({ length: 12 }, (_, i) => i / 8),
};
const prompts = Array.from({ length: 40 }, (_, i) => [i, (i * 7) % 40]);

describe("prompt token files", () => {
  it("come back as they were written", () => {
    const file = {
      promptTokens,
      acceptance: [
        [0.5, 0.25],
        [0.4, 0.2],
        [0.3, 0],
      ],
      trees: chainTrees(3),
      metadata: { model: "stories" },
    };
    expect(readPromptTokens(writePromptTokens(file))).toEqual(file);
    const continuations = createContinuationTable({ order: 2 });
    continuations.learn([1, 2, 3, 1, 2]);
    const { continuations: back } = readPromptTokens(writePromptTokens({ ...file, continuations }));
    expect(back?.continuations([1, 2], 1)).toEqual(continuations.continuations([1, 2], 1));
    expect(takePromptTokens(promptTokens, 2).embeddings.length).toBe(8);
  });

  it("are refused when their numbers do not fit", () => {
    expect(() => writePromptTokens({ promptTokens: { ...promptTokens, count: 2 } })).toThrow(
      "2 x 1",
    );
    expect(() => readPromptTokens(new Uint8Array(9))).toThrow();
    const other = writePromptTokens({ promptTokens, metadata: { acceptance: "[[2]]" } });
    expect(() => readPromptTokens(other)).toThrow("from 0 to 1");
    expect(() => takePromptTokens(promptTokens, 4)).toThrow("1 to 3");
  });
});

describe("measureAcceptance", () => {
  it("counts what the guesses of a known model are worth", async () => {
    const session = createHashSession({ guessing: 0.6 });
    const { rates, counts } = await measureAcceptance({
      session,
      promptTokens,
      prompts,
      tokens: 30,
    });
    expect(counts.every((count) => count >= 40 * 30)).toBe(true);
    for (const row of rates) {
      expect(row.length).toBe(10);
      // 0.6 by construction, and one token in a few where a wrong guess is the largest by chance; rank 1 or so 0.2.
      expect(row[0]).toBeGreaterThan(0.55);
      expect(row[0]).toBeLessThan(0.72);
      expect(row.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1);
    }
    expect(session.length).toBe(0);
  });

  it("predicts what decoding with the trees takes", async () => {
    const session = createHashSession({ guessing: 0.6 });
    const { rates } = await measureAcceptance({ session, promptTokens, prompts, tokens: 40 });
    const times = [
      { rows: 1, milliseconds: 1 },
      { rows: 64, milliseconds: 2 },
    ];
    const { trees } = chooseTreeSize(rates, times, { budgets: [20] });
    const strategy = parallelPromptDecoding({ promptTokens, trees });
    let [tokens, passes] = [0, 0];
    for (const prompt of prompts) {
      const { tokens: decided, steps } = decodeWith(strategy, session, prompt, 60);
      tokens += decided.length;
      passes += steps.length;
    }
    expect(tokens / passes).toBeGreaterThan(trees.tokensPerStep - 0.2);
    expect(tokens / passes).toBeLessThan(trees.tokensPerStep + 0.2);
  });

  it("stops when told", async () => {
    const session = createHashSession();
    const signal = AbortSignal.abort();
    await expect(measureAcceptance({ session, promptTokens, prompts, signal })).rejects.toThrow(
      "aborted",
    );
    await expect(measureAcceptance({ session, promptTokens, prompts: [] })).rejects.toThrow(
      "some prompts",
    );
  });
});

describe("hardware-aware size", () => {
  const rates = [
    [0.5, 0.2, 0.1],
    [0.4, 0.2, 0.1],
    [0.3, 0.1, 0.1],
  ];

  it("takes few rows where every row costs, and many where rows are free", () => {
    const dear = Array.from({ length: 64 }, (_, i) => ({ rows: i + 1, milliseconds: 1 + i * 0.5 }));
    const free = Array.from({ length: 64 }, (_, i) => ({
      rows: i + 1,
      milliseconds: 1 + i * 0.001,
    }));
    const small = chooseTreeSize(rates, dear);
    const large = chooseTreeSize(rates, free);
    expect(Math.max(...small.trees.rows)).toBeLessThan(6);
    expect(small.speedUp).toBeLessThan(1);
    expect(Math.max(...large.trees.rows)).toBeGreaterThan(40);
    expect(large.speedUp).toBeGreaterThan(2);
    expect(large.speedUp).toBe(Math.max(...large.tried.map(({ speedUp }) => speedUp)));
  });

  it("measures every size between others, and interpolates", async () => {
    const session = createHashSession({ maxRows: 16 });
    let clock = 0;
    const now = (): number => {
      clock += session.rows;
      return clock;
    };
    const times = await measurePassTimes({ session, now, rounds: 3 });
    expect(times.map(({ rows }) => rows)).toEqual([1, 2, 3, 4, 6, 8, 12, 16]);
    expect(session.length).toBe(0);
    const measured = [
      { rows: 1, milliseconds: 1 },
      { rows: 3, milliseconds: 2 },
      { rows: 5, milliseconds: 6 },
    ];
    expect([1, 2, 4, 7].map((rows) => passTime(measured, rows))).toEqual([1, 1.5, 4, 10]);
  });

  it("says when no tree fits", () => {
    expect(() => chooseTreeSize(rates, [{ rows: 1, milliseconds: 1 }])).toThrow("at most 1 rows");
  });
});

describe("typical acceptance", () => {
  it("takes tokens above min(epsilon, alpha exp(-H))", () => {
    const logits = Float32Array.from([
      Math.log(0.7),
      Math.log(0.2),
      Math.log(0.08),
      Math.log(0.02),
    ]);
    const accepts = typicalTest(logits, { kind: "typical" });
    // exp(-H) = 0.43: the threshold is epsilon, 0.09
    expect([0, 1, 2, 3].map(accepts)).toEqual([true, true, false, false]);
    const flat = new Float32Array(40); // exp(-H) = 1/40: the threshold is 0.3/40
    expect(typicalTest(flat, { kind: "typical" })(3)).toBe(true);
    expect(typicalTest(flat, { kind: "typical", alpha: 1.1 })(3)).toBe(false);
  });

  it("accepts more than exact verification, tells which, and keeps the cache in order", () => {
    const session = createHashSession({ guessing: 0.3 });
    const trees = buildSparseTrees(
      [
        [0.4, 0.2, 0.1],
        [0.3, 0.2, 0.1],
        [0.2, 0.1, 0.1],
      ],
      { budget: 20 },
    );
    const count = (verification: "exact" | { kind: "typical"; epsilon: number }): number => {
      const strategy = parallelPromptDecoding({ promptTokens, trees, verification });
      let steps = 0;
      for (const prompt of prompts.slice(0, 15)) {
        const told: number[] = [];
        const result = decodeWith(strategy, session, prompt, 40, {
          observe: (token) => told.push(token),
          choose: (logits) => {
            const token = likeliestTokens(logits, 1)[0]!;
            told.push(token);
            return token;
          },
        });
        expect(told).toEqual(result.tokens);
        steps += result.steps.length;
      }
      return steps;
    };
    expect(count({ kind: "typical", epsilon: 0.03 })).toBeLessThan(count("exact"));
  });
});

describe("likeliestTokens", () => {
  it("is a sort cut short, smaller ids first among equals", () => {
    const logits = Float32Array.from({ length: 300 }, (_, i) => (i * 7919) % 31);
    const sorted = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
    expect([...likeliestTokens(logits, 12)]).toEqual(sorted.slice(0, 12));
    expect([...likeliestTokens(Float32Array.of(1, 3), 5)]).toEqual([1, 0]);
    expect([...meanLogits([Float32Array.of(1, 2), Float32Array.of(3, 6)])]).toEqual([2, 4]);
  });
});
