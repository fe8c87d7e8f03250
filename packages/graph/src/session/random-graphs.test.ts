import { sizeOf, type Tensor } from "@edgewright/core";
import { loadKernels } from "@edgewright/kernels";
import fc from "fast-check";
import { expect, test } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Model, Node } from "../model/model.js";
import { interpretGraph } from "../operators/interpreter.js";
import { randomFloats, relativeError } from "../optimize/compare-optimized.test-support.js";
import { createSession } from "./session.js";

// Random graphs, each layer drawn from those that have a kernel or move data, on random shapes: the
// session with all its rewriting, layouts, views and shared memory against the host operators.

/** Draws whole numbers; fast-check shrinks them. */
type Draw = (below: number) => number;

interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

class GraphMaker {
  readonly nodes: Node[] = [];
  readonly constants: Record<string, Tensor> = {};
  readonly values: Value[];
  readonly #draw: Draw;
  #count = 0;

  constructor(draw: Draw, input: Value) {
    this.#draw = draw;
    this.values = [input];
  }

  addLayer(): void {
    const x = this.values[Math.max(0, this.values.length - 1 - this.#draw(3))]!;
    const makers = [
      () => this.#unary(x),
      () => this.#binary(x),
      () => this.#constantOperand(x),
      () => this.#transpose(x),
      () => this.#concat(x),
      () => this.#slice(x),
      () => this.#reduce(x),
      () => this.#reshape(x),
      () => this.#softmax(x),
      () => this.#product(x),
      () => this.#conv(x),
      () => this.#conv(x),
      () => this.#pool(x),
      () => this.#gate(x),
      () => this.#resize(x),
      () => this.#pad(x),
      () => this.#gather(x),
    ];
    makers[this.#draw(makers.length)]!();
  }

  #emit(
    opType: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Parameters<typeof nodeOf>[3] = {},
  ): Value {
    const name = `v${this.#count++}`;
    this.nodes.push(nodeOf(opType, inputs, [name], attributes));
    const value = { name, shape };
    this.values.push(value);
    return value;
  }

  #constant(shape: readonly number[], values?: readonly number[]): string {
    const name = `c${this.#count++}`;
    this.constants[name] =
      values === undefined
        ? randomFloats(shape, this.#count)
        : { dtype: "f32", shape, data: Float32Array.from(values) };
    return name;
  }

  #integers(values: readonly number[]): string {
    const name = `c${this.#count++}`;
    this.constants[name] = {
      dtype: "i64",
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    };
    return name;
  }

  #unary({ name, shape }: Value): void {
    const opTypes = ["Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Abs", "Neg", "Identity"];
    this.#emit(opTypes[this.#draw(opTypes.length)]!, [name], shape);
  }

