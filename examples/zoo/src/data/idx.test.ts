import { gunzipSync, gzipSync } from "node:zlib";
import { createRng, EdgewrightError } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { readIdx, writeIdx } from "./idx.js";

const tensor = { dtype: "u8", shape: [2, 3], data: Uint8Array.of(0, 1, 2, 253, 254, 255) } as const;
// By hand from the format's description: type 0x08, two axes of 2 and 3.
const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 2, 253, 254, 255);

describe("readIdx", () => {
  it("reads what the format's description says, packed or not, also from within a larger buffer", () => {
    expect(readIdx(bytes, "f")).toEqual(tensor);
    expect(readIdx(gzipSync(bytes), "f")).toEqual(tensor);
    const within = new Uint8Array(40);
    within.set(bytes, 7);
    expect(readIdx(within.subarray(7, 7 + bytes.length), "f")).toEqual(tensor);
  });

  it("keeps its elements when the file's bytes change later", () => {
    const copy = bytes.slice();
    const { data } = readIdx(copy, "f");
    copy.fill(9);
    expect(data).toEqual(tensor.data);
  });

  it.each([
    ["an empty file", new Uint8Array(), "invalid-data", "two zero bytes"],
    ["text", new TextEncoder().encode("<html>not found</html>"), "invalid-data", "two zero bytes"],
    ["a cut header", bytes.slice(0, 10), "invalid-data", "ends within the sizes of its 2 axes"],
    ["a cut body", bytes.slice(0, -1), "invalid-data", "asks for 6 elements, it holds 5"],
    ["a long body", Uint8Array.of(...bytes, 0), "invalid-data", "asks for 6 elements, it holds 7"],
    ["floats", Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0), "unsupported", "type 0x0d are not read"],
    ["no type", Uint8Array.of(0, 0, 1, 0), "invalid-data", "type 1 does not exist"],
    ["a cut gzip", gzipSync(bytes).subarray(0, 20), "invalid-data", "damaged gzip file"],
  ])("refuses %s", (_, damaged, code, message) => {
    const read = () => readIdx(damaged, "train.gz");
    expect(read).toThrow(expect.objectContaining({ code, where: "train.gz" }));
    expect(read).toThrow(message);
    expect(read).toThrow("train.gz");
  });

  it("refuses a file that unpacks to more memory than any data set needs", () => {
    const bomb = gzipSync(new Uint8Array(257 * 2 ** 20), { level: 1 });
    expect(() => readIdx(bomb, "f")).toThrow(expect.objectContaining({ code: "limit-exceeded" }));
  });

  it("says something typed about every damaged file, and never reads past its end", () => {
    const rng = createRng(11);
    const packed = gzipSync(bytes);
    let refused = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const damaged = (trial % 2 ? packed : bytes).slice();
      for (let k = rng.integer(1, 4); k > 0; k--) {
        damaged[rng.integer(0, damaged.length)] = rng.integer(0, 256);
      }
      const cut = rng.integer(0, 3) === 0 ? rng.integer(0, damaged.length) : damaged.length;
      try {
        const { shape, data } = readIdx(damaged.subarray(0, cut), "f");
        expect(shape.reduce((product, length) => product * length, 1)).toBe(data.length);
      } catch (error) {
        expect(EdgewrightError.isInstance(error), String(error)).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe("writeIdx", () => {
  it("writes what readIdx reads", () => {
    expect(writeIdx(tensor)).toEqual(bytes);
    expect(gunzipSync(gzipSync(writeIdx(tensor)))).toEqual(Buffer.from(bytes));
  });
});
