import { expect, test } from "vitest";
import { createRng } from "../rng.js";
import { packInt4Group, unpackInt4Group } from "./int4-group.js";
import { quantizeInt8Group, unpackInt8Group } from "./int8-group.js";
import { packedBytes, unpackTensor } from "./unpack-tensor.js";

test("no weight moves by more than half a scale of its group, at any width", () => {
  const rng = createRng(61);
  for (const [cols, groupSize] of [
    [64, 32],
    [70, 16],
    [5, 8],
  ] as const) {
    const weights = Float32Array.from({ length: 3 * cols }, () => rng.normal());
    const packed = quantizeInt8Group(weights, [3, cols], { groupSize, scales: "f32" });
    const back = unpackInt8Group(packed);
    const groups = Math.ceil(cols / groupSize);
    weights.forEach((weight, at) => {
      const group = Math.floor(at / cols) * groups + Math.floor((at % cols) / groupSize);
      const scale = packed.scales.data[group]!;
      expect(Math.abs(back[at]! - weight)).toBeLessThan(scale * 0.5001);
    });
    expect(unpackTensor(packed).data).toEqual(back);
    expect(packedBytes(packed)).toBe(3 * groups * (groupSize + 4));
  }
  expect(() => quantizeInt8Group([1], [1, 1], { groupSize: 12 })).toThrow(
    "groupSize must be a multiple of 8, got 12",
  );
});

test("mins are taken off a group's weights, and exclude zero points", () => {
  const parts = {
    shape: [1, 8],
    groupSize: 8,
    codes: Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 15),
    scales: { dtype: "f32", data: Float32Array.of(0.5) },
    mins: { dtype: "f32", data: Float32Array.of(2) },
  } as const;
  expect([...unpackInt4Group(packInt4Group(parts))]).toEqual([-2, -1.5, -1, -0.5, 0, 0.5, 1, 5.5]);
  expect(() => packInt4Group({ ...parts, zeroPoints: Uint8Array.of(8) })).toThrow(
    "mins and zeroPoints exclude one another",
  );
});
