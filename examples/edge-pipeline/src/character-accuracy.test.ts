import { describe, expect, it } from "vitest";
import { characterAccuracy, editDistance } from "./character-accuracy.js";

describe("editDistance", () => {
  // The textbook examples of Wagner and Fischer's algorithm.
  it.each([
    ["kitten", "sitting", 3],
    ["Saturday", "Sunday", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["same", "same", 0],
  ])("from %j to %j is %i", (from, to, distance) => {
    expect(editDistance([...from], [...to])).toBe(distance);
  });
});

describe("characterAccuracy", () => {
  it("is 1 for the same text and never below 0", () => {
    expect(characterAccuracy("text", "text")).toBe(1);
    expect(characterAccuracy("something quite different", "x")).toBe(0);
    expect(characterAccuracy("abcdefghiX", "abcdefghij")).toBeCloseTo(0.9, 12);
  });

  it("knows what nothing is worth", () => {
    expect(characterAccuracy("", "")).toBe(1);
    expect(characterAccuracy("a", "")).toBe(0);
  });
});
