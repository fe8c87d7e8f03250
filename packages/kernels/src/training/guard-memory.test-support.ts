import fc from "fast-check";
import { beforeAll, test } from "vitest";
import { randomFloats, seededNumbers } from "../runtime/fixtures.test-support.js";
import {
  type GuardedKernels,
  type GuardedRun,
  loadGuardedKernels,
  runGuarded,
} from "./run-guarded.test-support.js";

/** The builds under test, from the first test on. */
export let builds: GuardedKernels[] = [];
beforeAll(async () => {
  builds = await loadGuardedKernels();
});

/** Makes random floats. */
export type Floats = (count: number) => Float32Array;

/** Tests the plans that `runs` makes of random sizes. */
export function guard<Sizes>(
  name: string,
  sizes: fc.Arbitrary<Sizes>,
  runs: (sizes: Sizes, floats: Floats, random: () => number) => readonly GuardedRun[],
  numRuns = 60,
): void {
  test(`${name} stays within its memory and depends on its operands alone`, () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (some, seed) => {
        const random = seededNumbers(seed);
        const all = runs(some, (count) => randomFloats(count, random), random);
        for (const build of builds) for (const run of all) runGuarded(build, run);
      }),
      { seed: 33, numRuns },
    );
  });
}

/** A whole number. */
export const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

/** Some of `count` channels, at least one, in ascending order. */
export function someOf(count: number, random: () => number): number[] {
  const channels = Array.from({ length: count }, (_, i) => i).filter(() => random() < 0.5);
  return channels.length > 0 ? channels : [Math.floor(random() * count)];
}
