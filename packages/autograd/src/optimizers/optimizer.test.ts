import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PartialParameter, ProgramRequest } from "../engine/lower-program.js";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { createProgram, type Program } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { add, multiply } from "../operations/broadcast-arithmetic.js";
import { meanSquaredError } from "../operations/mean-squared-error.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { adam, adamW } from "./adam.js";
import { createOptimizer } from "./optimizer.js";
import { type OptimizerSpec, optimizerBytes } from "./optimizer-spec.js";
import { sgd } from "./sgd.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const SHAPE = [3, 5] as const;
const fill = (count: number, f: (i: number) => number) =>
  Float32Array.from({ length: count }, (_, i) => f(i));

/** mean((w x + b - target)^2) with w and b [3, 5] and [5]. */
function fixture(
  kernels: Kernels,
  request: Partial<ProgramRequest> & { only?: readonly number[] } = {},
) {
  const { only, ...rest } = request;
  const tape = createTape();
  const w = createParameter({ name: "w", shape: SHAPE, data: fill(15, (i) => Math.sin(i)) });
  const b = createParameter({ name: "b", shape: [5], data: fill(5, (i) => i / 5) });
  const y = add(multiply(tape.input("x", SHAPE), w), b);
  const loss = meanSquaredError(y, tape.input("target", SHAPE));
  const trainable: (Parameter | PartialParameter)[] = [
    only ? { parameter: w, channels: only } : w,
    b,
  ];
  const program = createProgram(kernels, { tape, loss, trainable, ...rest });
  const feeds = { x: fill(15, (i) => Math.cos(3 * i)), target: fill(15, (i) => Math.sin(7 * i)) };
  return { w, b, program, feeds, trainable };
}

function steps(
  program: Program,
  feeds: object,
  optimizer: ReturnType<typeof createOptimizer>,
  count: number,
) {
  const losses: number[] = [];
  for (let i = 0; i < count; i++) {
    program.run(feeds as Record<string, Float32Array>);
    losses.push(program.loss);
    optimizer.step({ learningRate: 0.1 / (1 + i) });
  }
  return losses;
}

const SPECS: [string, OptimizerSpec, number][] = [
  ["sgd", sgd({ learningRate: 0.5 }), 0],
  ["momentum", sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }), 1],
  ["adam", adam({ learningRate: 0.05 }), 2],
  ["adamW", adamW({ learningRate: 0.05, weightDecay: 0.1 }), 2],
];

describe.each(SPECS)("%s", (_, spec, states) => {
  it("lowers the loss, leaves gradients alone, takes the bytes it predicts and gives all back", () => {
    for (const kernels of everyKernels) {
      const before = kernels.arena.used;
      const { program, feeds, trainable, w } = fixture(kernels);
      const optimizer = createOptimizer(program, spec, { clipNorm: 100 });
      expect(optimizer.bytes).toBe(4 * 20 * states);
      expect(optimizerBytes(spec, trainable)).toBe(optimizer.bytes);
      program.run(feeds);
      const gradient = program.gradient(w).data;
      optimizer.step();
      expect(program.gradient(w).data).toEqual(gradient);
      const losses = steps(program, feeds, optimizer, 20);
      expect(losses.at(-1)!).toBeLessThan(losses[0]! * 0.95);
      optimizer.dispose();
      program.dispose();
      expect(kernels.arena.used).toBe(before);
      expect(() => optimizer.step()).toThrow("Optimizer.step: the optimiser was disposed of");
    }
  });

  it("goes on from its state bit by bit, on any number of threads", () => {
    const results = everyKernels.map((kernels) => {
      const whole = fixture(kernels);
      using first = createOptimizer(whole.program, spec);
      steps(whole.program, whole.feeds, first, 3);
      const saved = { state: first.state(), w: whole.w.read(), b: whole.b.read() };
      steps(whole.program, whole.feeds, first, 4);
      const resumed = fixture(kernels);
      using second = createOptimizer(resumed.program, spec);
      second.restore(saved.state);
      resumed.w.write(saved.w);
      resumed.b.write(saved.b);
      steps(resumed.program, resumed.feeds, second, 4);
      expect(resumed.w.read()).toEqual(whole.w.read());
      expect(resumed.b.read()).toEqual(whole.b.read());
      expect(second.state()).toEqual(first.state());
      expect(first.state().step).toBe(7);
      for (const { program } of [whole, resumed]) program.dispose();
      return { variant: kernels.variant, w: whole.w.read() };
    });
    for (const { variant, w } of results) {
      expect(w).toEqual(results.find((other) => other.variant === variant)!.w);
    }
  });

  it("changes and remembers only the trained channels, as if there were no others", () => {
    for (const kernels of everyKernels) {
      const part = fixture(kernels, { only: [1, 4] });
      const full = fixture(kernels);
      using some = createOptimizer(part.program, spec);
      using all = createOptimizer(full.program, spec);
      expect(some.bytes).toBe(4 * (6 + 5) * states);
      expect(optimizerBytes(spec, part.trainable)).toBe(some.bytes);
      const start = part.w.read();
      steps(part.program, part.feeds, some, 5);
      steps(full.program, full.feeds, all, 5);
      const expected = full.w
        .read()
        .map((value, i) => (i % 5 === 1 || i % 5 === 4 ? value : start[i]!));
      expect(part.w.read()).toEqual(expected);
      for (const { program } of [part, full]) program.dispose();
    }
  });
});

