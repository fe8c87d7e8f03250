import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { arrayData } from "./training-data.js";

describe("arrayData", () => {
  it("copies the asked examples in the asked order", () => {
    const data = arrayData(3, {
      x: Float32Array.of(0, 1, 10, 11, 20, 21),
      y: Int32Array.of(5, 6, 7),
    });
    const batch = { x: new Float32Array(4), y: new Int32Array(2) };
    void data.read(Int32Array.of(2, 0), batch, createRng(0));
    expect([...batch.x]).toEqual([20, 21, 0, 1]);
    expect([...batch.y]).toEqual([7, 5]);
  });

  it("says what does not fit", () => {
    expect(() => arrayData(3, { x: new Float32Array(7) })).toThrow(
      "arrayData: x has 7 numbers, which are no 3 equal examples",
    );
    const data = arrayData(2, { x: new Float32Array(4) });
    const indices = Int32Array.of(0);
    expect(() => data.read(indices, { z: new Float32Array(2) }, createRng(0))).toThrow(
      "arrayData: the network has no input x; it has z",
    );
    expect(() => data.read(indices, { x: new Float32Array(3) }, createRng(0))).toThrow(
      "arrayData: input x takes 3 numbers an example, the data has 2",
    );
  });
});
