import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStopStringFilter } from "./stop-strings.js";

function run(pieces: readonly string[], stops: readonly string[]) {
  const filter = createStopStringFilter(stops);
  let shown = "";
  for (const piece of pieces) {
    const { text, stop } = filter.push(piece);
    shown += text;
    if (stop !== undefined) return { shown, stop };
  }
  return { shown: shown + filter.flush(), stop: undefined };
}

// A letter at a time: the first stop string that the text so far ends with, the longest of those.
function slowly(text: string, stops: readonly string[]) {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    if (complete.length === 0) continue;
    const stop = complete.reduce((a, b) => (b.length > a.length ? b : a));
    return { shown: text.slice(0, end - stop.length), stop };
  }
  return { shown: text, stop: undefined };
}

describe("stop strings", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
  test("end the text at the same place however it is cut, with nothing of them shown", () => {
    fc.assert(
      fc.property(
        fc.array(letters, { maxLength: 12 }),
        fc.array(
          letters.filter((one) => one.length > 0),
          { maxLength: 3 },
        ),
        (pieces, stops) => {
          expect(run(pieces, stops)).toEqual(slowly(pieces.join(""), stops));
        },
      ),
      { seed: 4, numRuns: 500 },
    );
  });

  test("hold back no more than could become one", () => {
    const filter = createStopStringFilter(["</s>", "\nUser:"]);
    expect(filter.push("Hi <").text).toBe("Hi ");
    expect(filter.push("b> \nUs").text).toBe("<b> ");
    expect(filter.push("ed\n")).toEqual({ text: "\nUsed", stop: undefined });
    expect(filter.push("User")).toEqual({ text: "", stop: undefined });
    expect(filter.push(": no")).toEqual({ text: "", stop: "\nUser:" });
    expect(filter.push("more")).toEqual({ text: "", stop: undefined });
    expect(filter.flush()).toBe("");
  });

  test("none of them lets all text through at once", () => {
    const filter = createStopStringFilter();
    expect(filter.push("any")).toEqual({ text: "any", stop: undefined });
    expect(createStopStringFilter("y").push("any")).toEqual({ text: "an", stop: "y" });
  });

  test.each([[""], [["a", ""]], [[3 as never]]])("refuses %j", (stop) => {
    expect(() => createStopStringFilter(stop)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});
