import type { Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { floats, longs, maxDifference, noise, numbers, run } from "./run-operator.test-support.js";

type Attributes = Readonly<Record<string, string | number>>;

function resize(x: Tensor, scales: number[], attributes: Attributes = {}, opset = 18): Tensor {
  return run("Resize", [x, null, floats([scales.length], scales)], { attributes, opset });
}

describe("Resize", () => {
  const line = floats([1, 1, 4], [0, 1, 2, 3]);

  it("changes nothing at scale 1", () => {
    const x = noise([1, 2, 3, 4], 111);
    for (const mode of ["nearest", "linear", "cubic"]) {
      expect(resize(x, [1, 1, 1, 1], { mode })).toEqual(x);
    }
  });

  it("repeats elements at whole scales", () => {
    const x = floats([1, 1, 2, 2], [1, 2, 3, 4]);
    const y = resize(x, [1, 1, 2, 2]);
    expect(numbers(y)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    const old = run("Upsample", [x, floats([4], [1, 1, 2, 2])], { opset: 9 });
    expect(old).toEqual(y);
    const scales = { type: "floats", value: [1, 1, 2, 2] } as const;
    expect(run("Upsample", [x], { attributes: { scales }, opset: 7 })).toEqual(y);
    expect(run("Resize", [x, floats([4], [1, 1, 2, 2])], { opset: 10 })).toEqual(y);
  });

  it.each([
    ["half_pixel", [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3]],
    ["asymmetric", [0, 0.5, 1, 1.5, 2, 2.5, 3, 3]],
    ["align_corners", [0, 3 / 7, 6 / 7, 9 / 7, 12 / 7, 15 / 7, 18 / 7, 3]],
  ])("samples a line linearly where %s says", (coordinate_transformation_mode, expected) => {
    const y = resize(line, [1, 1, 2], { mode: "linear", coordinate_transformation_mode });
    expect(maxDifference(y, expected)).toBeLessThan(1e-6);
  });

  it.each([
    ["round_prefer_floor", [0, 2, 4, 6]],
    ["round_prefer_ceil", [1, 3, 5, 7]],
    ["floor", [0, 2, 4, 6]],
    ["ceil", [1, 3, 5, 7]],
  ])("breaks ties by %s", (nearest_mode, expected) => {
    // At half the size, half pixels lie at 0.5, 2.5, 4.5 and 6.5.
    const x = floats([8], [0, 1, 2, 3, 4, 5, 6, 7]);
    expect(numbers(resize(x, [0.5], { nearest_mode }))).toEqual(expected);
  });

  it("keeps constants constant in every mode, also shrinking with antialias", () => {
    const x = floats([1, 1, 5, 7], new Array(35).fill(2.5));
    for (const mode of ["nearest", "linear", "cubic"]) {
      for (const antialias of mode === "nearest" ? [0] : [0, 1]) {
        for (const exclude_outside of [0, 1]) {
          const y = resize(x, [1, 1, 0.6, 1.7], { mode, antialias, exclude_outside });
          expect(maxDifference(y, new Array(y.data.length).fill(2.5))).toBeLessThan(1e-6);
        }
      }
    }
  });

  it("resizes only the axes it is told to, keeping the aspect ratio", () => {
    const x = noise([1, 3, 4, 8], 112);
    const of = (keep_aspect_ratio_policy: string): readonly number[] =>
      run("Resize", [x, null, null, longs([8, 8])], {
        attributes: { axes: [2, 3], keep_aspect_ratio_policy },
        opset: 18,
      }).shape;
    expect(of("stretch")).toEqual([1, 3, 8, 8]);
    expect(of("not_larger")).toEqual([1, 3, 4, 8]);
    expect(of("not_smaller")).toEqual([1, 3, 8, 16]);
  });

  it("refuses what it does not know", () => {
    expect(() => resize(line, [1, 1, 2], { mode: "sinc" })).toThrow('mode "sinc" is unknown');
    expect(() => resize(line, [1, 2])).toThrow("needs 3 scales or sizes, got 2");
    expect(() => resize(line, [1, 1, -2])).toThrow("must be positive");
    expect(() => resize(line, [1, 1, 1e12])).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
  });
});

describe("GridSample", () => {
  it("returns the image at its own positions", () => {
    const x = noise([1, 2, 3, 4], 113);
    const grid = [0, 1, 2].flatMap((row) =>
      [0, 1, 2, 3].flatMap((column) => [(2 * column) / 3 - 1, row - 1]),
    );
    for (const mode of ["bilinear", "nearest", "bicubic"]) {
      const y = run("GridSample", [x, floats([1, 3, 4, 2], grid)], {
        attributes: { mode, align_corners: 1 },
      });
      expect(maxDifference(y, x)).toBeLessThan(1e-5);
    }
  });

  it("reads zeros, the border or the mirror image outside", () => {
    const x = floats([1, 1, 1, 2], [3, 5]);
    const grid = floats([1, 1, 1, 2], [2.5, 0]);
    const of = (padding_mode: string): number =>
      numbers(run("GridSample", [x, grid], { attributes: { padding_mode, mode: "nearest" } }))[0]!;
    expect([of("zeros"), of("border"), of("reflection")]).toEqual([0, 5, 3]);
  });
});

describe("Fourier transforms", () => {
  it("are undone by their inverse, at even and odd lengths", () => {
    for (const length of [1, 3, 5, 6, 8, 12]) {
      const x = noise([2, length, 2], length);
      const spectrum = run("DFT", [x], { attributes: { axis: 1 } });
      const back = run("DFT", [spectrum], { attributes: { axis: 1, inverse: 1 } });
      expect(maxDifference(back, x)).toBeLessThan(1e-5);
    }
  });

  it("are undone one-sided, from half a spectrum to a real signal", () => {
    const x = noise([1, 8, 1], 114);
    const spectrum = run("DFT", [x], { attributes: { axis: 1, onesided: 1 } });
    expect(spectrum.shape).toEqual([1, 5, 2]);
    const back = run("DFT", [spectrum], { attributes: { axis: 1, onesided: 1, inverse: 1 } });
    expect(maxDifference(back, x)).toBeLessThan(1e-5);
  });

  it("find a tone in its bin, frame by frame", () => {
    const tone = floats(
      [1, 16],
      Array.from({ length: 16 }, (_, i) => Math.cos((2 * Math.PI * 2 * i) / 8)),
    );
    const y = run("STFT", [tone, longs([4], []), null, longs([8], [])]);
    expect(y.shape).toEqual([1, 3, 5, 2]);
    for (let frame = 0; frame < 3; frame++) {
      const bins = [0, 1, 2, 3, 4].map((bin) =>
        Math.hypot(...numbers(y).slice((frame * 5 + bin) * 2, (frame * 5 + bin) * 2 + 2)),
      );
      expect(bins[2]).toBeCloseTo(4, 5);
      expect(bins[1]! + bins[3]!).toBeLessThan(1e-5);
    }
  });
});
