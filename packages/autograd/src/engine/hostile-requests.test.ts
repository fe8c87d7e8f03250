import { EdgewrightError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { multiply } from "../operations/broadcast-arithmetic.js";
import { meanSquaredError } from "../operations/mean-squared-error.js";
import { relu } from "../operations/relu.js";
import { stopGradient } from "../operations/stop-gradient.js";
import { sum } from "../operations/sum.js";
import { adam } from "../optimizers/adam.js";
import { createOptimizer } from "../optimizers/optimizer.js";
import { optimizerBytes } from "../optimizers/optimizer-spec.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { createParameter } from "./parameter.js";
import { createProgram } from "./program.js";
import { createTape } from "./tape.js";

let everyKernels: Kernels[];
let kernels: Kernels;
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
  kernels = everyKernels[0]!;
});
afterAll(() => {
  for (const one of everyKernels) one.dispose();
});

/** sum(relu(x) * w) for x [2, 3] and w [3]. */
function network() {
  const tape = createTape();
  const w = createParameter({ name: "w", shape: [3], data: [1, 2, 3] });
  const x = tape.input("x", [2, 3]);
  const middle = relu(x);
  const loss = sum(multiply(middle, w));
  return { tape, w, x, middle, loss, feeds: { x: Float32Array.of(1, -2, 3, 4, 5, 6) } };
}

describe("requests at the edges", () => {
  it("takes a loss that is an input, a parameter or a constant", () => {
    const tape = createTape();
    const x = tape.input("x", []);
    using ofInput = createProgram(kernels, { tape, loss: x, gradientsOf: [x, x], trainable: [] });
    ofInput.run({ x: Float32Array.of(4) });
    expect([ofInput.loss, ofInput.gradient(x).data[0]]).toEqual([4, 1]);

    const w = createParameter({ name: "w", shape: [1], data: [7] });
    const other = createTape();
    const loss = other.parameter(w);
    using ofParameter = createProgram(kernels, { tape: other, loss, accumulate: true });
    ofParameter.run({});
    ofParameter.run({});
    expect([ofParameter.loss, ofParameter.gradient(w).data[0]]).toEqual([7, 2]);

    const third = createTape();
    expect(() => createProgram(kernels, { tape: third, loss: third.constant([1], [1]) })).toThrow(
      "the loss depends on no trainable parameter (trainable: none)",
    );
  });

  it("gives the gradient of a value that nothing below is differentiated for", () => {
    const { tape, loss, middle, feeds } = network();
    using program = createProgram(kernels, { tape, loss, gradientsOf: [middle], trainable: [] });
    program.run(feeds);
    expect([...program.gradient(middle).data]).toEqual([1, 2, 3, 1, 2, 3]);
    expect(program.trainable).toEqual([]);
  });

  it("does not train a parameter because the gradient of its variable is wanted", () => {
    const { tape, loss, w, feeds } = network();
    const variable = tape.parameter(w);
    using program = createProgram(kernels, { tape, loss, gradientsOf: [variable], trainable: [] });
    program.run(feeds);
    expect(program.trainable).toEqual([]);
    expect([...program.gradient(variable).data]).toEqual([5, 5, 9]);
    expect(() => program.gradient(w)).toThrow("there is none for parameter w");
  });

  it("gives the whole gradient of a variable whose parameter is trained in part", () => {
    const { tape, loss, w, feeds } = network();
    const variable = tape.parameter(w);
    const trainable = [{ parameter: w, channels: [0, 2] }];
    using program = createProgram(kernels, { tape, loss, trainable, gradientsOf: [variable] });
    program.run(feeds);
    expect([...program.gradient(variable).data]).toEqual([5, 5, 9]);
    expect([...program.gradient(w).data]).toEqual([5, 9]);
  });

  it("takes the same parameter twice, and refuses it with other channels", () => {
    const { tape, loss, w, middle, feeds } = network();
    const outputs = [middle, middle, loss];
    using program = createProgram(kernels, { tape, loss, outputs, trainable: [w, w] });
    program.run(feeds);
    expect([...program.gradient(w).data]).toEqual([5, 5, 9]);
    using optimizer = createOptimizer(program, adam());
    expect(optimizerBytes(adam(), [w, w])).toBe(optimizer.bytes);
    const part = { parameter: w, channels: [1] };
    for (const trainable of [
      [w, part],
      [part, w],
      [part, { parameter: w, channels: [2] }],
    ]) {
      expect(() => createProgram(kernels, { tape, loss, trainable })).toThrow(
        "parameter w is named twice in `trainable`, with other channels each time; name it once",
      );
    }
  });

  it("names what cannot be differentiated", () => {
    const { tape, loss, x, w, middle } = network();
    const ids = tape.input("ids", [2], "i32");
    const aside = relu(middle);
    for (const [variable, shown] of [
      [ids, "i32 [2]"],
      [aside, "f32 [2,3]"],
    ] as const) {
      expect(() => createProgram(kernels, { tape, loss, gradientsOf: [variable] })).toThrow(
        `there is no gradient for the variable ${shown} named in \`gradientsOf\``,
      );
    }
    const stopped = sum(multiply(stopGradient(middle), w));
    expect(() => createProgram(kernels, { tape, loss: stopped, gradientsOf: [x] })).toThrow(
      "the loss does not depend on it",
    );
    expect(() => createProgram(kernels, { tape, outputs: [x], gradientsOf: [x] })).toThrow(
      "a program without a loss has no gradients",
    );
    expect(() => createProgram(kernels, { tape, loss, lossScale: Number.NaN })).toThrow(
      "expected a finite lossScale, got NaN",
    );
    const scalar = createParameter({ name: "scalar", shape: [], data: [1] });
    const scaled = sum(multiply(x, scalar));
    const trainable = [{ parameter: scalar, channels: [0] }];
    expect(() => createProgram(kernels, { tape, loss: scaled, trainable })).toThrow(
      "parameter scalar: expected ascending channels",
    );
    const empty = createTape();
    expect(() => createProgram(kernels, { tape: empty, outputs: [] })).toThrow("given neither");
  });
});

