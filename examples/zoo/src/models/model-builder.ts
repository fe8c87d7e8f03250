import { EdgewrightError, type Rng, sizeOf, type Tensor } from "@edgewright/core";
import type { Attribute, Model, Node } from "@edgewright/graph";
import { glorotNormal, heNormal } from "./initialise-weights.js";

/** A value of the network under construction. */
export interface Value {
  readonly name: string;
  /** Without the batch axis: [channels, height, width], or [features]. */
  readonly shape: readonly number[];
}

/** Options of {@link ModelBuilder.conv}. */
export interface ConvOptions {
  readonly channels: number;
  /** Side of the square kernel. */
  readonly kernel: number;
  /** @default 1 */
  readonly stride?: number;
  /** Zeros on every side. @default half of the kernel, which keeps the size at stride 1 */
  readonly padding?: number;
  /** @default 1 */
  readonly groups?: number;
  /** @default true */
  readonly bias?: boolean;
}

/**
 * Builds an ONNX model layer by layer, with weights drawn from a seeded stream in the order of the
 * layers.
 *
 * @example
 * const net = new ModelBuilder("tiny", [1, 28, 28], createRng(1));
 * let x = net.relu(net.conv(net.input, { channels: 8, kernel: 3 }));
 * x = net.linear(net.globalAveragePool(x), 10);
 * const model = net.build(x);
 */
export class ModelBuilder {
  /** What the model is fed: `image`, [batch, channels, height, width]. */
  readonly input: Value;
  readonly #name: string;
  readonly #rng: Rng;
  readonly #nodes: Node[] = [];
  readonly #initializers = new Map<string, Tensor>();
  readonly #counts = new Map<string, number>();

  constructor(name: string, inputShape: readonly [number, number, number], rng: Rng) {
    this.#name = name;
    this.#rng = rng;
    this.input = { name: "image", shape: inputShape };
  }

