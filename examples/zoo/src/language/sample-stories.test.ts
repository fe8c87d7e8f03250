import { createProgram, createTape } from "@edgewright/autograd";
import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, describe, expect, it } from "vitest";
import { sampleStories } from "./sample-stories.js";
import { TINY, tinyTeacher } from "./tiny-teacher.test-support.js";

const kernels = await loadTrainingKernels();
afterAll(() => kernels.dispose());

describe("sampleStories", () => {
  const weights = tinyTeacher();

  it("draws every token from the model's own distribution: the same uniform numbers give the same text", async () => {
    const stories = await sampleStories(weights, {
      ...{ kernels, rng: createRng(7), tokens: 200, together: 1 },
    });
    const model = createLanguageModel({ weights });
    const tape = createTape();
    const { logits } = model.apply(tape.input("ids", [1, TINY.contextLength], "i32"));
    using program = createProgram(kernels, { tape, outputs: [logits] });
    const rng = createRng(7);
    let told = 0;
    for (const story of stories) {
      const ids = new Int32Array(TINY.contextLength);
      ids.set(story);
      program.run({ ids });
      const scores = program.read(logits).data as Float32Array;
      expect(story[0]).toBe(1);
      // The last draw ended the story, or told a token that the context had no room for.
      for (let i = 0; i < story.length && told < 199; i++, told++) {
        const row = scores.slice(i * TINY.vocabSize, (i + 1) * TINY.vocabSize);
        const exps = Array.from(row, (value) => Math.exp(value));
        const total = exps.reduce((a, b) => a + b, 0);
        let left = rng.uniform() * total;
        const token = exps.findIndex((p) => {
          left -= p;
          return left < 0;
        });
        if (i + 1 < story.length) expect(token).toBe(story[i + 1]);
        else if (story !== stories.at(-1)) {
          expect(token === 1 || story.length === TINY.contextLength).toBe(true);
        }
      }
    }
    expect(told).toBe(199);
    expect(new Set(stories.map(({ length }) => length)).size).toBeGreaterThan(3);
  });

  it("tells as many tokens as it is asked for, the same ones from the same seed", async () => {
    const tell = (seed: number) =>
      sampleStories(weights, { kernels, rng: createRng(seed), tokens: 300, together: 8 });
    const stories = await tell(1);
    expect(stories.reduce((sum, { length }) => sum + length, 0)).toBe(304);
    expect(await tell(1)).toEqual(stories);
    expect(await tell(2)).not.toEqual(stories);
    const used = kernels.arena.used;
    await tell(1);
    expect(kernels.arena.used).toBe(used);
  });

  it("ends when it is told to", async () => {
    const options = { kernels, rng: createRng(1), tokens: 300, signal: AbortSignal.abort() };
    await expect(sampleStories(weights, options)).rejects.toMatchObject({ name: "AbortError" });
  });
});
