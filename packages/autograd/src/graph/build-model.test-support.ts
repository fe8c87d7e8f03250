import { createRng, type Rng, sizeOf, type Tensor } from "@edgewright/core";
import type { Attribute, Dim, Model, Node } from "@edgewright/graph";

/** An attribute as tests like to write it: whole numbers are ints, others floats. */
export type AttributeLiteral = number | string | readonly number[] | Attribute;

/** Writes ONNX models by hand, with weights from a seeded stream. */
export class ModelWriter {
  readonly nodes: Node[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly #rng: Rng;

  constructor(seed = 1) {
    this.#rng = createRng(seed);
  }

  /** Adds a node and returns its first output, "Conv1", "Conv2", ... unless named. */
  node(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeLiteral>> = {},
    outputs: readonly string[] = [`${opType}${this.nodes.length}`],
  ): string {
    const entries = Object.entries(attributes).map(
      ([name, value]) => [name, attributeOf(value)] as const,
    );
    this.nodes.push({
      name: outputs[0]!,
      opType,
      domain: "",
      inputs,
      outputs,
      attributes: new Map(entries),
    });
    return outputs[0]!;
  }

  /** Adds an initialiser of uniform numbers around a middle. */
  weight(name: string, shape: readonly number[], { scale = 0.5, middle = 0 } = {}): string {
    const draw = (): number => middle + scale * (2 * this.#rng.uniform() - 1);
    const data = Float32Array.from({ length: sizeOf(shape) }, draw);
    this.initializers.set(name, { dtype: "f32", shape, data });
    return name;
  }

  /** Adds an initialiser of given floats. */
  floats(
    name: string,
    values: readonly number[],
    shape: readonly number[] = [values.length],
  ): string {
    this.initializers.set(name, { dtype: "f32", shape, data: Float32Array.from(values) });
    return name;
  }

  /** Adds an initialiser of 64-bit integers. */
  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    this.initializers.set(name, { dtype: "i64", shape: [values.length], data });
    return name;
  }

  /** A batch normalisation with weights called "name.scale" and so on. */
  batchNorm(x: string, name: string, c: number): string {
    const wide = { scale: 0.3, middle: 1 };
    return this.node("BatchNormalization", [
      x,
      this.weight(`${name}.scale`, [c], wide),
      this.weight(`${name}.shift`, [c]),
      this.weight(`${name}.mean`, [c]),
      this.weight(`${name}.variance`, [c], wide),
    ]);
  }

  /** The model with these inputs ("x": ["batch", 3]) and outputs. */
  model(
    inputs: Readonly<Record<string, readonly Dim[]>>,
    outputs: readonly string[],
    { opset = 17, integers = [] as readonly string[] } = {},
  ): Model {
    return {
      graph: {
        name: "test",
        inputs: Object.entries(inputs).map(([name, shape]) => ({
          name,
          dtype: integers.includes(name) ? "i64" : "f32",
          shape,
        })),
        outputs: outputs.map((name) => ({ name, dtype: "f32", shape: null })),
        initializers: this.initializers,
        nodes: this.nodes,
        valueInfo: new Map(),
      },
      opsets: new Map([["", opset]]),
      irVersion: 8,
      producer: "test",
      metadata: new Map([["note", "kept"]]),
    };
  }
}

function attributeOf(value: AttributeLiteral): Attribute {
  if (typeof value === "number") {
    return { type: Number.isInteger(value) ? "int" : "float", value };
  }
  if (typeof value === "string") return { type: "string", value };
  if (!Array.isArray(value)) return value as Attribute;
  const numbers = value as readonly number[];
  return numbers.every(Number.isInteger)
    ? { type: "ints", value: numbers }
    : { type: "floats", value: numbers };
}
