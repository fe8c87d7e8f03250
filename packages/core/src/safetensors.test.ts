import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EdgewrightError } from "./errors.js";
import { readSafetensors, writeSafetensors } from "./safetensors.js";
import { type Tensor, tensor } from "./tensor.js";

const sample = (): Map<string, Tensor> =>
  new Map<string, Tensor>([
    ["bytes", tensor("u8", [3], [1, 2, 255])],
    ["weight", tensor("f32", [2, 2], [0.5, -0, Number.NaN, 1e-40])],
    ["ids", tensor("i64", [1], [-(2n ** 60n)])],
    ["nothing", tensor("f16", [0, 4])],
  ]);

function file(header: string, data = new Uint8Array(0)): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

describe("writeSafetensors and readSafetensors", () => {
  it("give back every tensor bit by bit, and the metadata", () => {
    const { tensors, metadata } = readSafetensors(writeSafetensors(sample(), { step: "7" }));
    expect(metadata).toEqual({ step: "7" });
    expect(new Map(tensors)).toEqual(sample());
    const weight = tensors.get("weight")!.data as Float32Array;
    expect(Object.is(weight[1], -0)).toBe(true);
  });

  it("agree with the published layout", () => {
    // By hand from the format's description: header length, header padded to a multiple of 8, numbers.
    const bytes = writeSafetensors(new Map([["w", tensor("f32", [2], [1, -2])]]));
    const header = '{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
    expect(Number(new DataView(bytes.buffer).getBigUint64(0, true))).toBe(header.length);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + header.length))).toBe(header);
    expect([...new Float32Array(bytes.slice(8 + header.length).buffer)]).toEqual([1, -2]);
  });

  it("read from the middle of a larger buffer", () => {
    const bytes = writeSafetensors(sample());
    const larger = new Uint8Array(bytes.length + 5);
    larger.set(bytes, 3);
    expect(readSafetensors(larger.subarray(3, 3 + bytes.length)).tensors.size).toBe(4);
  });

  it("name what is wrong", () => {
    const entry = (dtype: string, shape: string, offsets: string): string =>
      `{"w":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
    const data = new Uint8Array(8);
    const cases: [Uint8Array, string][] = [
      [new Uint8Array(3), "expected at least 8 bytes, got 3"],
      [file("{}").subarray(0, 9), "the header should have 2 bytes, the file has 1"],
      [file("[]"), "the header is no JSON object"],
      [file("{,"), "the header is no JSON"],
      [file('{"__metadata__":{"a":1}}'), "__metadata__ is no object of texts"],
      [file(entry("F33", "[2]", "[0,8]"), data), "tensor w has the element type F33"],
      [file(entry("F32", "[-2]", "[0,8]"), data), "tensor w has no shape of whole numbers"],
      [file(entry("F32", "[2]", "[0]"), data), "tensor w has no two offsets"],
      [file(entry("F32", "[4]", "[0,16]"), data), "tensor w lies at bytes 0 to 16 of 8"],
      [file(entry("F32", "[1]", "[0,8]"), data), "tensor w of f32 [1] cannot have 8 bytes"],
      [file(entry("F32", "[1]", "[4,8]"), data), "tensors leave a gap at byte 0"],
      [file(entry("F32", "[1]", "[0,4]"), data), "4 bytes behind the last tensor belong to none"],
    ];
    for (const [bytes, message] of cases) expect(() => readSafetensors(bytes)).toThrow(message);
  });

  it("end on damaged files with a typed error, or read something", () => {
    const bytes = writeSafetensors(sample(), { a: "b" });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          readSafetensors(damaged);
        } catch (error) {
          expect(EdgewrightError.isInstance(error)).toBe(true);
        }
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
