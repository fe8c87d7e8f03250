import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTroubleDetector } from "./trouble-detector.js";

describe("createTroubleDetector", () => {
  it("enters at one threshold and leaves at a lower one", () => {
    const detector = createTroubleDetector({ enter: 0.8, exit: 0.5 });
    const seen = [0.7, 0.8, 0.6, 0.51, 0.5, 0.79].map((value, i) => detector.observe(value, i));
    expect(seen).toEqual([false, true, true, true, false, false]);
  });

  it("waits until the value has stayed beyond the threshold, and starts anew after a dip", () => {
    const detector = createTroubleDetector({
      ...{ enter: 1, exit: 0.5, enterAfterMs: 10, exitAfterMs: 5 },
    });
    expect(detector.observe(1, 0)).toBe(false);
    expect(detector.observe(1, 9)).toBe(false);
    expect(detector.observe(0.9, 10)).toBe(false);
    expect(detector.observe(1, 11)).toBe(false);
    expect(detector.observe(1, 21)).toBe(true);
    expect(detector.observe(0, 22)).toBe(true);
    expect(detector.observe(0, 27)).toBe(false);
  });

  it("takes a failed measurement for no news", () => {
    const detector = createTroubleDetector({ enter: 1, exit: 0 });
    detector.observe(1, 0);
    expect(detector.observe(Number.NaN, 1)).toBe(true);
  });

  it("never changes its mind twice within the dwell, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 9 })),
          {
            maxLength: 200,
          },
        ),
        fc.integer({ min: 0, max: 30 }),
        (steps, dwellMs) => {
          const detector = createTroubleDetector({ enter: 0.6, exit: 0.4, dwellMs });
          let now = 0;
          let changed = Number.NEGATIVE_INFINITY;
          let before = false;
          for (const [value, passed] of steps) {
            now += passed;
            const troubled = detector.observe(value, now);
            if (troubled !== before) {
              expect(now - changed).toBeGreaterThanOrEqual(dwellMs);
              expect(troubled ? value >= 0.6 : value <= 0.4).toBe(true);
              changed = now;
            }
            before = troubled;
          }
        },
      ),
      { seed: 5 },
    );
  });

  it("refuses thresholds that meet, and negative times", () => {
    expect(() => createTroubleDetector({ enter: 1, exit: 1 })).toThrow(
      'createTroubleDetector: "exit" below "enter" was expected, got 1 and 1',
    );
    expect(() => createTroubleDetector({ enter: 1, exit: 0, dwellMs: -1 })).toThrow(
      '"dwellMs", got -1',
    );
  });
});
