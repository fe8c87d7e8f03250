import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import type { DecodingStrategy } from "../engine/decoding-strategy.js";
import { createHashSession } from "../engine/hash-session.test-support.js";
import { lookupDecoding } from "../lookup/lookup-decoding.js";
import { buildSparseTrees } from "../parallel/build-sparse-trees.js";
import { parallelPromptDecoding } from "../parallel/parallel-prompt-decoding.js";
import type { PromptTokens } from "../parallel/prompt-tokens.js";
import { chainTrees } from "../parallel/sparse-trees.js";
import { confidenceScheduler } from "../precision/confidence-scheduler.js";
import { plainDecoding, progressivePrecision } from "../precision/progressive-precision.js";
import { staticScheduler } from "../precision/static-scheduler.js";
import { adaptiveDecoding } from "./adaptive-decoding.js";
import { selfSpeculation } from "./self-speculation.js";

const widths = [3, 4, 6];
const rates = [
  [0.5, 0.2, 0.1],
  [0.4, 0.2, 0.1],
  [0.3, 0.1, 0.1],
];

function promptTokens(count: number, ensemble: number): PromptTokens {
  return { count, ensemble, dim: 4, embeddings: new Float32Array(count * ensemble * 4) };
}

/** Every exact strategy, at the model's widest width. */
function strategies(ensemble: number): DecodingStrategy[] {
  const tokens = promptTokens(3, ensemble);
  const trees = buildSparseTrees(rates, { budget: 16, ensemble });
  const small = buildSparseTrees(rates.slice(0, 2), { budget: 5, ensemble });
  const parallel = parallelPromptDecoding({ promptTokens: tokens, trees });
  let clock = 0;
  return [
    parallel,
    parallelPromptDecoding({ promptTokens: tokens }),
    parallelPromptDecoding({ promptTokens: tokens, trees: chainTrees(1) }),
    parallelPromptDecoding({ promptTokens: tokens, trees: small }),
    lookupDecoding(),
    lookupDecoding({ promptTokens: tokens, leastEnd: 0.2 }),
    lookupDecoding({
      maxRows: 5,
      passTimes: [
        { rows: 1, milliseconds: 1 },
        { rows: 9, milliseconds: 1.1 },
      ],
    }),
    selfSpeculation({ draftBits: 3 }),
    selfSpeculation({ draftBits: 4, draftTokens: 7, leastConfidence: 0.05 }),
    selfSpeculation({
      draftBits: 3,
      draftTokens: 5,
      draft: (bits) => parallelPromptDecoding({ promptTokens: tokens, trees, precision: bits }),
    }),
    selfSpeculation({ draftBits: 4, draft: (bits) => lookupDecoding({ precision: bits }) }),
    adaptiveDecoding({
      strategies: [plainDecoding(), parallel, selfSpeculation({ draftBits: 3 }), lookupDecoding()],
      ...{ probeTokens: 5, probeEvery: 9, now: () => (clock += 1 + (clock % 7)) },
    }),
  ];
}

