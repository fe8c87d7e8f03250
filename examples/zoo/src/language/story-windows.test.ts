import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { storyWindows } from "./story-windows.js";

const stories = [
  [1, 10, 11, 12],
  [1, 20],
  [1, 30, 31, 32, 33, 34],
  [1, 40, 41],
];
const all = stories.flat();

function draw(options: Parameters<typeof storyWindows>[1], count: number, withNext = false) {
  const { length } = options;
  const batch = {
    ids: new Int32Array(count * length),
    ...(withNext && { next: new Int32Array(count * length) }),
  };
  void storyWindows(stories, options).read(new Int32Array(count), batch, createRng(1));
  return Array.from({ length: count }, (_, row) => ({
    ids: [...batch.ids.subarray(row * length, (row + 1) * length)],
    next: [...(batch.next?.subarray(row * length, (row + 1) * length) ?? [])],
  }));
}

describe("storyWindows", () => {
  it("cuts rows out of the stories, half of them where a story begins", () => {
    const rows = draw({ rows: 400, length: 5 }, 400);
    for (const { ids } of rows) {
      const found = all.some((_, at) => ids.every((id, i) => all[at + i] === id));
      expect(found).toBe(true);
    }
    const aligned = rows.filter(({ ids }) => ids[0] === 1).length / 400;
    expect(aligned).toBeGreaterThan(0.45);
    expect(aligned).toBeLessThan(0.75);
    const starts = draw({ rows: 50, length: 2, aligned: 1 }, 50).map(({ ids }) => ids[0]);
    expect(new Set(starts)).toEqual(new Set([1]));
  });

  it("gives next tokens to rows of real text and to no others", () => {
    const real = [[1, 50, 51, 52, 53, 54, 55]];
    const rows = draw({ rows: 200, length: 3, real, realShare: 0.25 }, 200, true);
    const isReal = ({ ids }: { ids: number[] }) => ids.some((id) => id >= 50);
    for (const row of rows) {
      if (isReal(row)) {
        expect(row.next.slice(0, 2)).toEqual(row.ids.slice(1));
        expect(row.next[2]).toBe(row.ids[2] === 1 ? 50 : row.ids[2]! + 1);
      } else expect(row.next).toEqual([-100, -100, -100]);
    }
    expect(rows.filter(isReal).length / 200).toBeCloseTo(0.25, 1);
  });

  it("refuses text that is shorter than a row", () => {
    expect(() => storyWindows([[1, 2, 3]], { rows: 1, length: 3 })).toThrow(
      "storyWindows: expected more than 3 tokens of text, got 3",
    );
  });
});
