import { describe, expect, it } from "vitest";
import { writeIdx } from "./idx.js";
import { balancedIndices, readLabelledImages, selectImages } from "./labelled-images.js";
import { loadTestSubset } from "./test-subset.js";

const idx = (shape: number[], values: number[]) =>
  writeIdx({ dtype: "u8", shape, data: Uint8Array.from(values) });
const images = idx([3, 1, 2], [1, 2, 3, 4, 5, 6]);

describe("readLabelledImages", () => {
  it("pairs pictures with their labels", () => {
    const set = readLabelledImages({ images, labels: idx([3], [0, 9, 4]) }, "s");
    expect(set).toEqual({
      count: 3,
      height: 1,
      width: 2,
      pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Uint8Array.of(0, 9, 4),
    });
    expect(selectImages(set, [2, 0])).toMatchObject({
      count: 2,
      pixels: Uint8Array.of(5, 6, 1, 2),
      labels: Uint8Array.of(4, 0),
    });
  });

  it("refuses files that do not belong together, and labels that are no classes", () => {
    expect(() => readLabelledImages({ images, labels: idx([2], [0, 1]) }, "s")).toThrow(
      "s: images [n, height, width] and labels [n] were expected, got [3, 1, 2] and [2]",
    );
    expect(() => readLabelledImages({ images: idx([3], [0, 1, 2]), labels: images }, "s")).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
    expect(() => readLabelledImages({ images, labels: idx([3], [0, 10, 1]) }, "s")).toThrow(
      "s: labels below 10 were expected, number 1 is 10",
    );
  });
});

describe("balancedIndices", () => {
  it("takes the first of each class, in the order of the set", () => {
    expect(balancedIndices(Uint8Array.of(1, 1, 0, 1, 1, 0, 0), 2, 2)).toEqual([0, 1, 2, 5]);
  });

  it("says which class is too small", () => {
    expect(() => balancedIndices(Uint8Array.of(1, 1, 0), 2, 2)).toThrow("class 0 has 1");
  });
});

describe("the test subset", () => {
  it("holds a hundred pictures of each class", async () => {
    const { count, height, width, labels } = await loadTestSubset();
    expect([count, height, width]).toEqual([1000, 28, 28]);
    for (let label = 0; label < 10; label++) {
      expect(labels.filter((one) => one === label)).toHaveLength(100);
    }
  });
});
