import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { type AttentionOptions, attention } from "./attention.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

interface Case {
  readonly b?: number;
  readonly h: number;
  readonly hk: number;
  readonly t: number;
  readonly s: number;
  readonly d: number;
  readonly e?: number;
  readonly options?: AttentionOptions;
  readonly mask?: readonly number[];
  readonly lengths?: readonly number[];
}

/** One query after the other, in 64 bits. */
function attended(
  { b = 1, h, hk, t, s, d, e = d, options = {}, mask, lengths }: Case,
  inputs: Readonly<Record<string, Float64Array>>,
): Float64Array {
  const { q, k, v, mask: added } = inputs as Record<"q" | "k" | "v" | "mask", Float64Array>;
  const scale = options.scale ?? 1 / Math.sqrt(d);
  const y = new Float64Array(b * h * t * e);
  for (let row = 0; row < b * h * t; row++) {
    const i = row % t;
    const head = Math.floor(row / t) % h;
    const batch = Math.floor(row / t / h);
    const keyHead = batch * hk + Math.floor(head / (h / hk));
    const last = options.causal ? i + s - t : s - 1;
    const first = options.causal ? last - (options.window ?? s) : -1;
    const weights = Array.from({ length: s }, (_, j) => {
      if (j > last || j <= first || j >= (lengths?.[batch] ?? s)) return 0;
      let score = 0;
      for (let l = 0; l < d; l++) score += q[row * d + l]! * k[(keyHead * s + j) * d + l]!;
      const index = [batch, head, i, j];
      const at = mask?.reduce(
        (sum, size, axis) => sum * size + (size === 1 ? 0 : index[axis + 4 - mask.length]!),
        0,
      );
      return Math.exp(score * scale + (at === undefined ? 0 : added[at]!));
    });
    const sum = weights.reduce((a, w) => a + w, 0);
    weights.forEach((w, j) => {
      for (let l = 0; l < e && sum > 0; l++) {
        y[row * e + l] = y[row * e + l]! + (w / sum) * v[(keyHead * s + j) * e + l]!;
      }
    });
  }
  return y;
}

const CASES: Record<string, Case> = {
  "one head": { h: 1, hk: 1, t: 3, s: 4, d: 2 },
  "causal, several heads": { b: 2, h: 3, hk: 3, t: 5, s: 5, d: 4, options: { causal: true } },
  "two heads for a key head": { b: 2, h: 4, hk: 2, t: 3, s: 3, d: 5, options: { causal: true } },
  "one key head, other width of values": { h: 3, hk: 1, t: 2, s: 7, d: 4, e: 3 },
  "window, more keys than queries": {
    h: 2,
    hk: 1,
    t: 3,
    s: 6,
    d: 2,
    options: { causal: true, window: 2, scale: 0.5 },
  },
  "queries that see nothing": { h: 1, hk: 1, t: 4, s: 2, d: 3, options: { causal: true } },
  "a mask for all": { b: 2, h: 2, hk: 2, t: 3, s: 4, d: 2, mask: [3, 4] },
  "a mask for each entry": {
    b: 2,
    h: 2,
    hk: 1,
    t: 3,
    s: 4,
    d: 2,
    mask: [2, 1, 1, 4],
    options: { causal: true },
  },
  lengths: { b: 3, h: 1, hk: 1, t: 2, s: 5, d: 2, lengths: [5, 2, 0] },
};

function inputsOf({ b = 1, h, hk, t, s, d, e = d, mask, lengths }: Case) {
  return {
    q: [b, h, t, d],
    k: [b, hk, s, d],
    v: [b, hk, s, e],
    ...(mask && { mask }),
    ...(lengths && { lengths: { shape: [b], data: lengths, integer: true } }),
  };
}

function build(
  options: AttentionOptions | undefined,
  { q, k, v, mask, lengths }: Readonly<Record<string, Variable>>,
): Variable {
  return attention(q!, k!, v!, { ...options, ...(mask && { mask }), ...(lengths && { lengths }) });
}

