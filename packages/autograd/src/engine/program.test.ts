import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customGradient } from "../operations/custom-gradient.js";
import { stopGradient } from "../operations/stop-gradient.js";
import { loadEveryKernels, weightedSum } from "../testing/check-gradients.test-support.js";
import { predictMemory } from "./memory-account.js";
import { createParameter } from "./parameter.js";
import { createProgram } from "./program.js";
import { createTape, type Operand, type Variable } from "./tape.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

/** x * w, element by element, with both gradients; keeps both operands. */
const times = (x: Operand, w: Operand): Variable =>
  customGradient([x, w], {
    name: "times",
    forward: ([a, b], y) => y.set(a!.map((value, i) => value * b![i]!)),
    backward(dy, [da, db], [a, b]) {
      da?.set(dy.map((value, i) => value * b![i]!));
      db?.set(dy.map((value, i) => value * a![i]!));
    },
  });

/** x + 1: keeps nothing. */
const plusOne = (x: Operand): Variable =>
  customGradient([x], {
    name: "plus one",
    forward: ([a], y) => y.set(a!.map((value) => value + 1)),
    backward: (dy, [da]) => da?.set(dy),
    keeps: { inputs: false },
  });

const ones = (count: number): Float32Array => new Float32Array(count).fill(1);
const parameter = (name: string, data: number[]) =>
  createParameter({ name, shape: [data.length], data });

describe("createProgram", () => {
  it("sums the gradients of a value that is used more than once", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const w = parameter("w", [2, -3]);
      const x = tape.input("x", [2]);
      const y = times(times(x, w), plusOne(tape.parameter(w))); // x w (w + 1), whose slope by w is x (2 w + 1)
      using program = createProgram(kernels, { tape, loss: weightedSum(y, ones(2)) });
      program.run({ x: Float32Array.of(5, 7) });
      expect(program.loss).toBe(5 * 2 * 3 + 7 * -3 * -2);
      expect([...program.gradient(w).data]).toEqual([25, -35]);
    }
  });

  it("gives the memory back, and the parameters' values too", () => {
    const kernels = everyKernels[0]!;
    const before = kernels.arena.used;
    const w = parameter("w", [1, 2]);
    const tape = createTape();
    const program = createProgram(kernels, {
      tape,
      loss: weightedSum(times(tape.input("x", [2]), w), ones(2)),
    });
    // 64 bytes are the least that the arena hands out: the parameter.
    expect(kernels.arena.used - before).toBe(program.bytes + 64);
    w.write([3, 4]);
    program.dispose();
    program.dispose();
    expect(kernels.arena.used).toBe(before);
    expect([...w.read()]).toEqual([3, 4]);
    expect(() => program.run({ x: ones(2) })).toThrow("Program.run: the program was disposed of");
  });

  it("shares parameters between programs on the same kernels", () => {
    const [kernels, others] = everyKernels;
    const w = parameter("w", [1]);
    const make = (on: Kernels) => {
      const tape = createTape();
      return createProgram(on, {
        tape,
        loss: weightedSum(times(tape.input("x", [1]), w), ones(1)),
      });
    };
    using one = make(kernels!);
    using two = make(kernels!);
    w.write([6]);
    one.run({ x: ones(1) });
    two.run({ x: ones(1) });
    expect([one.loss, two.loss]).toEqual([6, 6]);
    if (others !== undefined)
      expect(() => make(others)).toThrow("in use by a program on other kernels");
  });

  it("accumulates gradients over runs until they are cleared", () => {
    const tape = createTape();
    const w = parameter("w", [1, 1]);
    const loss = weightedSum(times(tape.input("x", [2]), w), ones(2));
    using program = createProgram(everyKernels[0]!, {
      tape,
      loss,
      accumulate: true,
      lossScale: 0.5,
    });
    program.run({ x: Float32Array.of(2, 4) });
    program.run({ x: Float32Array.of(6, 8) });
    expect([...program.gradient(w).data]).toEqual([4, 6]);
    program.clearGradients();
    program.run({ x: Float32Array.of(2, 4) });
    expect([...program.gradient(w).data]).toEqual([1, 2]);
  });

  it("keeps compact gradients for chosen channels", () => {
    const tape = createTape();
    const w = createParameter({ name: "w", shape: [2, 3], data: [1, 2, 3, 4, 5, 6] });
    const loss = weightedSum(times(tape.input("x", [2, 3]), w), ones(6));
    const trainable = [{ parameter: w, channels: [0, 2] }];
    using program = createProgram(everyKernels[0]!, { tape, loss, trainable });
    program.run({ x: Float32Array.of(1, 2, 3, 4, 5, 6) });
    const { shape, data } = program.gradient(w);
    expect(shape).toEqual([2, 2]);
    expect([...data]).toEqual([1, 3, 4, 6]);
    expect(program.memory.gradientBytes).toBe(16);
  });

  it("gives gradients of inputs and of values in between", () => {
    const tape = createTape();
    const x = tape.input("x", [2]);
    const middle = plusOne(x);
    const loss = weightedSum(times(middle, parameter("w", [2, 3])), ones(2));
    using program = createProgram(everyKernels[0]!, {
      tape,
      loss,
      trainable: [],
      gradientsOf: [x, middle],
    });
    program.run({ x: ones(2) });
    expect([...program.gradient(x).data]).toEqual([2, 3]);
    expect([...program.gradient(middle).data]).toEqual([2, 3]);
  });

  it("runs forward only without a loss", () => {
    const tape = createTape();
    const y = plusOne(tape.input("x", [2]));
    using program = createProgram(everyKernels[0]!, { tape, outputs: [y] });
    program.run({ x: Float32Array.of(1, 2) });
    expect([...program.read(y).data]).toEqual([2, 3]);
    expect(program.memory.nodes).toEqual([]);
    expect(() => program.loss).toThrow("the program was made without a loss");
  });

  it("refuses feeds that do not fit, and goes on working", () => {
    const tape = createTape();
    const loss = weightedSum(times(tape.input("x", [2]), parameter("w", [1, 1])), ones(2));
    using program = createProgram(everyKernels[0]!, { tape, loss });
    expect(() => program.run({})).toThrow("Program.run: input x of shape [2] is missing");
    expect(() => program.run({ x: ones(2), y: ones(1) })).toThrow("there is no input y");
    expect(() => program.run({ x: ones(3) })).toThrow(
      "Program.run: input x expects 2 values for [2], got 3",
    );
    expect(() => program.run({ x: new Int32Array(2) })).toThrow(
      "Program.run: input x of type f32 [2] expects a Float32Array, got Int32Array",
    );
    program.run({ x: ones(2) });
    expect(program.loss).toBe(2);
  });
});

