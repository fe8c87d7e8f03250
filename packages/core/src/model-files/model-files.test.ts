import { describe, expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../half.js";
import { bytesSource } from "./byte-source.js";
import type { DecoderConfig } from "./decoder-config.js";
import { writeEwq } from "./ewq/write-ewq.js";
import { writeGguf } from "./gguf/write-gguf.js";
import { anyWeight, plainWeight, randomContents } from "./model-contents.test-support.js";
import { readModel } from "./read-model.js";
import { weightFloats } from "./weight-floats.js";

describe(".ewq", () => {
  test("every format comes back bit for bit, and so does the rest", async () => {
    for (const changes of [{}, { subNorms: true, activation: "relu2" as const }]) {
      const contents = randomContents(changes, anyWeight);
      const bytes = writeEwq(contents);
      expect(await readModel(bytesSource(bytes))).toEqual(contents);
      expect(writeEwq(contents)).toEqual(bytes);
    }
  });

  test("a bit that turned over is found, wherever it is", async () => {
    const bytes = writeEwq(randomContents({}, anyWeight));
    const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    for (const at of [header, header + 5000, bytes.length - 1]) {
      const broken = bytes.slice();
      broken[at]! ^= 4;
      await expect(readModel(bytesSource(broken))).rejects.toThrow(/is damaged: its checksum is/);
    }
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, header));
    const broken = bytes.slice();
    broken[text.indexOf("steps")]! ^= 1;
    await expect(readModel(bytesSource(broken))).rejects.toThrow(
      "the description of the model is damaged",
    );
  });

  test("progress ends at the end, and an abort stops", async () => {
    const bytes = writeEwq(randomContents());
    const seen: number[] = [];
    await readModel(bytesSource(bytes), { onProgress: ({ loaded }) => seen.push(loaded) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBeGreaterThan(0.8 * (bytes.length - 30000));
    const signal = AbortSignal.abort("enough");
    await expect(readModel(bytesSource(bytes), { signal })).rejects.toMatchObject({
      code: "aborted",
      cause: "enough",
    });
  });
});

describe("GGUF", () => {
  test("f32 comes back with configuration and tokenizer", async () => {
    const contents = randomContents();
    const back = await readModel(bytesSource(writeGguf(contents, { name: "tiny" })));
    expect(back.weights).toEqual(contents.weights);
    expect(back.tokenizer).toEqual(contents.tokenizer);
    expect(back.metadata["general.name"]).toBe("tiny");
  });

  test("BitNet's norms, rotary factors and an output of its own come back", async () => {
    const changes: Partial<DecoderConfig> = {
      ...{ architecture: "bitnet", activation: "relu2", subNorms: true, int8Activations: true },
      ...{ ropePairing: "half", ropeFactors: [1, 2, 4, 8] },
    };
    const contents = randomContents(changes);
    const output = plainWeight(new Float32Array(300 * 32).fill(0.5), [300, 32]);
    const weights = { ...contents.weights, output };
    const back = await readModel(bytesSource(writeGguf({ ...contents, weights })));
    expect(back.weights).toEqual(weights);
  });

  test("rows of query and key follow llama.cpp's rotary pairing", async () => {
    const contents = randomContents({ ropePairing: "half" });
    const { weights } = await readModel(bytesSource(writeGguf(contents)));
    expect(weights.config.ropePairing).toBe("interleaved");
    const before = weightFloats(contents.weights.layers[0]!.key);
    const after = weightFloats(weights.layers[0]!.key);
    // Head 1, pair 2: rows 2 and 2 + headDim / 2 become neighbours 4 and 5.
    const row = (of: Float32Array, at: number) => of.subarray((8 + at) * 32, (8 + at + 1) * 32);
    expect(row(after, 4)).toEqual(row(before, 2));
    expect(row(after, 5)).toEqual(row(before, 6));
    expect(weights.layers[0]!.value).toEqual(contents.weights.layers[0]!.value);
  });

  test("rounding to a type on the way; what does not fill blocks is f16", async () => {
    const contents = randomContents({ dim: 48, headDim: 12, hiddenDim: 256 });
    const { weights } = await readModel(bytesSource(writeGguf(contents, { type: "tq2_0" })));
    const [layer] = weights.layers;
    expect(layer!.down).toMatchObject({ format: "ternary", shape: [48, 256] });
    const exact = weightFloats(contents.weights.layers[0]!.up);
    expect(layer!.up).toEqual({ dtype: "f16", shape: [256, 48], data: encodeFloat16(exact) });
    expect(weightFloats(layer!.up)).toEqual(decodeFloat16(encodeFloat16(exact)));
  });

  test("what GGUF does not have is refused by name", () => {
    expect(() => writeGguf(randomContents({}, anyWeight))).toThrow(
      "writeGguf: blk.0.attn_q.weight is stored as int8-channel, which GGUF does not have; choose a type",
    );
    expect(() => writeGguf(randomContents({ activation: "relu2" }))).toThrow(
      "GGUF has no architecture with activation relu2, subNorms false and int8Activations false",
    );
  });
});

describe("readModel", () => {
  test("says what a file is not", async () => {
    const read = (bytes: Uint8Array) => readModel(bytesSource(bytes, "x.bin"));
    await expect(read(new Uint8Array(100))).rejects.toThrow(
      "openModel: x.bin is neither .ewq, GGUF, safetensors nor a checkpoint of llama2.c: it begins with 00 00",
    );
    await expect(read(new TextEncoder().encode("PK\x03\x04 a zip of pickles"))).rejects.toThrow(
      "convert it to GGUF or safetensors",
    );
    await expect(read(new Uint8Array(0))).rejects.toThrow("x.bin is neither");
  });

  test("a version from the future, and big-endian files", async () => {
    const bytes = writeGguf(randomContents());
    const later = bytes.slice();
    later[4] = 9;
    await expect(readModel(bytesSource(later))).rejects.toThrow("expected version 2 or 3, got 9");
    const turned = bytes.slice();
    turned.set([0, 0, 0, 3], 4);
    await expect(readModel(bytesSource(turned))).rejects.toThrow(
      "expected a little-endian file, got a big-endian one",
    );
  });
});
