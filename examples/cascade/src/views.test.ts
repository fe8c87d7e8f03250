import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { loadHeavyModel, MAX_ROWS } from "./heavy-model.js";
import { listViews, MAX_VIEWS, writeView } from "./views.js";

const PICTURE = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
const seen = (view: Parameters<typeof writeView>[1]) => {
  const out = new Float32Array(11).fill(-1);
  writeView(PICTURE, view, 0, out, 1);
  expect([out[0], out[10]]).toEqual([-1, -1]);
  return [...out.subarray(1, 10)];
};

describe("views", () => {
  it("begin with the picture itself, then mirrored", () => {
    const [plain, mirrored] = listViews(2);
    expect(seen(plain!)).toEqual([...PICTURE]);
    expect(seen(mirrored!)).toEqual([3, 2, 1, 6, 5, 4, 9, 8, 7]);
  });

  it("are shifted after they are mirrored, and black where nothing comes in", () => {
    expect(seen({ mirrored: false, down: 0, right: 1 })).toEqual([0, 1, 2, 0, 4, 5, 0, 7, 8]);
    expect(seen({ mirrored: true, down: -1, right: 0 })).toEqual([6, 5, 4, 9, 8, 7, 0, 0, 0]);
  });

  it("are all different", () => {
    const all = listViews(MAX_VIEWS).map((view) => seen(view).join());
    expect(new Set(all).size).toBe(MAX_VIEWS);
  });
});

describe("the heavy model", () => {
  it("gives the mean of what it says of each view, whatever the batch", async () => {
    const rng = createRng(1);
    const pictures = Array.from({ length: 3 }, () =>
      Float32Array.from({ length: 784 }, () => rng.normal()),
    );
    const { signal } = new AbortController();
    const plain = await loadHeavyModel(["ds-net-w8"], { views: 1 });
    const heavy = await loadHeavyModel(["ds-net-w8"], { views: 10 });
    const together = await heavy.run(pictures, { size: 3, signal });
    for (const [p, picture] of pictures.entries()) {
      const mean = new Float64Array(10);
      for (const view of listViews(10)) {
        const input = new Float32Array(784);
        writeView(picture, view, heavy.black, input, 0);
        const [scores] = await plain.run([input], { size: 1, signal });
        for (let k = 0; k < 10; k++) mean[k]! += scores![k]! / 10;
      }
      for (let k = 0; k < 10; k++) expect(together[p]![k]!).toBeCloseTo(mean[k]!, 5);
    }
    expect(3 * 10).toBeGreaterThan(MAX_ROWS); // more than one run
    plain.dispose();
    heavy.dispose();
  });
});
