import { createRng } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { add, multiply } from "../operations/broadcast-arithmetic.js";
import { sum } from "../operations/sum.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { adamW } from "./adam.js";
import { muon } from "./muon.js";
import { createOptimizer } from "./optimizer.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

type Matrix = number[][];

const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) =>
    b[0]!.map((_, j) => row.reduce((total, value, k) => total + value * b[k]![j]!, 0)),
  );
const turned = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
const combine = (f: (...values: number[]) => number, ...all: Matrix[]): Matrix =>
  all[0]!.map((row, i) => row.map((_, j) => f(...all.map((one) => one[i]![j]!))));

/** zeropower_via_newtonschulz5 of the authors' code, in 64 bits. */
function orthogonalized(gradient: Matrix, steps: number): Matrix {
  const tall = gradient.length > gradient[0]!.length;
  let x = tall ? turned(gradient) : gradient;
  const norm = Math.hypot(...x.flat()) + 1e-7;
  x = combine((value) => value! / norm, x);
  for (let i = 0; i < steps; i++) {
    const s = times(x, turned(x));
    const b = combine((first, second) => -4.775 * first! + 2.0315 * second!, s, times(s, s));
    x = combine((first, second) => 3.4445 * first! + second!, x, times(b, x));
  }
  return tall ? turned(x) : x;
}

/** A program whose gradient for each parameter is the input of its name. */
function linearLoss(kernels: Kernels, parameters: readonly Parameter[]) {
  const tape = createTape();
  const [first, ...rest] = parameters.map((parameter) =>
    sum(multiply(tape.input(parameter.name, parameter.shape), parameter)),
  );
  return createProgram(kernels, { tape, loss: rest.reduce((a, b) => add(a, b), first!) });
}

function draw(name: string, shape: readonly [number, number] | readonly [number]): Parameter {
  const rng = createRng(name.length);
  const size = shape.reduce<number>((product, length) => product * length, 1);
  return createParameter({ name, shape, data: Array.from({ length: size }, () => rng.normal()) });
}

const rowsOf = (data: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: data.length / columns }, (_, i) =>
    Array.from({ length: columns }, (__, j) => data[i * columns + j]!),
  );

describe("muon", () => {
  it.each([
    ["wide", [5, 12]],
    ["tall", [12, 5]],
  ] as const)("moves a %s matrix as its authors' code does", (_, shape) => {
    for (const kernels of everyKernels) {
      const weight = draw("weight", shape);
      using program = linearLoss(kernels, [weight]);
      using optimizer = createOptimizer(program, muon({ weightDecay: 0.1, momentum: 0.9 }));
      const rng = createRng(9);
      let expected = rowsOf(weight.read(), shape[1]);
      let mean = combine(() => 0, expected);
      for (let step = 0; step < 3; step++) {
        const gradient = Float32Array.from({ length: 60 }, () => rng.normal());
        program.run({ weight: gradient });
        optimizer.step({ learningRate: 0.05 });
        const g = rowsOf(gradient, shape[1]);
        mean = combine((m, one) => 0.9 * m! + one!, mean, g);
        const update = orthogonalized(
          combine((m, one) => one! + 0.9 * m!, mean, g),
          5,
        );
        const scale = 0.05 * Math.sqrt(Math.max(1, shape[0] / shape[1]));
        expected = combine((w, u) => (1 - 0.005) * w! - scale * u!, expected, update);
        rowsOf(weight.read(), shape[1]).forEach((row, i) => {
          row.forEach((value, j) => {
            expect(value).toBeCloseTo(expected[i]![j]!, 4);
          });
        });
      }
    }
  });

  it("brings all singular values near 1, however unlike they were", () => {
    const [kernels] = everyKernels;
    const weight = createParameter({ name: "weight", shape: [3, 3], data: new Float32Array(9) });
    using program = linearLoss(kernels!, [weight]);
    using optimizer = createOptimizer(program, muon({ learningRate: 1 }));
    program.run({ weight: Float32Array.of(100, 0, 0, 0, -10, 0, 0, 0, 5) });
    optimizer.step();
    const moved = weight.read();
    for (const [at, sign] of [
      [0, -1],
      [4, 1],
      [8, -1],
    ] as const) {
      expect(moved[at]! * sign).toBeGreaterThan(0.5);
      expect(moved[at]! * sign).toBeLessThan(1.3);
    }
  });

  it("leaves the other parameters to AdamW, whose rate follows the schedule", () => {
    const [kernels] = everyKernels;
    const run = (isMuon: boolean): Float32Array[] => {
      const parameters = [draw("table", [4, 3]), draw("norm", [5])];
      using program = linearLoss(kernels!, parameters);
      const adam = { learningRate: 0.01, beta2: 0.99 };
      const spec = isMuon ? muon({ learningRate: 0.1, matrices: () => false, adam }) : adamW(adam);
      using optimizer = createOptimizer(program, spec);
      const feeds = Object.fromEntries(
        parameters.map((one) => [one.name, one.read().map((value) => value + 1)]),
      );
      for (const share of [1, 0.5]) {
        program.run(feeds);
        optimizer.step({ learningRate: (isMuon ? 0.1 : 0.01) * share });
      }
      return parameters.map((one) => one.read());
    };
    const [[table, norm], [otherTable, otherNorm]] = [run(true), run(false)];
    for (const [ours, theirs] of [
      [table, otherTable],
      [norm, otherNorm],
    ] as const) {
      theirs!.forEach((value, i) => {
        expect(ours![i]).toBeCloseTo(value, 6);
      });
    }
  });

  it("goes on from its state bit by bit", () => {
    const [kernels] = everyKernels;
    const run = (breakAfter: number): Float32Array => {
      const weight = draw("weight", [4, 6]);
      using program = linearLoss(kernels!, [weight]);
      let optimizer = createOptimizer(program, muon());
      for (let step = 0; step < 4; step++) {
        if (step === breakAfter) {
          const state = optimizer.state();
          optimizer.dispose();
          optimizer = createOptimizer(program, muon());
          optimizer.restore(state);
        }
        program.run({ weight: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i + step)) });
        optimizer.step();
      }
      optimizer.dispose();
      return weight.read();
    };
    expect(run(2)).toEqual(run(-1));
  });
});