describe("exact strategies", () => {
  it("give the text of plain decoding for 200 prompts, token for token", () => {
    const rng = createRng(5);
    const texts = Array.from({ length: 200 }, () =>
      Array.from({ length: rng.integer(1, 12) }, () => rng.integer(0, 40)),
    );
    for (const ensemble of [1, 2]) {
      const session = createHashSession({ widths, ensemble });
      const all = strategies(ensemble);
      let tokens = 0;
      const passes = all.map(() => 0);
      texts.forEach((prompt, i) => {
        const plain = decodeWith(plainDecoding(), session, prompt, 30).tokens;
        tokens += plain.length;
        all.forEach((strategy, s) => {
          if (ensemble === 2 && i % 4 > 0) return;
          const { tokens, steps } = decodeWith(strategy, session, prompt, 30);
          expect(tokens, strategy.name).toEqual(plain);
          passes[s]! += steps.reduce((sum, step) => sum + step.passes, 0);
        });
      });
      // Guesses are right often enough that the accepting paths were taken.
      if (ensemble === 1) expect(tokens / passes[0]!).toBeGreaterThan(1.5);
    }
  });

  it("give the text of plain decoding for a chooser that draws, penalises and counts", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1e6 }),
        fc.integer({ min: 1, max: 40 }),
        (seed, most) => {
          const session = createHashSession({ widths, seed });
          const chooser = (): ((logits: Float32Array) => number) => {
            const rng = createRng(seed);
            const counts = new Uint8Array(40);
            return (logits) => {
              const token = rng.categorical(logits.map((x, i) => Math.exp(2 * x - counts[i]!)));
              counts[token]!++;
              return token;
            };
          };
          const isEnd = (token: number): boolean => token === 7;
          const options = (): object => ({ choose: chooser(), isEnd });
          const plain = decodeWith(plainDecoding(), session, [1, 2], most, options()).tokens;
          for (const strategy of strategies(1)) {
            const { tokens } = decodeWith(strategy, session, [1, 2], most, options());
            expect(tokens, strategy.name).toEqual(plain);
          }
        },
      ),
      { seed: 3, numRuns: 25 },
    );
  });

  it("leave in the cache what plain decoding leaves: every token run at the deciding width", () => {
    const session = createHashSession({ widths });
    decodeWith(plainDecoding(), session, [3, 1, 4], 50);
    const expected = session.committed;
    for (const strategy of strategies(1)) {
      decodeWith(strategy, session, [3, 1, 4], 50);
      expect(session.committed, strategy.name).toEqual(expected);
    }
  });

  it("follow a schedule of widths as one token a pass does", () => {
    const schedules = [
      () => staticScheduler({ widths, switchPoints: [7, 20] }),
      () => confidenceScheduler({ widths, window: 4, deviations: 0.5 }),
    ];
    const tokens = promptTokens(3, 1);
    const trees = buildSparseTrees(rates, { budget: 16 });
    for (const schedule of schedules) {
      const session = createHashSession({ widths, widthNoise: 1 });
      const options = { prefillBits: 6 };
      const plain = progressivePrecision({ precision: schedule(), ...options });
      const expected = decodeWith(plain, session, [5], 60);
      const kept = session.committed;
      expect(new Set(kept.map(({ bits }) => bits)).size).toBe(3);
      const shared = schedule();
      let clock = 0;
      for (const strategy of [
        parallelPromptDecoding({ promptTokens: tokens, trees, precision: schedule(), ...options }),
        lookupDecoding({ precision: schedule(), ...options }),
        selfSpeculation({ draftBits: 3, precision: schedule(), ...options }),
        adaptiveDecoding({
          strategies: [
            progressivePrecision({ precision: shared, ...options }),
            parallelPromptDecoding({ promptTokens: tokens, trees, precision: shared, ...options }),
            selfSpeculation({ draftBits: 3, precision: shared, ...options }),
          ],
          ...{ probeTokens: 4, probeEvery: 6, now: () => (clock += 1 + (clock % 5)) },
        }),
      ]) {
        const { tokens } = decodeWith(strategy, session, [5], 60);
        expect(tokens, strategy.name).toEqual(expected.tokens);
        expect(session.committed, strategy.name).toEqual(kept);
      }
    }
  });

  it("fill a cache to its last row and then say that it is full", () => {
    for (const strategy of [plainDecoding(), ...strategies(1)]) {
      const session = createHashSession({ widths, capacity: 24 });
      const plain = createHashSession({ widths, capacity: 64 });
      const { tokens } = decodeWith(strategy, session, [2, 2, 2], 22);
      expect(tokens, strategy.name).toEqual(
        decodeWith(plainDecoding(), plain, [2, 2, 2], 22).tokens,
      );
      session.truncate(0);
      const run = strategy.start({ session, prompt: [2, 2, 2] });
      const fill = (): void => {
        for (let i = 0; i < 30; i++) run.step();
      };
      expect(fill, strategy.name).toThrow("the cache is full");
    }
  });

  it("read prompts longer than a call takes, in pieces", () => {
    const session = createHashSession({ widths, maxRows: 20 });
    const prompt = Array.from({ length: 75 }, (_, i) => (i * 7) % 40);
    const wide = createHashSession({ widths, maxRows: 128 });
    const expected = decodeWith(plainDecoding(), wide, prompt, 20).tokens;
    for (const strategy of [plainDecoding(), ...strategies(1)]) {
      expect(decodeWith(strategy, session, prompt, 20).tokens, strategy.name).toEqual(expected);
    }
  });

  it("accept the same in half as many full-width passes or fewer when drafts are good", () => {
    const session = createHashSession({ widths, widthNoise: 0.02 });
    const { steps } = decodeWith(
      selfSpeculation({ draftBits: 3, draftTokens: 4 }),
      session,
      [1],
      100,
    );
    expect(steps.length).toBeLessThan(30);
  });
});

describe("errors", () => {
  it("name what does not fit", () => {
    const session = createHashSession({ widths, maxRows: 8 });
    const tokens = promptTokens(3, 1);
    const trees = buildSparseTrees(rates, { budget: 16 });
    const start = (strategy: DecodingStrategy, prompt = [1]): (() => unknown) => {
      return () => strategy.start({ session, prompt });
    };
    expect(start(parallelPromptDecoding({ promptTokens: tokens, trees }))).toThrow(
      /20 rows.* 8 rows/,
    );
    expect(
      start(
        parallelPromptDecoding({
          promptTokens: { ...tokens, dim: 2, embeddings: new Float32Array(6) },
        }),
      ),
    ).toThrow("do not fit a model of dimension 4");
    expect(start(selfSpeculation({ draftBits: 2 }))).toThrow("widths of 3, 4, 6 bits, not 2");
    expect(start(progressivePrecision({ precision: 5 }))).toThrow("not 5");
    expect(start(plainDecoding(), [])).toThrow("at least one token");
    expect(() => selfSpeculation({ draftBits: 3, draftTokens: 0 })).toThrow("at least one token");
    expect(() => adaptiveDecoding({ strategies: [] })).toThrow("some strategies");
    expect(() => parallelPromptDecoding({ promptTokens: promptTokens(2, 1), trees })).toThrow(
      "there are 2",
    );
  });
});
