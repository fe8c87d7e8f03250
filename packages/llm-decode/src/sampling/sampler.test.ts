import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLogitBias } from "./logits-processor.js";
import { createPortableExponential } from "./portable-exponential.js";
import { createSampler } from "./sampler.js";
import type { SamplingOptions } from "./sampling-options.js";

// Everything sorted, everything in double precision, one warper after the other as Hugging Face has them.
function slowDistribution(logits: Float32Array, options: SamplingOptions): Map<number, number> {
  const { temperature = 1, topK = 0, topP = 1, minP = 0 } = options;
  let left = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]! || a - b);
  const softmax = (tokens: number[]): number[] => {
    const weights = tokens.map((t) => Math.exp((logits[t]! - logits[left[0]!]!) / temperature));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  if (topK > 0) left = left.slice(0, topK);
  let before = 0;
  if (topP < 1) {
    const probabilities = softmax(left);
    left = left.filter((_, i) => {
      const keep = before < topP - 1e-9;
      before += probabilities[i]!;
      return keep;
    });
  }
  const probabilities = softmax(left);
  left = left.filter((_, i) => probabilities[i]! >= minP * probabilities[0]! - 1e-12);
  const final = softmax(left);
  return new Map(left.map((token, i) => [token, final[i]!]));
}

const gaussian = (seed: number, count: number, scale: number): Float32Array => {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => rng.normal(0, scale));
};

describe("the distribution", () => {
  const filters = fc.record(
    {
      temperature: fc.constantFrom(0.05, 0.7, 1, 3, 50),
      topK: fc.constantFrom(0, 1, 2, 7, 40, 5000),
      topP: fc.constantFrom(0.01, 0.3, 0.5, 0.9, 0.999, 1),
      minP: fc.constantFrom(0, 0.01, 0.1, 0.5, 1),
    },
    { requiredKeys: ["temperature"] },
  );

  test("is that of sorting the whole vocabulary and applying one filter after the other", () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.constantFrom(1, 2, 37, 1000),
        fc.constantFrom(0.01, 1, 4, 30),
        filters,
        (seed, count, scale, options) => {
          const logits = gaussian(seed, count, scale);
          const { tokens, probabilities } = createSampler(options).distribution(logits);
          const expected = slowDistribution(logits, options);
          expect([...tokens]).toEqual([...expected.keys()]);
          for (const [i, token] of tokens.entries()) {
            expect(probabilities[i]).toBeCloseTo(expected.get(token)!, 9);
          }
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });

  test("keeps to the order of tokens where logits are equal, and to exactly k of them", () => {
    const logits = Float32Array.of(1, 2, 2, 2, 0, 2);
    const { tokens, probabilities } = createSampler({ topK: 3 }).distribution(logits);
    expect([...tokens]).toEqual([1, 2, 3]);
    for (const probability of probabilities) expect(probability).toBeCloseTo(1 / 3, 12);
  });

  test("never holds a banned token, and survives a few huge negative logits", () => {
    const logits = gaussian(3, 500, 2);
    for (let i = 0; i < 500; i += 7) logits[i] = i % 2 ? Number.NEGATIVE_INFINITY : -1e9;
    for (const options of [{ topK: 480 }, { topP: 0.9999 }, { temperature: 1 }]) {
      const { tokens, probabilities } = createSampler(options).distribution(logits);
      tokens.forEach((token, i) => {
        if (token % 7 === 0) expect(probabilities[i]).toBe(0);
      });
      expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
    }
  });

  test("is one token at temperature 0, and tokens set to Infinity alone are left", () => {
    const logits = Float32Array.of(1, Infinity, 0, Infinity);
    expect([...createSampler({ temperature: 1 }).distribution(logits).tokens]).toEqual([1, 3]);
    expect([...createSampler().distribution(logits).tokens]).toEqual([1]);
  });
});