  #binary(x: Value): void {
    const same = this.values.filter(({ shape }) => shape.join() === x.shape.join());
    const other = same[this.#draw(same.length)]!;
    const opType = ["Add", "Mul", "Sub", "Max"][this.#draw(4)]!;
    this.#emit(opType, [x.name, other.name], x.shape);
  }

  #constantOperand({ name, shape }: Value): void {
    const own = shape.map((dim) => (this.#draw(2) === 0 ? 1 : dim)).slice(this.#draw(shape.length));
    const constant = this.#constant(own);
    const opType = ["Add", "Mul", "Sub"][this.#draw(3)]!;
    this.#emit(opType, this.#draw(2) === 0 ? [name, constant] : [constant, name], shape);
  }

  #transpose({ name, shape }: Value): void {
    const axes = shape.map((_, axis) => axis);
    const permutation: number[] = [];
    while (axes.length > 0) permutation.push(...axes.splice(this.#draw(axes.length), 1));
    this.#emit(
      "Transpose",
      [name],
      permutation.map((axis) => shape[axis]!),
      { perm: permutation },
    );
  }

  #concat(x: Value): void {
    if (sizeOf(x.shape) > 2000) return;
    const axis = this.#draw(x.shape.length);
    const fitting = this.values.filter(
      ({ shape }) =>
        shape.length === x.shape.length &&
        shape.every((dim, i) => i === axis || dim === x.shape[i]),
    );
    const other = fitting[this.#draw(fitting.length)]!;
    const shape = x.shape.map((dim, i) => (i === axis ? dim + other.shape[i]! : dim));
    this.#emit("Concat", [x.name, other.name], shape, { axis });
  }

  #slice({ name, shape }: Value): void {
    const axis = this.#draw(shape.length);
    const size = shape[axis]!;
    const start = this.#draw(size);
    const end = start + 1 + this.#draw(size - start);
    const step = 1 + this.#draw(2);
    this.#emit(
      "Slice",
      [
        name,
        this.#integers([start]),
        this.#integers([end]),
        this.#integers([axis]),
        this.#integers([step]),
      ],
      shape.map((dim, i) => (i === axis ? Math.ceil((end - start) / step) : dim)),
    );
  }

  #reduce({ name, shape }: Value): void {
    if (shape.length < 2) return;
    const axes = shape.map((_, axis) => axis).filter(() => this.#draw(2) === 0);
    if (axes.length === 0 || axes.length === shape.length) return;
    const keepdims = this.#draw(2);
    const kept = shape.flatMap((dim, i) => (axes.includes(i) ? (keepdims ? [1] : []) : [dim]));
    const opType = ["ReduceMean", "ReduceMax", "ReduceL2"][this.#draw(3)]!;
    this.#emit(opType, [name], kept, { axes, keepdims });
  }

  #reshape({ name, shape }: Value): void {
    const factors = [...shape];
    const at = this.#draw(factors.length);
    if (this.#draw(2) === 0 && factors.length > 1 && at > 0) {
      factors.splice(at - 1, 2, factors[at - 1]! * factors[at]!);
    } else if (factors.length < 5) factors.splice(at, 0, 1);
    this.#emit("Reshape", [name, this.#integers(factors)], factors);
  }

  #softmax({ name, shape }: Value): void {
    this.#emit("Softmax", [name], shape, { axis: this.#draw(shape.length) });
  }

  #product({ name, shape }: Value): void {
    if (shape.length < 2) return;
    const n = 1 + this.#draw(9);
    const k = shape.at(-1)!;
    const product = this.#emit(
      "MatMul",
      [name, this.#constant([k, n])],
      [...shape.slice(0, -1), n],
    );
    if (this.#draw(2) === 0) this.#emit("Add", [product.name, this.#constant([n])], product.shape);
  }

  #conv({ name, shape }: Value): void {
    if (shape.length < 3 || shape.length > 4) return;
    const [n, c, ...spatial] = shape as [number, number, ...number[]];
    const depthwise = this.#draw(3) === 0;
    const oc = depthwise ? c : 1 + this.#draw(10);
    const kernel = spatial.map(() => [1, 3][this.#draw(2)]!);
    const pads = [...kernel, ...kernel].map((size) => (size - 1) / 2);
    const weights = this.#constant([oc, depthwise ? 1 : c, ...kernel]);
    const attributes = { pads, group: depthwise ? c : 1 };
    this.#emit("Conv", [name, weights, this.#constant([oc])], [n, oc, ...spatial], attributes);
  }

  #pool({ name, shape }: Value): void {
    if (shape.length < 3 || shape.length > 4) return;
    if (this.#draw(3) === 0) {
      this.#emit(
        "GlobalAveragePool",
        [name],
        shape.map((dim, i) => (i < 2 ? dim : 1)),
      );
      return;
    }
    const opType = ["MaxPool", "AveragePool"][this.#draw(2)]!;
    const kernel = shape.slice(2).map((dim) => Math.min(2, dim));
    const pooled = shape.map((dim, i) => (i < 2 ? dim : dim - kernel[i - 2]! + 1));
    this.#emit(opType, [name], pooled, { kernel_shape: kernel });
  }