describe("runs at the edges", () => {
  it("leaves alone what an input that it does not depend on is fed", () => {
    const { tape, loss, feeds } = network();
    tape.input("aside", [2]);
    using program = createProgram(kernels, { tape, loss });
    program.run({ ...feeds, aside: new Float32Array(2) });
    expect(program.loss).toBe(42);
    expect(() => program.run({ ...feeds, other: new Float32Array(2) })).toThrow(
      "there is no input other; the program has x, aside",
    );
  });

  it("names feeds that are no typed arrays", () => {
    const { tape, loss } = network();
    using program = createProgram(kernels, { tape, loss });
    for (const [x, shown] of [
      [[1, 2, 3, 4, 5, 6], "Array"],
      [null, "null"],
      [3, "Number"],
      [new Float64Array(6), "Float64Array"],
      [{ data: [1] }, "Array"],
    ]) {
      expect(() => program.run({ x } as never)).toThrow(
        `Program.run: input x of type f32 [2,3] expects a Float32Array, got ${shown}`,
      );
    }
  });

  it("hands NaN on as it is, and is whole again after it", () => {
    for (const one of everyKernels) {
      const { tape, loss, w, feeds } = network();
      using program = createProgram(one, { tape, loss });
      program.run(feeds);
      const before = program.gradient(w).data;
      program.run({ x: new Float32Array(6).fill(Number.NaN) });
      expect(program.loss).toBeNaN();
      program.run(feeds);
      expect(program.gradient(w).data).toEqual(before);
    }
  });

  it("refuses to be disposed of or run by its own steps, and goes on afterwards", () => {
    const { tape, loss, feeds } = network();
    using program = createProgram(kernels, { tape, loss });
    expect(() => program.run(feeds, { onStep: () => program.dispose() })).toThrow(
      "Program.dispose: called by a step of the program's own run",
    );
    expect(() => program.run(feeds, { onStep: () => program.run(feeds) })).toThrow(
      "Program.run: called by a step of the program's own run",
    );
    program.run(feeds);
    expect(program.loss).toBe(42);
  });

  it("says that it was disposed of, whatever it is asked", () => {
    const { tape, loss, w, feeds } = network();
    const program = createProgram(kernels, { tape, loss });
    using optimizer = createOptimizer(program, adam());
    program.run(feeds);
    program.dispose();
    for (const ask of [
      () => program.loss,
      () => program.run(feeds),
      () => program.read(loss),
      () => program.gradient(w),
      () => program.clearGradients(),
      () => optimizer.step(),
      () => program.gradientAddress(w),
    ]) {
      expect(ask).toThrow(EdgewrightError);
      expect(ask).toThrow("the program was disposed of");
    }
    expect([...w.read()]).toEqual([1, 2, 3]);
  });

  it("trains shared parameters by two programs in turns like one after the other", () => {
    const x = Float32Array.of(1, -2, 3, 4, 5, 6);
    const trainInTurns = (apart: boolean): Float32Array => {
      const w = createParameter({ name: "w", shape: [3], data: [1, 2, 3] });
      const make = () => {
        const tape = createTape();
        const y = multiply(tape.input("x", [2, 3]), w);
        return createProgram(kernels, {
          tape,
          loss: meanSquaredError(y, tape.constant([1, 2, 3, 4, 5, 6], [2, 3])),
        });
      };
      using first = make();
      using second = apart ? make() : undefined;
      using optimizer = createOptimizer(first, adam());
      for (let i = 0; i < 4; i++) {
        second?.run({ x: x.map((value) => value + i) });
        first.run({ x });
        optimizer.step();
      }
      return w.read();
    };
    expect(trainInTurns(true)).toEqual(trainInTurns(false));
  });
});
