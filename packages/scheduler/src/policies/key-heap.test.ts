import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyHeap } from "./key-heap.js";

test("gives back what a sorted list would, with values taken out of the middle", () => {
  const key = fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant(Infinity));
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ push: key }) },
    { weight: 2, arbitrary: fc.constant("pop" as const) },
    { weight: 1, arbitrary: fc.record({ remove: fc.nat() }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = new KeyHeap<number>();
      const list: { key: number; order: number }[] = [];
      for (const [order, one] of steps.entries()) {
        if (one === "pop") {
          list.sort((a, b) => (a.key === b.key ? a.order - b.order : a.key - b.key));
          expect(heap.firstKey).toBe(list[0]?.key ?? Infinity);
          expect(heap.first).toBe(list[0]?.order);
          expect(heap.pop()).toBe(list.shift()?.order);
        } else if ("push" in one) {
          heap.push(one.push, order, order);
          list.push({ key: one.push, order });
        } else if (list.length > 0) {
          const [removed] = list.splice(one.remove % list.length, 1);
          expect(heap.remove(removed!.order)).toBe(true);
          expect(heap.remove(removed!.order)).toBe(false);
        }
        expect(heap.size).toBe(list.length);
      }
    }),
    { seed: 7 },
  );
});