describe("attention", () => {
  it.each(Object.entries(CASES))("%s", (_, given) => {
    for (const recompute of [false, true]) {
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: inputsOf(given),
          build: (variables) => build({ ...given.options, recompute }, variables),
          reference: (inputs) => attended(given, inputs),
          gradientsOf: ["q", "k", "v"],
          elements: 12,
        });
      }
    }
  });

  it("gives the same bits on one thread and on two", () => {
    const results = everyKernels.map((kernels) => {
      const tape = createTape();
      const shape = [2, 4, 33, 20];
      const [q, k, v] = ["q", "k", "v"].map((name) => tape.input(name, shape));
      const y = attention(q!, k!, v!, { causal: true });
      const count = 2 * 4 * 33 * 20;
      const numbers = (seed: number) =>
        Float32Array.from({ length: count }, (_, i) => Math.fround(((i * seed) % 97) / 97 - 0.5));
      const loss = weightedSum(y, numbers(31));
      using program = createProgram(kernels, {
        tape,
        loss,
        gradientsOf: [q!, k!, v!],
        trainable: [],
      });
      program.run({ q: numbers(7), k: numbers(11), v: numbers(13) });
      return { kernels, gradients: [q!, k!, v!].map((x) => program.gradient(x).data) };
    });
    for (const { kernels, gradients } of results) {
      const same = results.find((other) => other.kernels.variant === kernels.variant)!;
      expect(gradients).toEqual(same.gradients);
    }
  });

  it("keeps queries, keys, values and probabilities, as far as they are needed", () => {
    const kept = (wanted: string, options: AttentionOptions = {}) => {
      const tape = createTape();
      const shapes = { q: [1, 4, 8, 2], k: [1, 2, 8, 2], v: [1, 2, 8, 2] };
      const x = Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => [name, tape.input(name, shape)]),
      );
      const y = attention(x.q!, x.k!, x.v!, options);
      const loss = weightedSum(y, new Float32Array(64));
      const gradientsOf = [...wanted].map((name) => x[name]!);
      const { nodes } = predictMemory({ tape, loss, gradientsOf, trainable: [] });
      return nodes
        .flatMap(({ keeps }) => keeps.map(({ what, bytes }) => `${what} ${bytes}`))
        .sort();
    };
    const [q, k, v, all] = ["input 256", "input 128", "input 128", "probabilities 1024"];
    expect(kept("qkv")).toEqual([k, v, q, all]);
    expect(kept("v")).toEqual([all]);
    expect(kept("q")).toEqual([k, v, all]);
    expect(kept("qkv", { recompute: true })).toEqual([k, v, q]);
  });

  it("says which shapes do not fit", () => {
    const tape = createTape();
    let count = 0;
    const input = (...shape: number[]) => tape.input(`x${count++}`, shape);
    const [q, k] = [input(1, 4, 3, 2), input(1, 2, 5, 2)];
    const message =
      "attention: expected q [b, h, t, d], k [b, hk, s, d] and v [b, hk, s, e] with h a multiple of hk, got ";
    expect(() => attention(q, input(1, 3, 5, 2), input(1, 3, 5, 2))).toThrow(
      `${message}[1,4,3,2], [1,3,5,2] and [1,3,5,2]`,
    );
    expect(() => attention(q, k, input(1, 2, 4, 2))).toThrow(message);
    expect(() => attention(q, input(1, 2, 5, 3), k)).toThrow(message);
    expect(() => attention(input(4, 3, 2), k, k)).toThrow(message);
    expect(() => attention(q, k, k, { mask: input(3, 1) })).toThrow(
      "attention: expected a mask that broadcasts to [1,4,3,5] and ends in 5, got [3,1]",
    );
    expect(() => attention(q, k, k, { lengths: input(1) })).toThrow(
      "attention: expected lengths of type i32, got f32 [1]",
    );
    expect(() => attention(q, k, k, { lengths: tape.input("n", [2], "i32") })).toThrow(
      "attention: expected lengths [1], got [2]",
    );
    expect(() => attention(q, k, k, { window: 3 })).toThrow(
      "attention: a window of 3 keys needs causal: true",
    );
    const mask = input(3, 5);
    const loss = weightedSum(attention(q, k, k, { mask }), new Float32Array(24));
    expect(() => predictMemory({ tape, loss, gradientsOf: [mask], trainable: [] })).toThrow(
      "attention: input 3 needs a gradient, and the operation has none for it",
    );
  });
});
