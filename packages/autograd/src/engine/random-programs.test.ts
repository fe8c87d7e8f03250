import { createRng } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { errorToLargest } from "../testing/compare-gradients.test-support.js";
import type { ProgramRequest } from "./lower-program.js";
import type { Parameter } from "./parameter.js";
import { createProgram, type Program } from "./program.js";
import { type RandomTape, recordRandomTape } from "./random-tape.test-support.js";
import type { Variable } from "./tape.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const RUNS = 60;
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** Checks a property of random tapes, of which fast-check names the seed that fails. */
function forRandomTapes(check: (random: RandomTape, seed: number) => void, runs = RUNS): void {
  fc.assert(
    fc.property(seeds, (seed) => check(recordRandomTape(seed), seed)),
    { seed: 7, numRuns: runs },
  );
}

/** Two variables in the middle and the input, whose gradients are wanted too. */
function middleOf({ variables, input }: RandomTape, seed: number): Variable[] {
  const rng = createRng(seed);
  return [input, ...[0, 1].map(() => variables[rng.integer(0, variables.length)]!)];
}

type Numbers = readonly (Float32Array | number)[];

/** Loss and gradients of a run. */
function resultsOf(program: Program, wanted: readonly (Parameter | Variable)[]): Numbers {
  return [program.loss, ...wanted.map((of) => program.gradient(of).data as Float32Array)];
}

function compute(
  kernels: Kernels,
  random: RandomTape,
  seed: number,
  request: Partial<ProgramRequest> = {},
): Numbers {
  const { tape, loss, parameters, feeds } = random;
  const gradientsOf = middleOf(random, seed);
  using program = createProgram(kernels, { tape, loss, gradientsOf, ...request });
  program.run(feeds);
  return resultsOf(program, [...parameters, ...gradientsOf]);
}

describe("random programs", () => {
  it("keep alive what was predicted, and read nothing that the account calls dead", () => {
    for (const kernels of everyKernels) {
      forRandomTapes((random, seed) => {
        const { tape, loss, parameters, variables, feeds } = random;
        const gradientsOf = middleOf(random, seed);
        const outputs = [variables[seed % variables.length]!];
        using program = createProgram(kernels, { tape, loss, gradientsOf, outputs });
        const live: number[] = [];
        program.run(feeds, { onStep: ({ liveBytes }) => live.push(liveBytes) });
        expect(live).toEqual(program.memory.steps.map(({ liveBytes }) => liveBytes));
        const wanted = [...parameters, ...gradientsOf];
        const before = [...resultsOf(program, wanted), program.read(outputs[0]!).data];
        program.run(feeds, { scrub: true });
        expect([...resultsOf(program, wanted), program.read(outputs[0]!).data]).toEqual(before);
      });
    }
  });

  it("give the same bits where no memory of the forward pass is used again", () => {
    for (const kernels of everyKernels) {
      forRandomTapes((random, seed) => {
        const reusing = compute(kernels, random, seed);
        expect(compute(kernels, random, seed, { outputs: random.variables })).toEqual(reusing);
      });
    }
  });

  it("give the same bits on one thread and on two", () => {
    const threaded = everyKernels.at(-1)!;
    const single = everyKernels.find(({ variant }) => variant === threaded.variant)!;
    forRandomTapes((random, seed) => {
      expect(compute(threaded, random, seed)).toEqual(compute(single, random, seed));
    });
  });

  it("give the same bits for what is trained when the rest is frozen", () => {
    for (const kernels of everyKernels) {
      forRandomTapes((random, seed) => {
        const rng = createRng(seed);
        const { tape, loss, parameters, feeds } = random;
        using whole = createProgram(kernels, { tape, loss });
        whole.run(feeds);
        const kept = parameters.filter(() => rng.uniform() < 0.5);
        const chosen = kept.length > 0 ? kept : [parameters[0]!];
        const trainable = chosen.map((parameter) => {
          const all = Array.from({ length: parameter.shape.at(-1)! }, (_, channel) => channel);
          const some = all.filter(() => rng.uniform() < 0.5);
          return some.length > 0 ? { parameter, channels: some } : parameter;
        });
        using part = createProgram(kernels, { tape, loss, trainable });
        part.run(feeds);
        for (const parameter of chosen) {
          const columns = parameter.shape.at(-1)!;
          const channels = part.channelsOf(parameter);
          const data = whole.gradient(parameter).data as Float32Array;
          const expected = channels ? data.filter((_, i) => channels.includes(i % columns)) : data;
          const got = part.gradient(parameter).data as Float32Array;
          // Relaxed kernels round once in whole vectors and twice beside them, and fewer channels fill fewer.
          if (channels && kernels.variant === "relaxed") {
            expect(errorToLargest(got, expected)).toBeLessThan(1e-5);
          } else {
            expect(got).toEqual(expected);
          }
        }
      });
    }
  });

  it("add the gradients of runs when they accumulate", () => {
    forRandomTapes((random) => {
      const { tape, loss, parameters, feeds } = random;
      using once = createProgram(everyKernels[0]!, { tape, loss });
      using twice = createProgram(everyKernels[0]!, { tape, loss, accumulate: true });
      once.run(feeds);
      twice.run(feeds, { scrub: true });
      twice.run(feeds);
      for (const parameter of parameters) {
        const doubled = (once.gradient(parameter).data as Float32Array).map((value) => 2 * value);
        expect(twice.gradient(parameter).data).toEqual(doubled);
      }
    });
  });

  it("agree with central differences through the program itself", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { tape, loss, parameters, input, feeds } = recordRandomTape(seed, { smooth: true });
        using program = createProgram(everyKernels[0]!, { tape, loss, gradientsOf: [input] });
        program.run(feeds);
        const lossWith = (parameter: Parameter, values: Float32Array): number => {
          parameter.write(values);
          program.run(feeds);
          return program.loss;
        };
        const gradients = parameters.map((one) => program.gradient(one).data as Float32Array);
        const largest = Math.max(...gradients.flatMap((one) => [...one].map(Math.abs)));
        // The truncation of the difference is of order step^2, the rounding of f32 of order 6e-8 loss / step.
        const step = 2 ** -7;
        parameters.forEach((parameter, p) => {
          const values = parameter.read();
          for (let i = 0; i < values.length; i += 7) {
            const moved = values.slice();
            moved[i]! += step;
            const above = lossWith(parameter, moved);
            moved[i]! -= 2 * step;
            const below = lossWith(parameter, moved);
            const slope = (above - below) / (2 * step);
            expect(Math.abs(slope - gradients[p]![i]!)).toBeLessThan(0.01 * largest + 1e-4);
          }
          parameter.write(values);
        });
      }),
      { seed: 3, numRuns: 12 },
    );
  });
});
