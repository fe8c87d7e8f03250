// The three networks of the benchmark: LeNet-5, and ResNet-8 and DS-CNN of MLPerf Tiny (without dropout
// and weight decay; plain gradient descent).
import {
  createNumbers,
  type NetworkNode,
  type NetworkSpec,
  type Pads,
  type ParameterSpec,
} from "./network.js";

const BATCH = 32;

/** LeCun 1998 with ReLU and max pooling: 6-16-120-84-10 on 28 x 28 x 1. */
export function lenet5(): NetworkSpec {
  const net = new NetworkWriter(1, [BATCH, 28, 28, 1], 10, 0.02);
  let x = net.conv("input", 6, [5, 5], { pads: [2, 2, 2, 2], bias: true });
  x = net.write("max-pool", net.write("relu", x));
  x = net.conv(x, 16, [5, 5], { pads: [0, 0, 0, 0], bias: true });
  x = net.write("flatten", net.write("max-pool", net.write("relu", x)), 400);
  x = net.write("relu", net.linear(x, 120));
  x = net.write("relu", net.linear(x, 84));
  net.linear(x, 10);
  return net.finish("LeNet-5");
}

/** ResNet-8 of MLPerf Tiny: 16-32-64 channels on 32 x 32 x 3. */
export function resnet8(): NetworkSpec {
  const net = new NetworkWriter(2, [BATCH, 32, 32, 3], 10, 0.02);
  const around: Pads = [1, 1, 1, 1];
  const convNorm = (x: string, channels: number, stride = 1): string =>
    net.norm(net.conv(x, channels, [3, 3], { pads: around, stride }));
  let x = net.write("relu", convNorm("input", 16));
  for (const [channels, stride] of [
    [16, 1],
    [32, 2],
    [64, 2],
  ] as const) {
    const y = convNorm(net.write("relu", convNorm(x, channels, stride)), channels);
    const shortcut =
      stride === 1 ? x : net.conv(x, channels, [1, 1], { pads: [0, 0, 0, 0], stride, bias: true });
    x = net.write("relu", net.add(y, shortcut));
  }
  net.linear(net.write("global-average-pool", x), 10);
  return net.finish("ResNet-8");
}

/** The depthwise-separable network for keywords of MLPerf Tiny: 64 channels on 49 x 10 x 1. */
export function dsCnn(): NetworkSpec {
  const net = new NetworkWriter(3, [BATCH, 49, 10, 1], 12, 0.05);
  const first = net.conv("input", 64, [10, 4], { pads: [4, 1, 5, 1], stride: 2 });
  let x = net.write("relu", net.norm(first));
  for (let block = 0; block < 4; block++) {
    x = net.write("relu", net.norm(net.depthwise(x)));
    x = net.write("relu", net.norm(net.conv(x, 64, [1, 1], { pads: [0, 0, 0, 0] })));
  }
  net.linear(net.write("global-average-pool", x), 12);
  return net.finish("DS-CNN");
}

type Simple = "relu" | "max-pool" | "global-average-pool" | "flatten";

class NetworkWriter {
  readonly #nodes: NetworkNode[] = [];
  readonly #parameters: Record<string, ParameterSpec> = {};
  readonly #channels = new Map<string, number>();
  readonly #next: () => number;
  readonly #inputShape: NetworkSpec["inputShape"];
  readonly #classes: number;
  readonly #learningRate: number;

  constructor(
    seed: number,
    inputShape: NetworkSpec["inputShape"],
    classes: number,
    learningRate: number,
  ) {
    this.#next = createNumbers(seed);
    this.#inputShape = inputShape;
    this.#classes = classes;
    this.#learningRate = learningRate;
    this.#channels.set("input", inputShape[3]);
  }

  conv(
    input: string,
    oc: number,
    [kh, kw]: readonly [number, number],
    options: { pads: Pads; stride?: number; bias?: boolean },
  ): string {
    const { pads, stride = 1 } = options;
    const c = this.#channels.get(input)!;
    const weight = this.#weights([kh, kw, c, oc], kh * kw * c);
    const bias = options.bias ? { bias: this.#constant(oc, 0) } : {};
    return this.#push(oc, (output) => ({
      op: "conv",
      input,
      output,
      weight,
      ...bias,
      stride,
      pads,
    }));
  }

  depthwise(input: string): string {
    const c = this.#channels.get(input)!;
    const weight = this.#weights([3, 3, c], 9);
    return this.#push(c, (output) => ({
      op: "depthwise",
      input,
      output,
      weight,
      pads: [1, 1, 1, 1],
    }));
  }

  norm(input: string): string {
    const c = this.#channels.get(input)!;
    const scale = this.#constant(c, 1);
    const shift = this.#constant(c, 0);
    return this.#push(c, (output) => ({ op: "batch-norm", input, output, scale, shift }));
  }

  linear(input: string, oc: number): string {
    const c = this.#channels.get(input)!;
    const weight = this.#weights([c, oc], c);
    const bias = this.#constant(oc, 0);
    return this.#push(oc, (output) => ({ op: "linear", input, output, weight, bias }));
  }

  add(input: string, other: string): string {
    const c = this.#channels.get(input)!;
    return this.#push(c, (output) => ({ op: "add", input, other, output }));
  }

  write(op: Simple, input: string, channels = this.#channels.get(input)!): string {
    return this.#push(channels, (output) => ({ op, input, output }));
  }

  finish(name: string): NetworkSpec {
    const size = this.#inputShape.reduce((product, part) => product * part, 1);
    return {
      name,
      nodes: this.#nodes,
      parameters: this.#parameters,
      inputShape: this.#inputShape,
      classes: this.#classes,
      learningRate: this.#learningRate,
      images: Float32Array.from({ length: size }, () => this.#next()),
      labels: Int32Array.from({ length: this.#inputShape[0] }, (_, i) => (i * 7) % this.#classes),
    };
  }

  #push(channels: number, make: (output: string) => NetworkNode): string {
    const output = `value${this.#nodes.length}`;
    this.#nodes.push(make(output));
    this.#channels.set(output, channels);
    return output;
  }

  // He et al. 2015: uniform with the variance 2 / fan-in.
  #weights(shape: readonly number[], fanIn: number): string {
    const bound = Math.sqrt(6 / fanIn);
    const length = shape.reduce((product, part) => product * part, 1);
    return this.#parameter(
      shape,
      Float32Array.from({ length }, () => bound * this.#next()),
    );
  }

  #constant(length: number, value: number): string {
    return this.#parameter([length], new Float32Array(length).fill(value));
  }

  #parameter(shape: readonly number[], data: Float32Array): string {
    const name = `p${Object.keys(this.#parameters).length}`;
    this.#parameters[name] = { shape, data };
    return name;
  }
}
