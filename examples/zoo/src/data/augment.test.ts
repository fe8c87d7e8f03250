import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { type Augmentation, writeAugmented } from "./augment.js";
import { standardisedLevels, toInputTensor } from "./input-tensor.js";
import type { LabelledImages } from "./labelled-images.js";

const H = 5;
const W = 4;
const set: LabelledImages = {
  count: 3,
  height: H,
  width: W,
  // No pixel is black, and no two of a picture are alike: where each came from can be told.
  pixels: Uint8Array.from({ length: 3 * H * W }, (_, i) => i + 1),
  labels: Uint8Array.of(0, 1, 2),
};
const grey = Float32Array.from({ length: 256 }, (_, level) => level);

function augment(augmentation: Augmentation, seed: number, indices = [1]): Float32Array {
  const out = new Float32Array(indices.length * H * W).fill(-7);
  writeAugmented(set, indices, grey, out, createRng(seed), augmentation, 200);
  return out;
}

/** The slow way: asks for every pixel of the result where it came from. */
function moved(image: number, flip: boolean, down: number, right: number): Float32Array {
  return Float32Array.from({ length: H * W }, (_, at) => {
    const y = Math.floor(at / W) - down;
    const x = (at % W) - right;
    if (y < 0 || y >= H || x < 0 || x >= W) return 0;
    return set.pixels[image * H * W + y * W + (flip ? W - 1 - x : x)]!;
  });
}

describe("writeAugmented", () => {
  it("copies through the table of levels when nothing is to vary", () => {
    const out = new Float32Array(2 * H * W);
    const levels = grey.map((level) => level / 2);
    writeAugmented(set, [2, 0], levels, out, createRng(1));
    const pixels = [...set.pixels.subarray(2 * H * W), ...set.pixels.subarray(0, H * W)];
    expect([...out]).toEqual(pixels.map((pixel) => pixel / 2));
  });

  it("gives every mirrored and shifted picture, about equally often, and no other", () => {
    const expected = new Map<string, number>();
    for (const flip of [false, true]) {
      for (let down = -2; down <= 2; down++) {
        for (let right = -2; right <= 2; right++) {
          expected.set(moved(1, flip, down, right).join(), 0);
        }
      }
    }
    expect(expected.size).toBe(50);
    for (let seed = 0; seed < 2000; seed++) {
      const got = augment({ flip: true, shift: 2 }, seed).join();
      expect(expected.has(got)).toBe(true);
      expected.set(got, expected.get(got)! + 1);
    }
    // 40 of each on average, standard deviation 6.3.
    expect(Math.min(...expected.values())).toBeGreaterThan(15);
    expect(Math.max(...expected.values())).toBeLessThan(70);
  });

  it("erases a square of half of the pictures, wherever it lies", () => {
    let erased = 0;
    for (let seed = 0; seed < 400; seed++) {
      const out = augment({ erase: 2 }, seed);
      const gone = out.filter((value) => value === 200).length;
      expect([0, 1, 2, 4]).toContain(gone);
      expect(out.filter((value, at) => value !== 200 && value !== set.pixels[20 + at])).toEqual(
        new Float32Array(),
      );
      if (gone > 0) erased++;
    }
    expect(erased).toBeGreaterThan(160);
    expect(erased).toBeLessThan(240);
  });

  it("gives the same batch from the same seed", () => {
    const all = { flip: true, shift: 2, erase: 3 };
    expect(augment(all, 5, [0, 1, 2])).toEqual(augment(all, 5, [0, 1, 2]));
    expect(augment(all, 5, [0, 1, 2])).not.toEqual(augment(all, 6, [0, 1, 2]));
  });
});

describe("toInputTensor", () => {
  it("standardises the pictures asked for", () => {
    const { shape, data } = toInputTensor(set, { mean: 0.25, standardDeviation: 0.5 }, 1, 3);
    expect(shape).toEqual([2, 1, H, W]);
    const expected = [...set.pixels.subarray(20)].map((pixel) => (pixel / 255 - 0.25) / 0.5);
    expect([...data].map((value, i) => Math.abs(value - expected[i]!) < 1e-6)).not.toContain(false);
  });

  it("agrees with the table of levels", () => {
    const levels = standardisedLevels({ mean: 0.5, standardDeviation: 0.25 });
    expect([levels[0], levels[255]]).toEqual([-2, 2]);
  });
});
