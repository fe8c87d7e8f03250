import { createRng, unpackTensor } from "@edgewright/core";
import type { DecoderConfig } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { createLanguageModel, type LanguageModel } from "./language-model.js";
import {
  drawIds,
  type ExactWeights,
  exactWeights,
  SMALL,
  SMALL_BITNET,
  slowLogits,
  slowSurprise,
} from "./slow-decoder.test-support.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const T = 7;

function modelOf(config: DecoderConfig): LanguageModel {
  const model = createLanguageModel({ config, rng: createRng(3) });
  // Norms of exactly 1 would hide that they are there.
  const rng = createRng(4);
  for (const parameter of model.parameterList) {
    if (parameter.shape.length === 1)
      parameter.write(parameter.read().map(() => 0.5 + rng.uniform()));
  }
  return model;
}

function logitsOf(
  kernels: Kernels,
  model: LanguageModel,
  ids: Int32Array,
  rows: number,
  change: (tape: ReturnType<typeof createTape>, ids: Variable) => Variable = (_, input) =>
    model.apply(input).logits,
): Float32Array {
  const tape = createTape();
  const logits = change(tape, tape.input("ids", [rows, ids.length / rows], "i32"));
  using program = createProgram(kernels, { tape, outputs: [logits] });
  program.run({ ids });
  return program.read(logits).data as Float32Array;
}

function expectClose(got: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const largest = Math.max(...Array.from(expected, Math.abs));
  const error = Math.max(...Array.from(expected, (value, i) => Math.abs(value - got[i]!)));
  expect(error).toBeLessThanOrEqual(tolerance * largest);
}

const configs = [
  ["llama", SMALL, 2e-5],
  ["llama with half-turned heads", { ...SMALL, ropePairing: "half" }, 2e-5],
  // An activation on the fence may round to either side, which is a 127th of its row's largest.
  ["BitNet", SMALL_BITNET, 2e-2],
] as const;

