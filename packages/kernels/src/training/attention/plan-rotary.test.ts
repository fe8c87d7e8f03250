import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { createRotaryAngles } from "./create-rotary-angles.js";
import { planRotary, type RotaryPairing } from "./plan-rotary.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;

/** Turns the pairs of one vector by position * base ** (-2 i / rotated), in 64 bits. */
function rotate(
  x: ArrayLike<number>,
  position: number,
  rotated: number,
  pairing: RotaryPairing,
  sign: number,
): Float64Array {
  const y = Float64Array.from(x);
  for (let i = 0; i < rotated / 2; i++) {
    const angle = sign * position * 10000 ** ((-2 * i) / rotated);
    const [a, b] = pairing === "half" ? [i, i + rotated / 2] : [2 * i, 2 * i + 1];
    y[a] = x[a]! * Math.cos(angle) - x[b]! * Math.sin(angle);
    y[b] = x[b]! * Math.cos(angle) + x[a]! * Math.sin(angle);
  }
  return y;
}

const sizes = fc.record({
  groups: fc.integer({ min: 1, max: 2 }),
  group: fc.integer({ min: 1, max: 2 }),
  sequence: fc.integer({ min: 1, max: 6 }),
  heads: fc.integer({ min: 1, max: 3 }),
  half: fc.integer({ min: 0, max: 11 }),
  still: fc.integer({ min: 0, max: 5 }),
  pairing: fc.constantFrom<RotaryPairing>("half", "interleaved"),
  inverse: fc.boolean(),
  positions: fc.constantFrom("none", "shared", "own"),
  inPlace: fc.boolean(),
  seed: fc.nat(),
});

test("pairs are turned by the angles of their positions", () => {
  fc.assert(
    fc.property(
      sizes,
      ({ groups, group, sequence, heads, half, still, pairing, inverse, ...rest }) => {
        const random = seededNumbers(rest.seed);
        const rotated = 2 * half;
        const width = rotated + still;
        const outer = groups * group;
        const places = 20;
        const x = randomFloats(outer * sequence * heads * width, random);
        const positions = Int32Array.from({ length: outer * sequence }, () =>
          Math.floor(random() * places),
        );
        const angles = createRotaryAngles({ places, rotated });
        const expected = Float64Array.from(x);
        for (let o = 0; o < outer; o++) {
          for (let s = 0; s < sequence; s++) {
            const own = rest.positions === "own" ? Math.floor(o / group) * sequence + s : s;
            const position = rest.positions === "none" ? s : positions[own]!;
            for (let h = 0; h < heads; h++) {
              const at = ((o * sequence + s) * heads + h) * width;
              const vector = x.subarray(at, at + width);
              expected.set(rotate(vector, position, rotated, pairing, inverse ? -1 : 1), at);
            }
          }
        }
        for (const y of computeEverywhere(
          kinds,
          [x, angles, positions],
          expected.length,
          (k, [at, angles, positionsAt], y) => {
            if (rest.inPlace) k.arena.f32(y, x.length).set(x);
            return planRotary(k, {
              x: rest.inPlace ? y : at!,
              y,
              outer,
              sequence,
              heads,
              width,
              rotated,
              angles: angles!,
              places,
              ...(rest.positions !== "none" && { positions: positionsAt! }),
              ...(rest.positions === "own" && { positionGroup: group }),
              pairing,
              inverse,
            });
          },
        )) {
          // Cosine, sine, two products and a sum of numbers up to 1, each rounded.
          expect(relativeError(y, expected, 1)).toBeLessThan(4e-7);
        }
      },
    ),
    { numRuns: 80, seed: 3 },
  );
});

test("the product of two turned vectors depends on the distance of their positions", () => {
  const random = seededNumbers(7);
  const angles = createRotaryAngles({ places: 40, rotated: 16, offset: 100, positionScale: 0.5 });
  const q = randomFloats(16, random);
  const k = randomFloats(16, random);
  const turn = (x: Float32Array, position: number): Float32Array =>
    computeEverywhere(kinds, [x, angles, new Int32Array([position])], 16, (kernels, at, y) => {
      const [x, angles, positions] = at as [number, number, number];
      return planRotary(kernels, {
        x,
        y,
        sequence: 1,
        width: 16,
        angles,
        places: 40,
        positions,
      });
    })[0]!;
  const product = (a: Float32Array, b: Float32Array): number =>
    a.reduce((sum, v, i) => sum + v * b[i]!, 0);
  const near = product(turn(q, 3), turn(k, 1));
  expect(product(turn(q, 33), turn(k, 31))).toBeCloseTo(near, 5);
  expect(Math.abs(product(turn(q, 4), turn(k, 1)) - near)).toBeGreaterThan(1e-3);
});

test("a position beyond the table is reported", () => {
  const angles = kernels.arena.upload(createRotaryAngles({ places: 4, rotated: 2 }));
  const x = kernels.arena.upload(new Float32Array([1, 2, 3, 4]));
  const positions = kernels.arena.upload(new Int32Array([0, 4]));
  const plan = planRotary(kernels, {
    x: x.ptr,
    y: x.ptr,
    sequence: 2,
    width: 2,
    angles: angles.ptr,
    places: 4,
    positions: positions.ptr,
  });
  kernels.run(plan);
  expect([...kernels.arena.f32(x.ptr, 4)]).toEqual([1, 2, 0, 0]);
  expect(() => plan.checkIndices()).toThrow("planRotary: expected indices from 0 to 3, got 4 at 1");
  for (const held of [plan, angles, x, positions]) held.dispose();
});

test("errors say what was expected", () => {
  const spec = { x: 0, y: 0, sequence: 3, width: 6, angles: 0, places: 3 };
  expect(() => planRotary(kernels, { ...spec, rotated: 3 })).toThrow(
    "planRotary: expected an even number of rotated elements up to the width 6, got 3",
  );
  expect(() => planRotary(kernels, { ...spec, places: 2 })).toThrow(
    "planRotary: expected angles for 3 positions, got 2",
  );
  expect(() => planRotary(kernels, { ...spec, pairing: "thirds" as "half" })).toThrow(
    'planRotary: expected pairing "half" or "interleaved", got "thirds"',
  );
  expect(() => createRotaryAngles({ places: 1, rotated: 4, frequencies: [1] })).toThrow(
    "half as many frequencies, got 4 and 1",
  );
});
