import { EdgewrightError, type Tensor } from "@edgewright/core";
import { loadKernels } from "@edgewright/kernels";
import { describe, expect, test } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph } from "../model/model.js";
import { interpretGraph } from "../operators/interpreter.js";
import {
  floats,
  image,
  randomFloats,
  relativeError,
} from "../optimize/compare-optimized.test-support.js";
import { createSession } from "./session.js";

const subgraph = (value: Graph): Attribute => ({ type: "graph", value });
const scalar = (dtype: "bool" | "i64", value: number): Tensor =>
  dtype === "bool"
    ? { dtype, shape: [], data: Uint8Array.of(value) }
    : { dtype, shape: [], data: BigInt64Array.of(BigInt(value)) };

/** Two convolutions with a shortcut, a pooled branch and a product at the end. */
function residualModel() {
  return modelOf(
    graphOf({
      inputs: [image("x", 3)],
      outputs: [infoOf("y", null), infoOf("p", null)],
      initializers: {
        w1: randomFloats([8, 3, 3, 3], 1),
        w2: randomFloats([8, 8, 1, 1], 2),
        m: randomFloats([8, 4], 3),
      },
      nodes: [
        nodeOf("Conv", ["x", "w1"], ["a"], { pads: [1, 1, 1, 1] }),
        nodeOf("Relu", ["a"], ["b"]),
        nodeOf("Conv", ["b", "w2"], ["c"]),
        nodeOf("Add", ["b", "c"], ["d"]),
        nodeOf("MaxPool", ["d"], ["p"], { kernel_shape: [2, 2], strides: [2, 2] }),
        nodeOf("GlobalAveragePool", ["d"], ["g"]),
        nodeOf("Flatten", ["g"], ["f"]),
        nodeOf("MatMul", ["f", "m"], ["s"]),
        nodeOf("Softmax", ["s"], ["y"], { axis: -1 }),
      ],
    }),
  );
}

const feeds = { x: randomFloats([2, 3, 8, 6], 4) };

describe("a run", () => {
  test("gives what the host operators give, with and without optimisation", async () => {
    const model = residualModel();
    const expected = interpretGraph(model.graph, model.opsets, new Map(Object.entries(feeds)));
    for (const optimize of [true, false]) {
      const session = await createSession(model, { optimize });
      const outputs = await session.run(feeds);
      expect(Object.keys(outputs)).toEqual(["y", "p"]);
      for (const [name, tensor] of expected) {
        expect(relativeError(outputs[name]!, tensor)).toBeLessThan(1e-5);
      }
      session.dispose();
    }
  });

  test("returns memory of its own", async () => {
    const session = await createSession(residualModel());
    const first = session.runSync(feeds);
    const before = Float32Array.from(first.p!.data as Float32Array);
    session.runSync({ x: randomFloats([2, 3, 8, 6], 9) });
    expect(first.p!.data).toEqual(before);
    session.dispose();
  });

  test("returns the outputs that are asked for", async () => {
    const session = await createSession(residualModel());
    expect(Object.keys(await session.run(feeds, { outputs: ["p"] }))).toEqual(["p"]);
    await expect(session.run(feeds, { outputs: ["q"] })).rejects.toThrow(
      'the model has no output "q"; it has y, p',
    );
    session.dispose();
  });

  test("takes inputs without elements", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n", 3])],
        outputs: [infoOf("y", null), infoOf("s", null)],
        nodes: [nodeOf("Relu", ["x"], ["y"]), nodeOf("ReduceSum", ["x"], ["s"], { keepdims: 0 })],
      }),
    );
    const session = await createSession(model);
    const { y, s } = session.runSync({ x: floats([0, 3], []) });
    expect(y!.shape).toEqual([0, 3]);
    expect([...s!.data]).toEqual([0]);
    session.dispose();
  });

  test("hands inputs and constants through", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("x", [2]), infoOf("c", [1]), infoOf("v", [2, 1])],
        initializers: { c: floats([1], [7]) },
        nodes: [nodeOf("Unsqueeze", ["x"], ["v"], { axes: [1] })],
      }),
      11,
    );
    const session = await createSession(model);
    const { x, c, v } = session.runSync({ x: floats([2], [1, 2]) });
    expect([...x!.data, ...c!.data, ...v!.data]).toEqual([1, 2, 7, 1, 2]);
    expect(v!.shape).toEqual([2, 1]);
    session.dispose();
  });
});