  /** A convolution; He-initialised, its bias zero. */
  conv(x: Value, options: ConvOptions): Value {
    const { channels, kernel, stride = 1, groups = 1, bias = true } = options;
    const { padding = Math.floor(kernel / 2) } = options;
    const [inChannels, height, width] = imageShape(x, "conv");
    const name = this.#nameOf("conv");
    const fanIn = (inChannels / groups) * kernel * kernel;
    const inputs = [
      x.name,
      this.#weight(
        `${name}.weight`,
        [channels, inChannels / groups, kernel, kernel],
        heNormal(channels * fanIn, fanIn, this.#rng),
      ),
    ];
    if (bias) inputs.push(this.#weight(`${name}.bias`, [channels], new Float32Array(channels)));
    const size = (length: number) => Math.floor((length + 2 * padding - kernel) / stride) + 1;
    return this.#node("Conv", name, inputs, [channels, size(height), size(width)], {
      kernel_shape: ints(kernel, kernel),
      strides: ints(stride, stride),
      pads: ints(padding, padding, padding, padding),
      dilations: ints(1, 1),
      group: { type: "int", value: groups },
    });
  }

  /** Batch normalisation over each channel, at first the identity. */
  batchNorm(x: Value): Value {
    const [channels] = imageShape(x, "batchNorm");
    const name = this.#nameOf("norm");
    const vector = (part: string, value: number) =>
      this.#weight(`${name}.${part}`, [channels], new Float32Array(channels).fill(value));
    const inputs = [x.name, vector("scale", 1), vector("bias", 0)];
    inputs.push(vector("mean", 0), vector("variance", 1));
    return this.#node("BatchNormalization", name, inputs, x.shape, {
      epsilon: { type: "float", value: Math.fround(1e-5) },
      momentum: { type: "float", value: Math.fround(0.9) },
    });
  }

  relu(x: Value): Value {
    return this.#node("Relu", this.#nameOf("relu"), [x.name], x.shape);
  }

  add(a: Value, b: Value): Value {
    return this.#node("Add", this.#nameOf("add"), [a.name, b.name], a.shape);
  }

  /** The largest of each square of `size` x `size`, side by side. */
  maxPool(x: Value, size: number): Value {
    const [channels, height, width] = imageShape(x, "maxPool");
    const shape = [channels, Math.floor(height / size), Math.floor(width / size)];
    return this.#node("MaxPool", this.#nameOf("pool"), [x.name], shape, {
      kernel_shape: ints(size, size),
      strides: ints(size, size),
    });
  }

  /** The mean of each channel: [channels]. */
  globalAveragePool(x: Value): Value {
    const [channels] = imageShape(x, "globalAveragePool");
    const name = this.#nameOf("mean");
    return this.flatten(this.#node("GlobalAveragePool", name, [x.name], [channels, 1, 1]));
  }

  flatten(x: Value): Value {
    return this.#node("Flatten", this.#nameOf("flatten"), [x.name], [sizeOf(x.shape)], {
      axis: { type: "int", value: 1 },
    });
  }

  /**
   * A linear layer, its bias zero.
   *
   * @param followedBy what comes next: He initialisation before a ReLU, Glorot's before nothing.
   * @default "nothing"
   */
  linear(x: Value, features: number, followedBy: "relu" | "nothing" = "nothing"): Value {
    const [inFeatures] = x.shape;
    if (x.shape.length !== 1 || inFeatures === undefined) throw badShape("linear", "[features]", x);
    const name = this.#nameOf("linear");
    const count = features * inFeatures;
    const weights =
      followedBy === "relu"
        ? heNormal(count, inFeatures, this.#rng)
        : glorotNormal(count, inFeatures, features, this.#rng);
    const inputs = [
      x.name,
      this.#weight(`${name}.weight`, [features, inFeatures], weights),
      this.#weight(`${name}.bias`, [features], new Float32Array(features)),
    ];
    return this.#node("Gemm", name, inputs, [features], { transB: { type: "int", value: 1 } });
  }

  /**
   * The finished model: its last value becomes the output `logits`.
   *
   * @param metadata written into the file. @default nothing
   */
  build(output: Value, metadata: Readonly<Record<string, string>> = {}): Model {
    const rename = (name: string) => (name === output.name ? "logits" : name);
    const nodes = this.#nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
    const value = (name: string, shape: readonly number[]) =>
      ({ name, dtype: "f32", shape: ["batch", ...shape] }) as const;
    return {
      graph: {
        name: this.#name,
        inputs: [value(this.input.name, this.input.shape)],
        outputs: [value("logits", output.shape)],
        initializers: new Map(this.#initializers),
        nodes,
        valueInfo: new Map(),
      },
      opsets: new Map([["", 17]]),
      irVersion: 8,
      producer: "edgewright zoo",
      metadata: new Map(Object.entries(metadata)),
    };
  }

  #nameOf(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return `${kind}${count}`;
  }

  #weight(name: string, shape: readonly number[], data: Float32Array): string {
    this.#initializers.set(name, { dtype: "f32", shape, data });
    return name;
  }

  #node(
    opType: string,
    name: string,
    inputs: readonly string[],
    shape: readonly number[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): Value {
    const output = `${name}.out`;
    const entries = new Map(Object.entries(attributes));
    this.#nodes.push({ name, opType, domain: "", inputs, outputs: [output], attributes: entries });
    return { name: output, shape };
  }
}

function ints(...value: number[]): Attribute {
  return { type: "ints", value };
}

function imageShape(x: Value, layer: string): readonly [number, number, number] {
  const [channels, height, width] = x.shape;
  if (x.shape.length !== 3) throw badShape(layer, "[channels, height, width]", x);
  return [channels!, height!, width!];
}

function badShape(layer: string, expected: string, x: Value): EdgewrightError {
  return new EdgewrightError(
    "shape-mismatch",
    `ModelBuilder.${layer}: ${expected} was expected, ${x.name} is [${x.shape.join(", ")}]`,
  );
}
