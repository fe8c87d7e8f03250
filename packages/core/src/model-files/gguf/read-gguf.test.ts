import { expect, test } from "vitest";
import { bytesSource } from "../byte-source.js";
import { createByteWriter } from "./byte-writer.js";
import { readGguf } from "./read-gguf.js";

// Files with one thing wrong each, that hardly any random damage brings about.

interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
}

interface FileParts {
  readonly tensors?: readonly TensorInfo[];
  /** What the head says, where it is not true. */
  readonly tensorCount?: number;
  readonly keyCount?: number;
  /** Written as the value of a key behind its name and type. */
  readonly value?: { readonly type: number; readonly words: readonly number[] };
  readonly dataBytes?: number;
}

const F32 = 0;
const TEXT = 8;
const LIST = 9;
const two: readonly TensorInfo[] = [
  { name: "a", shape: [8], offset: 0 },
  { name: "b", shape: [8, 2], offset: 32 },
];

function gguf(parts: FileParts): Uint8Array {
  const { tensors = two, value, dataBytes = 96 } = parts;
  const writer = createByteWriter();
  writer.bytes(new TextEncoder().encode("GGUF"));
  writer.u32(3);
  writer.u64(parts.tensorCount ?? tensors.length);
  writer.u64(parts.keyCount ?? (value ? 1 : 0));
  if (value) {
    writer.text("general.tags");
    writer.u32(value.type);
    for (const word of value.words) writer.u32(word);
  }
  for (const { name, shape, offset } of tensors) {
    writer.text(name);
    writer.u32(shape.length);
    for (const size of shape) writer.u64(size);
    writer.u32(F32);
    writer.u64(offset);
  }
  writer.align(32);
  writer.bytes(new Uint8Array(dataBytes));
  return writer.finish();
}

const read = (bytes: Uint8Array) => readGguf(bytesSource(bytes, "x.gguf"));

test("the file without fault is read", async () => {
  const { tensors, readTensor } = await read(gguf({}));
  expect([...tensors.keys()]).toEqual(["a", "b"]);
  expect(await readTensor("b")).toMatchObject({ dtype: "f32", shape: [2, 8] });
});

test.each<[string, FileParts, string]>([
  [
    "tensors that overlap",
    { tensors: [two[0]!, { ...two[1]!, offset: 0 }] },
    "tensors a and b overlap",
  ],
  [
    "two of one name",
    { tensors: [two[0]!, { ...two[1]!, name: "a" }] },
    "two tensors are called a",
  ],
  [
    "an offset between two places",
    { tensors: [two[0]!, { ...two[1]!, offset: 36 }] },
    "is not aligned to 32 bytes",
  ],
  ["data that is cut off", { dataBytes: 90 }, "is it cut off?"],
  [
    "an offset far behind the end",
    { tensors: [{ ...two[0]!, offset: 2 ** 52 }] },
    "is it cut off?",
  ],
  ["an axis of nothing", { tensors: [{ ...two[0]!, shape: [0] }] }, "has the shape"],
  ["no axis", { tensors: [{ ...two[0]!, shape: [] }] }, "has the shape"],
  [
    "a shape of more numbers than can be counted",
    { tensors: [{ ...two[0]!, shape: [2 ** 40, 2 ** 40] }] },
    "x.gguf",
  ],
  ["more tensors than bytes", { tensorCount: 2 ** 50 }, "tensors, which"],
  ["more keys than bytes", { keyCount: 2 ** 50 }, "keys, which"],
  ["more tensors than are there", { tensorCount: 4 }, "x.gguf"],
])("%s", async (_, parts, message) => {
  const began = performance.now();
  await expect(read(gguf(parts))).rejects.toMatchObject({ code: "invalid-data" });
  await expect(read(gguf(parts))).rejects.toThrow(message);
  expect(performance.now() - began).toBeLessThan(1000);
});

test.each([
  ["a text", { type: TEXT, words: [0, 1 << 20] }],
  ["a list of bytes", { type: LIST, words: [0, 0, 1 << 20] }],
  ["a list of texts", { type: LIST, words: [TEXT, 0xffffffff, 0] }],
  ["a list of lists", { type: LIST, words: [LIST, 4, 0, LIST, 0xffffff, 0] }],
])("%s that is longer than the file", async (_, value) => {
  const began = performance.now();
  await expect(read(gguf({ value }))).rejects.toMatchObject({ code: "invalid-data" });
  expect(performance.now() - began).toBeLessThan(1000);
});

test("every beginning of a file is refused, wherever it ends", async () => {
  const whole = gguf({ value: { type: TEXT, words: [4, 0, 0x64636261] } });
  for (let end = 0; end < whole.length; end++) {
    const reading = read(whole.subarray(0, end));
    await expect(reading, `${end} bytes`).rejects.toMatchObject({ code: "invalid-data" });
  }
});