describe("steps", () => {
  test("compute what run computes, and show every layer's result", async () => {
    const model = residualModel();
    const session = await createSession(model, { optimize: false });
    const expected = new Map<string, Tensor>();
    for (const { outputs } of model.graph.nodes) {
      const graph = { ...model.graph, outputs: [infoOf(outputs[0]!, null)] };
      const values = interpretGraph(graph, model.opsets, new Map(Object.entries(feeds)));
      expected.set(outputs[0]!, values.get(outputs[0]!)!);
    }
    const run = session.steps(feeds);
    let index = 0;
    for (const step of run) {
      expect(step.index).toBe(index++);
      expect(step.ms).toBeGreaterThanOrEqual(0);
      const value = step.read();
      expect(relativeError(value, expected.get(step.outputNames[0]!)!)).toBeLessThan(1e-5);
    }
    // A reshape moves nothing and is no step.
    expect(index).toBe(model.graph.nodes.length - 1);
    expect(run.done).toBe(true);
    expect(run.outputs).toEqual(session.runSync(feeds));
    session.dispose();
  });

  test("count multiply-accumulates of fused layers", async () => {
    const session = await createSession(residualModel());
    const steps = [...session.steps(feeds)].map(({ opType, macs }) => [opType, macs]);
    expect(steps).toEqual([
      ["Conv", 2 * 8 * 6 * 8 * 3 * 9],
      ["Conv", 2 * 8 * 6 * 8 * 8],
      ["MaxPool", 2 * 4 * 3 * 8 * 4],
      ["GlobalAveragePool", 2 * 8 * 6 * 8],
      ["MatMul", 2 * 8 * 4],
      ["Softmax", 0],
    ]);
    session.dispose();
  });

  test("end early by break, and the session is free again", async () => {
    const session = await createSession(residualModel());
    for (const step of session.steps(feeds)) if (step.index === 1) break;
    const run = session.steps(feeds);
    run.next();
    expect(() => run.outputs).toThrow("layers are still to run");
    expect(() => session.runSync(feeds)).toThrow("another run of this session is under way");
    run.return();
    expect(session.runSync(feeds).y!.shape).toEqual([2, 4]);
    session.dispose();
  });

  test("stop at an aborted signal", async () => {
    const session = await createSession(residualModel());
    const abort = new AbortController();
    const run = session.steps(feeds, { signal: abort.signal });
    run.next();
    abort.abort("enough");
    expect(() => run.next()).toThrow(expect.objectContaining({ code: "aborted", cause: "enough" }));
    await expect(session.run(feeds, { signal: abort.signal })).rejects.toThrow("aborted");
    expect(session.runSync(feeds).y!.shape).toEqual([2, 4]);
    await expect(createSession(residualModel(), { signal: abort.signal })).rejects.toThrow(
      "createSession: aborted",
    );
    session.dispose();
  });
});

test("sessions that share kernels do not disturb each other, layer by layer", async () => {
  const kernels = await loadKernels();
  const [a, b] = [
    await createSession(residualModel(), { kernels }),
    await createSession(residualModel(), { kernels }),
  ];
  const other = { x: randomFloats([1, 3, 8, 6], 11) };
  const expected = [a.runSync(feeds), b.runSync(other)];
  const [runA, runB] = [a.steps(feeds), b.steps(other)];
  for (;;) {
    const [stepA, stepB] = [runA.next(), runB.next()];
    if (stepA.done && stepB.done) break;
  }
  expect([runA.outputs, runB.outputs]).toEqual(expected);
  a.dispose();
  expect(b.runSync(other)).toEqual(expected[1]);
  b.dispose();
  expect(kernels.arena.used).toBe(0);
});

test("plans of the least recently used shapes are given back", async () => {
  const kernels = await loadKernels();
  const session = await createSession(residualModel(), { kernels, maxShapes: 2 });
  const run = (height: number) => session.runSync({ x: randomFloats([1, 3, height, 6], height) });
  const expected = run(4);
  run(6);
  expect(session.memory().plans).toBe(2);
  const used = kernels.arena.used;
  for (let i = 0; i < 5; i++) {
    run(4);
    run(5);
    run(6);
  }
  expect(session.memory().plans).toBe(2);
  expect(kernels.arena.used).toBeLessThan(used * 1.5);
  expect(run(4)).toEqual(expected);
  session.dispose();
});

