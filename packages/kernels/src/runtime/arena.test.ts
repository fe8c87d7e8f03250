import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Allocation, Arena } from "./arena.js";
import { seededNumbers } from "./fixtures.test-support.js";

const PAGE = 65536;
const create = (initial = 2, maximum = 64) =>
  new Arena(new WebAssembly.Memory({ initial, maximum }), PAGE);

describe("Arena", () => {
  test("what is handed out never overlaps, lies inside, and is aligned to 64 bytes", () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 20_000 }), free: fc.nat(100) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const arena = create();
        const live: Allocation[] = [];
        for (const { bytes, free } of steps) {
          if (free < 40 && live.length > 0) live.splice(free % live.length, 1)[0]!.dispose();
          else live.push(arena.allocate(bytes));
          const sorted = [...live].sort((a, b) => a.ptr - b.ptr);
          sorted.forEach(({ ptr, bytes: length }, i) => {
            expect(ptr % 64).toBe(0);
            expect(ptr).toBeGreaterThanOrEqual(PAGE);
            expect(ptr + length).toBeLessThanOrEqual(sorted[i + 1]?.ptr ?? arena.capacity);
          });
        }
        for (const allocation of live) allocation.dispose();
        expect(arena.used).toBe(0);
      }),
      { numRuns: 100, seed: 6 },
    );
  });

  test("stays flat over 100000 allocations and releases", () => {
    const arena = create(16);
    const random = seededNumbers(7);
    const live: Allocation[] = [];
    let capacityHalfway = 0;
    for (let i = 0; i < 100_000; i++) {
      if (live.length > 40 || (live.length > 0 && random() < 0.5)) {
        live.splice(Math.floor(random() * live.length), 1)[0]!.dispose();
      } else live.push(arena.allocate(Math.floor(random() * 9000)));
      if (i === 50_000) capacityHalfway = arena.capacity;
    }
    expect(arena.capacity).toBe(capacityHalfway);
    for (const allocation of live) allocation.dispose();
    // Everything has merged again: the whole of it fits in one piece, without growing.
    const capacity = arena.capacity;
    arena.allocate(capacity - PAGE).dispose();
    expect(arena.capacity).toBe(capacity);
  });

  test("counts what is in use and the peak", () => {
    const arena = create();
    const a = arena.allocate(100);
    const b = arena.allocate(64);
    expect(arena.used).toBe(192);
    a.dispose();
    a.dispose();
    expect([arena.used, arena.peak]).toEqual([64, 192]);
    b[Symbol.dispose]();
    expect(arena.used).toBe(0);
  });

  test("hands out zeros, whatever lay there before", () => {
    const arena = create(2, 64);
    const first = arena.allocate(1000);
    arena.u8(first.ptr, 1000).fill(7);
    first.dispose();
    // The first piece lies where the sevens are, reaches behind them, and beyond what there is of memory.
    const zeroed = arena.allocateZeroed(3 * PAGE);
    expect(arena.u8(zeroed.ptr, 3 * PAGE).every((byte) => byte === 0)).toBe(true);
    arena.u8(zeroed.ptr, 3 * PAGE).fill(9);
    zeroed.dispose();
    const pieces = [1, 64, 70_000].map((bytes) => arena.allocateZeroed(bytes));
    for (const { ptr, bytes } of pieces) {
      expect(arena.u8(ptr, bytes).every((byte) => byte === 0)).toBe(true);
    }
  });

  test("gives back at the end of a using block", () => {
    const arena = create();
    {
      using piece = arena.allocate(1000);
      expect(piece.bytes).toBe(1000);
    }
    expect(arena.used).toBe(0);
  });

  test("keeps contents when it grows, under views taken anew", () => {
    const arena = create(2, 64);
    const kept = arena.upload(new Float32Array([1, 2, 3]));
    const view = arena.f32(kept.ptr, 3);
    arena.allocate(10 * PAGE);
    expect(view.length).toBe(0); // detached
    expect([...arena.f32(kept.ptr, 3)]).toEqual([1, 2, 3]);
    expect([...arena.u8(kept.ptr + 8, 4)]).toEqual([0, 0, 64, 64]);
    expect([...arena.i8(kept.ptr + 8, 4)]).toEqual([0, 0, 64, 64]);
    expect(arena.i32(kept.ptr + 8, 1)[0]).toBe(0x40400000);
  });

  test("uses the last page that the memory may have", () => {
    const arena = create(2, 4);
    const all = arena.allocate(3 * PAGE);
    expect(arena.capacity).toBe(4 * PAGE);
    expect(() => arena.allocate(1)).toThrow(
      `Arena.allocate: no room for 64 bytes beside the ${3 * PAGE} in use; ` +
        "dispose of what is no longer needed or raise maximumBytes",
    );
    all.dispose();
    expect(arena.allocate(1).ptr).toBe(PAGE);
  });

  test("refuses sizes that are none", () => {
    for (const bytes of [-1, 1.5, Number.NaN, 2 ** 60]) {
      expect(() => create().allocate(bytes)).toThrow(
        bytes === 2 ** 60 ? "Arena.allocate: " : `expected a whole number of bytes, got ${bytes}`,
      );
    }
  });
});
