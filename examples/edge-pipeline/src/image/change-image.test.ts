import { describe, expect, it } from "vitest";
import { extendImage, resizeImage } from "./resize-image.js";
import type { RgbaImage } from "./rgba-image.js";
import { applyOrientation, turnUpsideDown } from "./turn-image.js";

/** A picture whose pixels carry one number each, in all channels. */
function pictureOf(rows: readonly (readonly number[])[]): RgbaImage {
  const data = rows.flat().flatMap((value) => [value, value, value, value]);
  return { width: rows[0]!.length, height: rows.length, data: Uint8Array.from(data) };
}

function rowsOf({ width, height, data }: RgbaImage): number[][] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => data[(y * width + x) * 4]!),
  );
}

const picture = pictureOf([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("turnUpsideDown", () => {
  it("reverses rows and columns, also of a view into a larger buffer", () => {
    const expected = [
      [6, 5, 4],
      [3, 2, 1],
    ];
    expect(rowsOf(turnUpsideDown(picture))).toEqual(expected);
    const shifted = new Uint8Array(3 + picture.data.length);
    shifted.set(picture.data, 3);
    expect(rowsOf(turnUpsideDown({ ...picture, data: shifted.subarray(3) }))).toEqual(expected);
  });
});

describe("applyOrientation", () => {
  // CIPA DC-008: where the stored row 0 and column 0 lie in the picture as it was seen.
  it.each([
    [
      1,
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      2,
      [
        [3, 2, 1],
        [6, 5, 4],
      ],
    ],
    [
      3,
      [
        [6, 5, 4],
        [3, 2, 1],
      ],
    ],
    [
      4,
      [
        [4, 5, 6],
        [1, 2, 3],
      ],
    ],
    [
      5,
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    [
      6,
      [
        [4, 1],
        [5, 2],
        [6, 3],
      ],
    ],
    [
      7,
      [
        [6, 3],
        [5, 2],
        [4, 1],
      ],
    ],
    [
      8,
      [
        [3, 6],
        [2, 5],
        [1, 4],
      ],
    ],
  ])("makes orientation %i upright", (orientation, rows) => {
    expect(rowsOf(applyOrientation(picture, orientation))).toEqual(rows);
  });
});

describe("resizeImage", () => {
  it("leaves a flat picture flat at any size", () => {
    const flat = pictureOf(Array.from({ length: 9 }, () => new Array<number>(13).fill(77)));
    for (const [width, height] of [
      [1, 1],
      [40, 3],
      [5, 31],
      [13, 8],
    ] as const) {
      const resized = resizeImage(flat, width, height);
      expect(new Set(resized.data)).toEqual(new Set([77]));
      expect([resized.width, resized.height]).toEqual([width, height]);
    }
  });

  it("averages when it makes smaller, so that fine stripes turn grey", () => {
    const stripes = pictureOf([Array.from({ length: 64 }, (_, x) => (x % 2 ? 255 : 0))]);
    const [row] = rowsOf(resizeImage(stripes, 16, 1));
    for (const value of row!.slice(2, -2)) expect(Math.abs(value - 127.5)).toBeLessThan(2);
  });

  it("goes along a straight ramp when it makes larger", () => {
    const ramp = pictureOf([Array.from({ length: 20 }, (_, x) => 10 * x)]);
    const [row] = rowsOf(resizeImage(ramp, 60, 1));
    // Pixel centres: output x lies at (x + 0.5) / 3 - 0.5 of the input.
    for (let x = 8; x < 52; x++)
      expect(Math.abs(row![x]! - 10 * ((x + 0.5) / 3 - 0.5))).toBeLessThan(1);
  });
});

describe("extendImage", () => {
  it("repeats the last row and column, and keeps the rest where it was", () => {
    expect(rowsOf(extendImage(picture, 5, 3))).toEqual([
      [1, 2, 3, 3, 3],
      [4, 5, 6, 6, 6],
      [4, 5, 6, 6, 6],
    ]);
  });
});
