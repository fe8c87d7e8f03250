import { createRng, EdgewrightError, tensor, writeSafetensors } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";

const checkpoint: Checkpoint = {
  ...{ epoch: 2, stepInEpoch: 7, step: 47, lossSum: 1 / 3 },
  order: createRng(4).state(),
  augmentation: createRng(5).split().state(),
  parameters: { "a/b": Float32Array.of(1, -0, Number.NaN), c: Float32Array.of(1e-42) },
  optimizerStep: 47,
  optimizer: { "a/b": Float32Array.of(0.1, 0.2, 0.3) },
};

describe("checkpoints", () => {
  it("come back bit by bit", () => {
    const bytes = encodeCheckpoint(checkpoint);
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
    expect(encodeCheckpoint(decodeCheckpoint(bytes))).toEqual(bytes);
  });

  it("are told from other files", () => {
    const file = (metadata: Record<string, string>, name = "parameter/w") =>
      writeSafetensors(new Map([[name, tensor("f32", [1], [1])]]), metadata);
    const format = "edgewright training checkpoint 1";
    expect(() => decodeCheckpoint(file({}))).toThrow('got "a file without a format"');
    expect(() => decodeCheckpoint(file({ format }, "w"))).toThrow(
      "w does not belong in a checkpoint",
    );
    expect(() => decodeCheckpoint(file({ format }))).toThrow("the progress is no JSON");
    expect(() => decodeCheckpoint(file({ format, progress: '{"epoch":-1}' }))).toThrow(
      "the progress lacks counts or random states",
    );
  });

  it("end on damaged bytes with a typed error, or read something", () => {
    const bytes = encodeCheckpoint(checkpoint);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          decodeCheckpoint(damaged);
        } catch (error) {
          expect(EdgewrightError.isInstance(error)).toBe(true);
        }
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