describe("clipping", () => {
  it("by norm scales all gradients alike and tells their norm", () => {
    for (const kernels of everyKernels) {
      const { program, feeds, w, b } = fixture(kernels);
      using optimizer = createOptimizer(program, sgd({ learningRate: 1 }), { clipNorm: 0.01 });
      const before = [w.read(), b.read()];
      program.run(feeds);
      const gradients = [w, b].map((one) => program.gradient(one).data as Float32Array);
      const norm = Math.sqrt(gradients.flatMap((g) => [...g]).reduce((s, v) => s + v * v, 0));
      expect(optimizer.step().gradientNorm).toBeCloseTo(norm, 6);
      [w, b].forEach((one, k) => {
        one.read().forEach((value, i) => {
          const step = (gradients[k]![i]! * 0.01) / (norm + 1e-6);
          expect(value).toBeCloseTo(before[k]![i]! - step, 6);
        });
      });
      program.dispose();
    }
  });

  it("by value holds each gradient between the bounds", () => {
    for (const kernels of everyKernels) {
      const { program, feeds, b } = fixture(kernels);
      using optimizer = createOptimizer(program, sgd({ learningRate: 1 }), { clipValue: 0.05 });
      const before = b.read();
      program.run(feeds);
      const gradient = program.gradient(b).data as Float32Array;
      expect(optimizer.step().gradientNorm).toBeUndefined();
      expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(0.05);
      b.read().forEach((value, i) => {
        expect(value).toBeCloseTo(before[i]! - Math.min(Math.max(gradient[i]!, -0.05), 0.05), 6);
      });
      program.dispose();
    }
  });

  it("updates nothing when a gradient is no finite number", () => {
    for (const kernels of everyKernels) {
      const { program, feeds, w } = fixture(kernels);
      using optimizer = createOptimizer(program, adam(), { clipNorm: 1 });
      const before = w.read();
      program.run({ ...feeds, x: feeds.x.map((v, i) => (i === 3 ? Number.NaN : v)) });
      expect(optimizer.step().gradientNorm).toBeNaN();
      expect(w.read()).toEqual(before);
      expect(optimizer.state().step).toBe(0);
      program.dispose();
    }
  });
});

