import { expect, test } from "vitest";
import {
  isFreePermutation,
  layoutsCoincide,
  memoryAxis,
  memoryOrder,
  memoryShape,
} from "./layout.js";

test("channels last puts the channels innermost and leaves the rest in order", () => {
  expect(memoryOrder(4, "channels-last")).toEqual([0, 2, 3, 1]);
  expect(memoryOrder(2, "channels-last")).toEqual([0, 1]);
  expect(memoryShape([2, 3, 5, 7], "channels-last")).toEqual([2, 5, 7, 3]);
  expect(memoryAxis(1, 4, "channels-last")).toBe(3);
});

test("layouts coincide for one channel, for one pixel, and below three axes", () => {
  expect(layoutsCoincide([2, 1, 5, 7])).toBe(true);
  expect(layoutsCoincide([2, 9, 1, 1])).toBe(true);
  expect(layoutsCoincide([4, 5])).toBe(true);
  expect(layoutsCoincide([1, 2, 1, 2])).toBe(false);
});

test("a permutation that only moves single axes is free", () => {
  expect(isFreePermutation([1, 5, 1, 7], [2, 0, 1, 3])).toBe(true);
  expect(isFreePermutation([1, 5, 1, 7], [0, 3, 2, 1])).toBe(false);
});