describe("sampling", () => {
  test.each<SamplingOptions>([
    { temperature: 0.9, topP: 0.95 },
    { minP: 0.2 },
    { temperature: 1.3 },
    { topK: 3, repetitionPenalty: 1.5 },
  ])("with %j draws each token as often as its probability says", (options) => {
    const logits = Float32Array.of(0, 1, 2, -1, 1.5);
    const sampler = createSampler({ ...options, seed: 7 });
    const { tokens, probabilities } = sampler.distribution(logits);
    const draws = 20_000;
    const counts = new Map<number, number>();
    for (let i = 0; i < draws; i++) {
      const token = sampler.sample(logits);
      counts.set(token, (counts.get(token) ?? 0) + 1);
    }
    expect(new Set(counts.keys())).toEqual(new Set(tokens));
    // Five standard deviations of a binomial: fails by chance once in a million runs, and never with this seed.
    tokens.forEach((token, i) => {
      const p = probabilities[i]!;
      const bound = 5 * Math.sqrt((p * (1 - p)) / draws);
      expect(Math.abs(counts.get(token)! / draws - p)).toBeLessThan(bound);
    });
  });

  test("takes the first of the likeliest tokens at temperature 0, as the default is", () => {
    const sampler = createSampler();
    expect(sampler.argmaxSuffices).toBe(true);
    expect(sampler.sample(Float32Array.of(-3, 2, 5, 5, -Infinity))).toBe(2);
    expect(createSampler({ temperature: 0, topK: 4 }).argmaxSuffices).toBe(true);
    expect(createSampler({ repetitionPenalty: 1.1 }).argmaxSuffices).toBe(false);
    expect(createSampler({ topK: 4 }).argmaxSuffices).toBe(false);
  });

  test("repeats with its seed and differs with another", () => {
    const logits = gaussian(1, 300, 1);
    const draw = (seed: number): number[] => {
      const sampler = createSampler({ temperature: 1, seed });
      return Array.from({ length: 20 }, () => sampler.sample(logits));
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
  });

  test("draws one number a token, however few tokens are left", () => {
    const flat = new Float32Array(64);
    const single = Float32Array.of(0, 90, 0);
    const a = createSampler({ temperature: 1, seed: 3 });
    const b = createSampler({ temperature: 1, seed: 3 });
    a.sample(single);
    b.sample(flat);
    a.distribution(flat);
    expect(a.sample(flat)).toBe(b.sample(flat));
  });

  test("leaves the logits as they are", () => {
    const logits = gaussian(2, 100, 1);
    const before = logits.slice();
    const ban = createLogitBias([[0, -Infinity]]);
    const options = { topK: 5, repetitionPenalty: 2, logitsProcessors: [ban] };
    createSampler(options).sample(logits, [1, 2, 3]);
    expect(logits).toEqual(before);
  });
});

describe("the repetition penalty", () => {
  // By hand from RepetitionPenaltyLogitsProcessor: score < 0 ? score * penalty : score / penalty, scattered.
  test("divides positive and multiplies negative logits of tokens that occurred, once each", () => {
    const seen: Float32Array[] = [];
    const logitsProcessors = [(logits: Float32Array) => void seen.push(logits.slice())];
    const sampler = createSampler({ repetitionPenalty: 2, logitsProcessors });
    const logits = Float32Array.of(1, -1, 4, -4, 0.5);
    expect(sampler.sample(logits, [2, 3, 3, 0])).toBe(2);
    expect([...seen[0]!]).toEqual([0.5, -1, 2, -8, 0.5]);
    sampler.sample(logits, [99]); // a prompt embedding, behind the vocabulary
    expect([...seen[1]!]).toEqual([...logits]);
  });
});

describe("errors", () => {
  test.each([
    [{ temperature: -1 }, "temperature must be a finite number from 0, got -1"],
    [{ temperature: Number.NaN }, "temperature must be a finite number from 0, got NaN"],
    [{ topK: 1.5 }, "topK must be a whole number from 0, got 1.5"],
    [{ topP: 0 }, "topP must be above 0 and at most 1, got 0"],
    [{ topP: 1.1 }, "topP must be above 0 and at most 1, got 1.1"],
    [{ minP: -0.1 }, "minP must be from 0 to 1, got -0.1"],
    [{ repetitionPenalty: 0 }, "repetitionPenalty must be a finite number above 0, got 0"],
    [{ seed: -2 }, "seed must be a whole number from 0 to 2^53 - 1, got -2"],
    [{ temperature: "hot" as never }, 'temperature must be a finite number from 0, got "hot"'],
    [{ logitsProcessors: [3 as never] }, "logitsProcessors must be an array of functions, got 3"],
  ])("of %j", (options, message) => {
    expect(() => createSampler(options)).toThrow(
      expect.objectContaining({ code: "invalid-argument", message: `sampling: ${message}` }),
    );
  });

  test.each([{}, { temperature: 1 }, { topK: 2 }])("of logits, with %j", (options) => {
    const sampler = createSampler(options);
    const broken = Float32Array.of(0, Number.NaN, 1);
    expect(() => sampler.sample(broken)).toThrow(/logit of token 1 is NaN/);
    expect(() => sampler.sample(new Float32Array(3).fill(-Infinity))).toThrow(/every logit is/);
    expect(() => sampler.sample(new Float32Array(0))).toThrow(/no token at all/);
  });

  test("of a bias", () => {
    expect(() => createLogitBias([[-1, 2]])).toThrow(/\[-1, 2\]/);
  });
});

test("the portable exponential agrees with Math.exp", () => {
  const exponential = createPortableExponential();
  fc.assert(
    fc.property(fc.double({ min: -59.9, max: 0, noNaN: true }), (x) => {
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(1e-11);
    }),
    { seed: 4, numRuns: 1000 },
  );
  expect(exponential(0)).toBe(1);
  expect(exponential(-61)).toBe(0);
  expect(exponential(Number.NEGATIVE_INFINITY)).toBe(0);
});