it("accumulated gradients of two halves make the step of the whole", () => {
  for (const kernels of everyKernels) {
    const spec = sgd({ learningRate: 0.5, momentum: 0.9 });
    const whole = fixture(kernels);
    using one = createOptimizer(whole.program, spec);
    whole.program.run(whole.feeds);
    one.step();
    const halves = fixture(kernels, { accumulate: true, lossScale: 1 / 2 });
    using two = createOptimizer(halves.program, spec);
    for (let i = 0; i < 2; i++) halves.program.run(halves.feeds);
    two.step();
    halves.program.clearGradients();
    // The same batch twice, at half its weight: the sums are exact.
    expect(halves.w.read()).toEqual(whole.w.read());
    expect([...(halves.program.gradient(halves.b).data as Float32Array)]).toEqual([0, 0, 0, 0, 0]);
    for (const { program } of [whole, halves]) program.dispose();
  }
});

it("decay and learning rate can differ from parameter to parameter", () => {
  const [kernels] = everyKernels;
  const { program, feeds, w, b } = fixture(kernels!);
  const spec = adamW({
    learningRate: 0.1,
    weightDecay: 1,
    decays: ({ shape }) => shape.length > 1,
    learningRateFactor: ({ name }) => (name === "b" ? 0 : 1),
  });
  using optimizer = createOptimizer(program, spec);
  const before = [w.read(), b.read()];
  program.run(feeds);
  optimizer.step();
  expect(b.read()).toEqual(before[1]);
  const gradient = program.gradient(w).data as Float32Array;
  w.read().forEach((value, i) => {
    expect(value).toBeCloseTo(0.9 * before[0]![i]! - 0.1 * Math.sign(gradient[i]!), 4);
  });
  program.dispose();
});

describe("errors", () => {
  it("name what does not fit", () => {
    const kernels = everyKernels[0]!;
    const before = kernels.arena.used;
    const { program, w, b } = fixture(kernels);
    const refuse = (spec: OptimizerSpec, options?: { clipNorm?: number; clipValue?: number }) =>
      expect(() => createOptimizer(program, spec, options));
    refuse(sgd({ learningRate: -1 })).toThrow(
      "createOptimizer: expected a learning rate of 0 or more",
    );
    refuse(sgd({ learningRate: 1, momentum: 3 })).toThrow("expected momentum from 0 to 1, got 3");
    refuse(adam({ beta1: 1 })).toThrow("expected the first of betas from 0 to");
    refuse(adam(), { clipNorm: 0 }).toThrow("createOptimizer: expected clipNorm above 0, got 0");
    refuse(adam(), { clipValue: -1 }).toThrow(
      "createOptimizer: expected clipValue above 0, got -1",
    );
    using optimizer = createOptimizer(program, adam());
    expect(() => optimizer.step({ learningRate: Number.NaN })).toThrow(
      "Optimizer.step: expected a finite learning rate of 0 or more, got NaN",
    );
    const { tensors } = optimizer.state();
    expect(Object.keys(tensors).sort()).toEqual(["b/mean", "b/square", "w/mean", "w/square"]);
    expect(() => optimizer.restore({ step: 1, tensors: {} })).toThrow(
      "Optimizer.restore: the state has nothing, adam for these parameters needs b/mean, b/square, w/mean",
    );
    expect(() => optimizer.restore({ step: -1, tensors })).toThrow("expected a whole step from 0");
    const short = { ...tensors, "b/mean": new Float32Array(4) };
    expect(() => optimizer.restore({ step: 1, tensors: short })).toThrow(
      "Optimizer.restore: expected 5 values for b/mean, got 4",
    );
    optimizer.dispose();
    program.dispose();
    expect(kernels.arena.used).toBe(before);

    const tape = createTape();
    const twin = createParameter({ name: "w", shape: SHAPE, data: fill(15, () => 1) });
    using twins = createProgram(kernels, {
      tape,
      loss: meanSquaredError(multiply(tape.parameter(w), twin), tape.input("t", SHAPE)),
    });
    expect(() => createOptimizer(twins, adam())).toThrow(
      "createOptimizer: two trained parameters are called w; states need unlike names",
    );
    const untrained = createTape();
    using nothing = createProgram(kernels, { tape: untrained, outputs: [untrained.parameter(b)] });
    expect(() => createOptimizer(nothing, adam())).toThrow(
      "createOptimizer: the program trains no parameter",
    );
  });
});