test("the profile has a row for every layer, the memory report adds up", async () => {
  const session = await createSession(residualModel());
  const rows = session.profile(feeds, { rounds: 3 });
  expect(rows.map(({ opType }) => opType)).toEqual([
    ...["Conv", "Conv", "MaxPool", "GlobalAveragePool", "MatMul", "Softmax"],
  ]);
  for (const { ms, macs, gflops } of rows) {
    if (ms > 0) expect(gflops).toBeCloseTo((2 * macs) / ms / 1e6, 6);
  }
  const memory = session.memory();
  expect(memory.modelBytes).toBe(4 * (8 * 27 + 64 + 32));
  // The input, and the first two layers' results beside each other at most.
  expect(memory.peakActivationBytes).toBeLessThan(4 * 96 * (3 + 8 + 8) + 4 * 2 * 80 * 3 + 512);
  expect(memory.peakActivationBytes).toBeLessThan(memory.unsharedActivationBytes);
  expect(memory.wasmBytes).toBeGreaterThan(memory.weightBytes + memory.peakActivationBytes);
  session.dispose();
});

describe("feeds that do not fit", () => {
  test.each([
    [
      "a missing input",
      {},
      "invalid-argument",
      'input "x" is missing; the model takes "x" f32 [n, 3, h, w]',
    ],
    [
      "an unknown input",
      { ...feeds, z: feeds.x },
      "invalid-argument",
      'the model has no input "z"',
    ],
    [
      "another element type",
      { x: scalar("i64", 1) },
      "invalid-argument",
      'input "x" is of type f32, got i64',
    ],
    [
      "another fixed size",
      { x: randomFloats([1, 4, 8, 6]) },
      "shape-mismatch",
      "[n, 3, h, w], got [1, 4, 8, 6]",
    ],
    [
      "another rank",
      { x: randomFloats([3, 8, 6]) },
      "shape-mismatch",
      "[n, 3, h, w], got [3, 8, 6]",
    ],
    [
      "too few elements",
      { x: { ...feeds.x, data: new Float32Array(3) } },
      "shape-mismatch",
      "needs 288 elements, its data has 3",
    ],
    [
      "another kind of array",
      { x: { ...feeds.x, data: new Int16Array(288) as never } },
      "invalid-argument",
      "needs Float32Array data, got Int16Array",
    ],
    ["no tensor", { x: null as never }, "invalid-argument", "must be a tensor"],
  ] as const)("%s", async (_, wrong, code, message) => {
    const session = await createSession(residualModel());
    const error = await session.run(wrong as never).catch((caught: unknown) => caught);
    expect(EdgewrightError.isInstance(error) && error.code).toBe(code);
    expect(String(error)).toContain(message);
    session.dispose();
  });

  test("a shape that only a layer refuses names the layer", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("a", null), infoOf("b", null)],
        outputs: [infoOf("y", null)],
        nodes: [nodeOf("Add", ["a", "b"], ["y"], {}, "the sum")],
      }),
    );
    const session = await createSession(model);
    expect(() => session.runSync({ a: randomFloats([2]), b: randomFloats([3]) })).toThrow(
      expect.objectContaining({ code: "shape-mismatch", where: "the sum" }),
    );
    session.dispose();
  });

  test("a tensor beyond the limit is refused before memory is taken", async () => {
    const session = await createSession(residualModel(), { maxTensorBytes: 1000 });
    expect(() => session.runSync(feeds)).toThrow(
      expect.objectContaining({ code: "limit-exceeded" }),
    );
    session.dispose();
  });
});

test("a disposed session says so", async () => {
  const session = await createSession(residualModel());
  session.dispose();
  session.dispose();
  expect(() => session.runSync(feeds)).toThrow(expect.objectContaining({ code: "disposed" }));
});

