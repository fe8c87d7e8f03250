import fc from "fast-check";
import { expect, test } from "vitest";
import { type BufferRequest, planBuffers } from "./buffer-plan.js";

const request = fc
  .record({
    bytes: fc.integer({ min: 0, max: 5000 }),
    from: fc.integer({ min: -1, max: 30 }),
    length: fc.integer({ min: 0, max: 12 }),
  })
  .map(({ bytes, from, length }): BufferRequest => ({ bytes, from, to: from + length }));

function liveTogether(a: BufferRequest, b: BufferRequest): boolean {
  return a.from <= b.to && b.from <= a.to;
}

test("no two buffers alive at the same time overlap, and all lie in the block on cache lines", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
      const { offsets, bytes } = planBuffers(requests);
      for (const [i, a] of requests.entries()) {
        expect(offsets[i]! % 64).toBe(0);
        expect(offsets[i]! + a.bytes).toBeLessThanOrEqual(bytes);
        for (let j = 0; j < i; j++) {
          const b = requests[j]!;
          if (!liveTogether(a, b) || a.bytes === 0 || b.bytes === 0) continue;
          const apart =
            offsets[i]! + a.bytes <= offsets[j]! || offsets[j]! + b.bytes <= offsets[i]!;
          expect(apart).toBe(true);
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("the block is never larger than all buffers side by side", () => {
  fc.assert(
    fc.property(fc.array(request, { maxLength: 40 }), (requests) => {
      const sum = requests.reduce((total, { bytes }) => total + Math.ceil(bytes / 64) * 64, 0);
      expect(planBuffers(requests).bytes).toBeLessThanOrEqual(sum);
    }),
    { seed: 2, numRuns: 100 },
  );
});

test("a chain of layers takes the memory of its two largest neighbours", () => {
  const chain = [640, 1280, 320, 640, 64].map((bytes, i) => ({ bytes, from: i, to: i + 1 }));
  expect(planBuffers(chain).bytes).toBe(1280 + 640);
});
