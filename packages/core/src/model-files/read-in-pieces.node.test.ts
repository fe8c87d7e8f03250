import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ByteSource, bytesSource } from "./byte-source.js";
import type { LinearName, WeightTensor } from "./decoder-weights.js";
import { writeEwq } from "./ewq/write-ewq.js";
import { fileSource } from "./file-source.js";
import { writeGguf } from "./gguf/write-gguf.js";
import { randomContents } from "./model-contents.test-support.js";
import type { OpenedModel, WeightName } from "./opened-model.js";
import { createReadBuffers, type ReadBuffers } from "./read-buffers.js";
import { openModel } from "./read-model.js";
import { weightFloats } from "./weight-floats.js";

const folder = mkdtempSync(join(tmpdir(), "edgewright-pieces-"));
afterAll(() => rmSync(folder, { recursive: true }));

const CONFIG = { dim: 256, hiddenDim: 512, headDim: 64, vocabSize: 500, layers: 1 };
const TYPES = ["f32", "f16", "q8_0", "q4_0", "tq1_0", "tq2_0"] as const;

/** A file of the disk, and how many bytes were read into memory of the source's own. */
async function countingFile(
  bytes: Uint8Array,
): Promise<{ source: ByteSource; taken: () => number }> {
  const path = join(folder, "model");
  writeFileSync(path, bytes);
  const file = await fileSource(path);
  let taken = 0;
  const source: ByteSource = {
    ...file,
    read(begin, end, signal) {
      taken += end - begin;
      return file.read(begin, end, signal);
    },
  };
  return { source, taken: () => taken };
}

function countingBuffers(): { buffers: ReadBuffers; bytes: () => number } {
  const plain = createReadBuffers();
  const seen = new Set<ArrayBufferLike>();
  const take: ReadBuffers["take"] = (name, bytes) => {
    const taken = plain.take(name, bytes);
    seen.add(taken.buffer);
    return taken;
  };
  const bytes = (): number => [...seen].reduce((sum, buffer) => sum + buffer.byteLength, 0);
  return { buffers: { take }, bytes };
}

async function floatsInPieces(
  model: OpenedModel,
  name: WeightName,
  buffers?: ReadBuffers,
): Promise<{ floats: Float32Array; pieces: number }> {
  const weight = await model.openWeight(name, buffers);
  const floats = new Float32Array(weight.shape[0]! * weight.shape[1]!);
  let at = 0;
  let pieces = 0;
  for await (const piece of weight.pieces()) {
    const values = weightFloats(piece);
    floats.set(values, at);
    at += values.length;
    pieces++;
  }
  expect(at).toBe(floats.length);
  return { floats, pieces };
}

// Of arrays this long `toEqual` takes seconds.
function isSame(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

const NAMES: readonly LinearName[] = ["query", "down"];

describe("weights in pieces", () => {
  test.each(TYPES)(
    "%s: the same numbers as at once, in memory that does not grow with the file",
    async (type) => {
      const bytes = writeGguf(randomContents(CONFIG), { type, embeddingType: type });
      const { source, taken } = await countingFile(bytes);
      const model = await openModel(source);
      const headers = taken();
      const { buffers, bytes: buffered } = countingBuffers();
      for (const layer of [0]) {
        const whole = await openModel(bytesSource(bytes)).then((opened) => opened.readLayer(layer));
        for (const name of NAMES) {
          const { floats } = await floatsInPieces(model, { layer, name }, buffers);
          expect(isSame(floats, weightFloats(whole[name]))).toBe(true);
          // A source without readInto, whose bytes are views at any alignment.
          const viewed = await openModel(bytesSource(bytes));
          const { floats: others } = await floatsInPieces(viewed, { layer, name });
          expect(isSame(others, floats)).toBe(true);
        }
      }
      const embedding = await floatsInPieces(model, { name: "embedding" }, buffers);
      expect(isSame(embedding.floats, weightFloats(await model.readEmbedding()))).toBe(true);
      // Pieces of 64 KiB of the file: their bytes, what they become, and smaller buffers of before.
      expect(buffered()).toBeLessThan(6 * 65536);
      if (type === "f32" || type === "f16" || type === "q8_0")
        expect(embedding.pieces).toBeGreaterThan(2);
      // Only readEmbedding, right above, took memory of the file's own.
      const readAtOnce = taken() - headers;
      expect(readAtOnce).toBeLessThan(bytes.length / 2);
      expect(readAtOnce).toBeGreaterThan(0);
    },
  );

  test("ternary blocks with a scale of their own anywhere are 4-bit codes everywhere", async () => {
    const contents = randomContents({ ...CONFIG, vocabSize: 300 });
    const plain = writeGguf(contents, { type: "tq2_0" });
    const opened = await openModel(bytesSource(plain));
    expect((await opened.openWeight({ layer: 0, name: "down" })).like).toMatchObject({
      format: "ternary",
    });
    const { readGguf } = await import("./gguf/read-gguf.js");
    const { end } = (await readGguf(bytesSource(plain))).tensors.get("blk.0.ffn_down.weight")!;
    // The scale of the last block of the last row.
    const changed = plain.slice();
    changed[end - 1] = (changed[end - 1] ?? 0) ^ 0x04;
    const whole = (await openModel(bytesSource(changed)).then((model) => model.readLayer(0))).down;
    expect(whole).toMatchObject({ format: "int4-group" });
    const { source } = await countingFile(changed);
    const model = await openModel(source);
    const weight = await model.openWeight({ layer: 0, name: "down" }, createReadBuffers());
    expect(weight.like).toMatchObject({ format: "int4-group" });
    for await (const piece of weight.pieces())
      expect(piece).toMatchObject({ format: "int4-group" });
    const { floats } = await floatsInPieces(model, { layer: 0, name: "down" });
    expect(isSame(floats, weightFloats(whole as WeightTensor))).toBe(true);
  });

  test("files that are read a weight at a time come in one piece", async () => {
    const contents = randomContents();
    const model = await openModel(bytesSource(writeEwq(contents)));
    const { floats, pieces } = await floatsInPieces(model, { layer: 1, name: "up" });
    expect(pieces).toBe(1);
    expect(isSame(floats, weightFloats(contents.weights.layers[1]!.up))).toBe(true);
    await expect(model.openWeight({ layer: 2, name: "down" })).rejects.toThrow(
      "openWeight: expected a block from 0 to 1, got 2",
    );
  });
});