  #gate(x: Value): void {
    const gate = this.#emit("Sigmoid", [x.name], x.shape);
    const product = this.#emit("Mul", [x.name, gate.name], x.shape);
    if (this.#draw(2) === 0) this.#emit("Add", [x.name, product.name], x.shape);
  }

  #pad({ name, shape }: Value): void {
    const mode = ["constant", "reflect", "edge"][this.#draw(3)]!;
    const begins = shape.map((size) => this.#draw(Math.min(3, size)));
    const ends = shape.map((size) => this.#draw(Math.min(3, size)));
    const only = this.#draw(shape.length);
    // By reflection and by the edge along one axis, with zeros along the spatial ones or all.
    const along = (axis: number): boolean => (mode === "constant" ? axis >= 2 : axis === only);
    const pads = [...begins, ...ends].map((amount, i) => (along(i % shape.length) ? amount : 0));
    const padded = shape.map((dim, i) => dim + pads[i]! + pads[i + shape.length]!);
    this.#emit("Pad", [name, this.#integers(pads)], padded, { mode });
  }

  #gather({ name, shape }: Value): void {
    if (shape.length < 2) return;
    const axis = this.#draw(shape.length);
    const index = this.#constant([], [0]);
    this.constants[index] = {
      dtype: "i64",
      shape: [],
      data: BigInt64Array.of(BigInt(this.#draw(shape[axis]!))),
    };
    this.#emit(
      "Gather",
      [name, index],
      shape.filter((_, i) => i !== axis),
      { axis },
    );
  }

  #resize({ name, shape }: Value): void {
    if (shape.length !== 4 || sizeOf(shape) > 500) return;
    const scales = [1, 1, 1 + this.#draw(2), 1 + this.#draw(2)];
    this.#emit(
      "Resize",
      [name, "", this.#constant([4], scales)],
      shape.map((dim, i) => dim * scales[i]!),
      { mode: ["nearest", "linear"][this.#draw(2)]! },
    );
  }
}

function makeModel(numbers: readonly number[]): { model: Model; input: Tensor } {
  let at = 0;
  const draw: Draw = (below) => numbers[at++ % numbers.length]! % below;
  const shape = [1 + draw(2), 1 + draw(9), 1 + draw(6), 1 + draw(6)].slice(0, 3 + draw(2));
  const maker = new GraphMaker(draw, { name: "x", shape });
  for (let layer = 0; layer < 12; layer++) maker.addLayer();
  const wanted = maker.values.slice(-2).filter(({ name }) => name !== "x");
  const model = modelOf(
    graphOf({
      inputs: [
        infoOf(
          "x",
          shape.map(() => null),
        ),
      ],
      outputs: wanted.map(({ name }) => infoOf(name, null)),
      initializers: maker.constants,
      nodes: maker.nodes,
    }),
    17,
  );
  return { model, input: randomFloats(shape, 99) };
}

test("random graphs give what the host operators give", async () => {
  const kernels = await loadKernels();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(1_000_000), { minLength: 150, maxLength: 150 }),
      async (numbers) => {
        const { model, input } = makeModel(numbers);
        const expected = interpretGraph(model.graph, model.opsets, new Map([["x", input]]));
        const session = await createSession(model, { kernels });
        session.runSync({ x: input });
        const outputs = session.runSync({ x: input });
        for (const [name, tensor] of expected) {
          // Differences of nearly equal values make rounding show.
          expect(relativeError(outputs[name]!, tensor), name).toBeLessThan(5e-4);
        }
        session.dispose();
      },
    ),
    { seed: 7, numRuns: Number(globalThis.process?.env?.RANDOM_GRAPHS ?? 150) },
  );
  expect(kernels.arena.used).toBe(0);
});