describe("shapes and branches that depend on data", () => {
  test("a layer behind one of unknown size is planned when the size shows", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n"])],
        outputs: [infoOf("y", null), infoOf("z", null)],
        initializers: { two: floats([], [2]) },
        nodes: [
          nodeOf("Relu", ["x"], ["r"]),
          nodeOf("NonZero", ["r"], ["places"]),
          nodeOf("Squeeze", ["places"], ["flat"], { axes: [0] }),
          nodeOf("Gather", ["r", "flat"], ["kept"]),
          nodeOf("Mul", ["kept", "two"], ["y"]),
          nodeOf("Mul", ["r", "two"], ["z"]),
        ],
      }),
      11,
    );
    const session = await createSession(model);
    const { y, z } = session.runSync({ x: floats([4], [1, -1, 3, 0]) });
    expect([...y!.data]).toEqual([2, 6]);
    expect([...z!.data]).toEqual([2, 0, 6, 0]);
    expect([...session.runSync({ x: floats([4], [1, 2, 3, 4]) }).y!.data]).toEqual([2, 4, 6, 8]);
    session.dispose();
  });

  function branchModel(conditionShape: readonly number[], fromInput: boolean) {
    const branch = (name: string, opType: string) =>
      graphOf({
        name,
        outputs: [infoOf("r", null)],
        initializers: { w: randomFloats([4, 4, 1, 1], 5) },
        nodes: [nodeOf("Conv", ["x", "w"], ["t"]), nodeOf(opType, ["t"], ["r"])],
      });
    return modelOf(
      graphOf({
        inputs: fromInput
          ? [image("x", 4), infoOf("flag", conditionShape, "bool")]
          : [image("x", 4)],
        outputs: [infoOf("y", null)],
        initializers: { zero: floats([], [0]) },
        nodes: [
          ...(fromInput
            ? []
            : [
                nodeOf("ReduceMax", ["x"], ["max"], { keepdims: 0 }),
                nodeOf("Greater", ["max", "zero"], ["flag"]),
              ]),
          nodeOf("If", ["flag"], ["r"], {
            then_branch: subgraph(branch("then", "Relu")),
            else_branch: subgraph(branch("else", "Neg")),
          }),
          nodeOf("Abs", ["r"], ["y"]),
        ],
      }),
      12,
    );
  }

  test("a branch that an input decides is inlined and runs on kernels", async () => {
    const model = branchModel([], true);
    const session = await createSession(model);
    for (const flag of [0, 1, 0]) {
      const all = { x: randomFloats([1, 4, 3, 3], 6), flag: scalar("bool", flag) };
      const expected = interpretGraph(model.graph, model.opsets, new Map(Object.entries(all)));
      const run = session.steps(all);
      expect([...run].map(({ engine }) => engine)).not.toContain("host");
      expect(relativeError(run.outputs.y!, expected.get("y")!)).toBeLessThan(1e-5);
    }
    expect(session.memory().plans).toBe(2);
    session.dispose();
  });

  test("a branch that a layer decides runs on the host", async () => {
    const model = branchModel([], false);
    const session = await createSession(model);
    for (const scale of [1, -1]) {
      const x = randomFloats([1, 4, 3, 3], 6);
      const positive = floats(
        x.shape,
        [...x.data].map((v) => scale * Math.abs(v)),
      );
      const expected = interpretGraph(model.graph, model.opsets, new Map([["x", positive]]));
      const { y } = session.runSync({ x: positive });
      expect(relativeError(y!, expected.get("y")!)).toBeLessThan(1e-5);
    }
    session.dispose();
  });

  test("a loop carries values and stacks what it emits", async () => {
    const body = graphOf({
      inputs: [infoOf("i", [], "i64"), infoOf("go", [], "bool"), infoOf("s", [2])],
      outputs: [infoOf("go2", [], "bool"), infoOf("s2", [2]), infoOf("e", [2])],
      nodes: [
        nodeOf("Identity", ["go"], ["go2"]),
        nodeOf("Add", ["s", "x"], ["s2"]),
        nodeOf("Identity", ["s2"], ["e"]),
      ],
    });
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("last", [2]), infoOf("all", null)],
        initializers: { trips: scalar("i64", 3), start: floats([2], [0, 10]) },
        nodes: [nodeOf("Loop", ["trips", "", "start"], ["last", "all"], { body: subgraph(body) })],
      }),
      13,
    );
    const session = await createSession(model);
    const { last, all } = session.runSync({ x: floats([2], [1, 2]) });
    expect([...last!.data]).toEqual([3, 16]);
    expect(all!.shape).toEqual([3, 2]);
    expect([...all!.data]).toEqual([1, 12, 2, 14, 3, 16]);
    session.dispose();
  });
});