describe("what is not differentiated", () => {
  it("keeps nothing below the lowest trainable parameter", () => {
    const tape = createTape();
    const frozen = parameter("frozen", [1, 2]);
    const trained = parameter("trained", [3, 4]);
    const low = times(tape.input("x", [2]), frozen);
    const loss = weightedSum(times(low, trained), ones(2));
    const account = predictMemory({ tape, loss, trainable: [trained] });
    expect(account.nodes.map(({ name }) => name)).toEqual(["times 2"]);
    const all = predictMemory({ tape, loss });
    expect(all.nodes.map(({ name }) => name)).toEqual(["times", "times 2"]);
  });

  it("names what is wrong with a request", () => {
    const tape = createTape();
    const w = parameter("w", [1]);
    const x = tape.input("x", [1]);
    const y = times(x, w);
    const scalar = weightedSum(y, ones(1));
    expect(() => predictMemory({ tape })).toThrow("a program needs a loss, or outputs");
    expect(() =>
      predictMemory({ tape, loss: times(tape.input("z", [2]), parameter("v", [1, 2])) }),
    ).toThrow("a loss must be one number, got [2]");
    expect(() => predictMemory({ tape, loss: scalar, trainable: [] })).toThrow(
      "the loss depends on no trainable parameter (trainable: none)",
    );
    expect(() =>
      predictMemory({ tape, loss: scalar, trainable: [w, parameter("u", [1])] }),
    ).toThrow("the loss does not depend on parameter u");
    expect(() => predictMemory({ tape, loss: weightedSum(stopGradient(y), ones(1)) })).toThrow(
      "depends on no trainable parameter (trainable: w, v)",
    );
    expect(() =>
      predictMemory({ tape, loss: scalar, trainable: [{ parameter: w, channels: [1] }] }),
    ).toThrow("parameter w: expected ascending channels from 0 to 0, got [1]");
    expect(() => times(createTape().input("x", [1]), y)).toThrow("recorded on another tape");
    expect(() => times(y, tape.input("ids", [1], "i32"))).toThrow(
      "times: expected operands of type f32, got f32 [1], i32 [1]; operand 1 holds integers",
    );
    expect(() => tape.input("x", [1])).toThrow("input x: the tape has an input of this name");
  });
});

describe("MemoryAccount", () => {
  it("says who keeps what, and counts shared memory once", () => {
    const tape = createTape();
    const w = parameter("w", [1, 2, 3, 4]);
    const x = tape.input("x", [4]);
    const y = tape.scope("layer", () => times(x, w));
    const z = times(y, plusOne(x));
    const account = predictMemory({ tape, loss: weightedSum(z, ones(4)) });
    expect(account.nodes).toEqual([
      {
        name: "layer/times",
        operation: "times",
        bytes: 16,
        keeps: [{ what: "input", shape: [4], type: "f32", bytes: 16, for: ["gradient"] }],
      },
      {
        name: "times",
        operation: "times",
        bytes: 32,
        keeps: [
          { what: "input", shape: [4], type: "f32", bytes: 16, for: ["gradient"] },
          { what: "input", shape: [4], type: "f32", bytes: 16, for: ["gradient"] },
        ],
      },
    ]);
    expect(account.keptBytes).toBe(48);
    expect([account.parameterBytes, account.gradientBytes]).toEqual([16, 16]);
    const twice = predictMemory({ tape, loss: weightedSum(times(y, times(x, w)), ones(4)) });
    const shared = twice.nodes.flatMap(({ keeps }) => keeps).filter((one) => one.sharedWith);
    expect(shared).toEqual([
      {
        what: "input",
        shape: [4],
        type: "f32",
        bytes: 0,
        sharedWith: "layer/times",
        for: ["gradient"],
      },
    ]);
  });

  it("predicts what a run then keeps alive, and nothing is read that it calls dead", () => {
    for (const kernels of everyKernels) {
      const tape = createTape();
      const w = parameter("w", [1, 2, 3, 4]);
      const v = parameter("v", [-1, 0.5, 2, 1]);
      let h = plusOne(times(tape.input("x", [4]), w));
      for (let layer = 0; layer < 4; layer++) h = times(plusOne(h), layer % 2 === 0 ? v : w);
      using program = createProgram(kernels, { tape, loss: weightedSum(h, ones(4)) });
      const x = Float32Array.of(0.1, 0.2, 0.3, 0.4);
      const seen: number[] = [];
      program.run({ x }, { onStep: ({ liveBytes }) => seen.push(liveBytes) });
      expect(seen).toEqual(program.memory.steps.map(({ liveBytes }) => liveBytes));
      const gradients = [w, v].map((one) => program.gradient(one).data);
      program.run({ x }, { scrub: true });
      expect([w, v].map((one) => program.gradient(one).data)).toEqual(gradients);
    }
  });
});