describe("createLanguageModel", () => {
  it.each(configs)("gives a slow decoder's logits: %s", (_, config, tolerance) => {
    const model = modelOf(config);
    const ids = drawIds(2 * T, config.vocabSize, 5);
    const weights = exactWeights(model);
    const expected = [0, T].flatMap((start) =>
      slowLogits(config, weights, ids.subarray(start, start + T)).flatMap((row) => [...row]),
    );
    for (const kernels of everyKernels) {
      expectClose(logitsOf(kernels, model, ids, 2), expected, tolerance);
    }
  });

  it("gives the gradient of every weight: central differences in 64 bits", () => {
    const model = modelOf(SMALL);
    const ids = drawIds(T + 1, SMALL.vocabSize, 6);
    const [kernels] = everyKernels;
    const tape = createTape();
    const { logits } = model.apply(tape.input("ids", [1, T], "i32"));
    const loss = crossEntropy(logits, tape.input("next", [1, T], "i32"));
    using program = createProgram(kernels!, { tape, loss });
    program.run({ ids: ids.slice(0, T), next: ids.slice(1) });
    const weights = exactWeights(model);
    const lossOf = (changed: ExactWeights): number =>
      slowLogits(SMALL, changed, ids.subarray(0, T)).reduce(
        (sum, row, i) => sum + slowSurprise(row, ids[i + 1]!) / T,
        0,
      );
    expect(program.loss).toBeCloseTo(lossOf(weights), 5);
    const step = 1e-5;
    for (const parameter of model.parameterList) {
      const gradient = program.gradient(parameter).data as Float32Array;
      const values = weights.get(parameter.name)!;
      const picked = [0, 1, 2].map((i) => Math.floor(((i + 0.5) * values.length) / 3));
      const differences = picked.map((at) => {
        const before = values[at]!;
        values[at] = before + step;
        const above = lossOf(weights);
        values[at] = before - step;
        const below = lossOf(weights);
        values[at] = before;
        return (above - below) / (2 * step);
      });
      const largest = Math.max(...gradient.map(Math.abs));
      picked.forEach((at, i) => {
        expect(Math.abs(gradient[at]! - differences[i]!)).toBeLessThanOrEqual(
          1e-4 * largest + 1e-7,
        );
      });
    }
  });

  it("moves ternary weights by the gradients of the rounded ones", () => {
    const config: DecoderConfig = { ...SMALL_BITNET, int8Activations: false };
    const ternary = modelOf(config);
    const rounded = createLanguageModel({ weights: ternary.toWeights(), ternary: false });
    const ids = drawIds(T + 1, config.vocabSize, 7);
    const [first, second] = [ternary, rounded].map((model) => {
      const tape = createTape();
      const { logits } = model.apply(tape.input("ids", [1, T], "i32"));
      const loss = crossEntropy(logits, tape.input("next", [1, T], "i32"));
      using program = createProgram(everyKernels[0]!, { tape, loss });
      program.run({ ids: ids.slice(0, T), next: ids.slice(1) });
      return [
        program.loss,
        ...model.parameterList.flatMap((one) => [...(program.gradient(one).data as Float32Array)]),
      ];
    });
    expect(first).toEqual(second);
  });

  it("sees what a mask lets it see, from the positions that it is given", () => {
    const model = modelOf(SMALL);
    const ids = drawIds(T, SMALL.vocabSize, 8);
    const [kernels] = everyKernels;
    const plain = logitsOf(kernels!, model, ids, 1);
    const causal = Float32Array.from({ length: T * T }, (_, i) =>
      i % T <= Math.floor(i / T) ? 0 : -1e9,
    );
    const masked = logitsOf(kernels!, model, ids, 1, (tape, input) => {
      const mask = tape.constant(causal, [1, 1, T, T]);
      const positions = tape.constant(
        Array.from({ length: T }, (_, i) => i + 4),
        [T],
        "i32",
      );
      return model.apply(input, { mask, positions }).logits;
    });
    // Rotary positions are relative: all of them moved by 4 change nothing.
    expectClose(masked, plain, 2e-5);
    // Two branches behind the same first tokens: rows 4 and 5 stand side by side at position 4.
    const branches = logitsOf(kernels!, model, ids, 1, (tape, input) => {
      const tree = causal.slice();
      tree[5 * T + 4] = -1e9;
      const positions = tape.constant([0, 1, 2, 3, 4, 4, 5], [T], "i32");
      return model.apply(input, { mask: tape.constant(tree, [1, 1, T, T]), positions }).logits;
    });
    const other = logitsOf(kernels!, model, ids.slice(0, 5).with(4, ids[5]!), 1);
    const v = SMALL.vocabSize;
    expectClose(branches.slice(5 * v, 6 * v), other.slice(4 * v), 2e-5);
  });

  it("takes embeddings in the place of ids, and shows its residual stream, keys and values", () => {
    const model = modelOf(SMALL);
    const ids = drawIds(2 * T, SMALL.vocabSize, 9);
    const [kernels] = everyKernels;
    const embedded = logitsOf(kernels!, model, ids, 2, (_, input) => {
      const { logits, hidden, normalized, keys, values } = model.apply(model.embed(input));
      expect(hidden.map(({ shape }) => shape)).toEqual([0, 1, 2].map(() => [2, T, 12]));
      expect(normalized.shape).toEqual([2, T, 12]);
      expect([keys.shape, values.shape]).toEqual([
        [2, 2, T, 6],
        [2, 2, T, 6],
      ]);
      return logits;
    });
    expect(embedded).toEqual(logitsOf(kernels!, model, ids, 2));
  });

  it("gives its weights as files hold them, and takes them back", () => {
    for (const config of [SMALL, SMALL_BITNET]) {
      const model = modelOf(config);
      const weights = model.toWeights();
      const { query } = weights.layers[1]!;
      expect("format" in query ? query.format : query.dtype).toBe(
        config === SMALL ? "f32" : "ternary",
      );
      if ("format" in query) {
        const exact = exactWeights(model).get("layers.1.query")!;
        expect(Float64Array.from(unpackTensor(query).data)).toEqual(exact);
      }
      const again = createLanguageModel({ weights, prefix: "again.", ternary: false });
      const ids = drawIds(T, config.vocabSize, 10);
      const [kernels] = everyKernels;
      expect(logitsOf(kernels!, again, ids, 1)).toEqual(logitsOf(kernels!, model, ids, 1));
      expect(again.parameterList[0]!.name).toBe("again.embedding");
    }
  });

  it("says what it expects", () => {
    expect(() => createLanguageModel({})).toThrow("expected a config or weights, got neither");
    expect(() => createLanguageModel({ config: { ...SMALL, kvHeads: 3 } })).toThrow("kvHeads");
    const model = modelOf(SMALL);
    const weights = model.toWeights();
    expect(() => createLanguageModel({ weights, config: { ...SMALL, dim: 16 } })).toThrow(
      "embedding must be a weight of shape",
    );
    const tape = createTape();
    expect(() => model.apply(tape.input("x", [1, 3, 5]))).toThrow(
      "expected ids i32 [b, t] or embeddings f32 [b, t, 12], got f32 [1,3,5]",
    );
    expect(() => model.apply(tape.input("long", [1, 17], "i32"))).toThrow("at most 16 rows");
  });
});
