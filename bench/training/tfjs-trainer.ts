// A training step in tfjs as its users write it: the library's layers, tape and optimiser, on a backend
// that was completed with the missing kernels.
import {
  type ConvolutionNode,
  EPSILON,
  MOMENTUM,
  type NetworkNode,
  type NetworkSpec,
  type Trainer,
} from "./network.js";
import type { Loose } from "./tfjs-kernels.js";

/** tfjs with its own gradients for all that the backend has kernels for. */
export function createTfjsTrainer(tf: Loose, spec: NetworkSpec): Trainer {
  const variables = createVariables(tf, spec);
  const running = createRunningStatistics(tf, spec);
  const list = Object.values(variables);
  const images = tf.tensor(spec.images, spec.inputShape);
  const labels = tf.cast(tf.oneHot(tf.tensor1d(spec.labels, "int32"), spec.classes), "float32");
  const optimizer = tf.train.sgd(spec.learningRate);
  const loss = (): Loose => {
    const values = new Map<string, Loose>([["input", images]]);
    let last: Loose;
    for (const node of spec.nodes) {
      last = forward(tf, node, values, variables, running);
      values.set(node.output, last);
    }
    return tf.losses.softmaxCrossEntropy(labels, last);
  };
  return {
    name: "tfjs-wasm",
    step(): number {
      const value = optimizer.minimize(loss, true, list);
      const number = value.dataSync()[0];
      value.dispose();
      return number;
    },
    read: (name) => variables[name].dataSync().slice(),
    wasmBytes: () => tf.backend().wasm.HEAPU8.length,
    dispose(): void {
      tf.dispose([variables, running, images, labels]);
      optimizer.dispose();
    },
  };
}

/** The parameters of a network as tfjs variables, depthwise weights with their fourth axis. */
export function createVariables(tf: Loose, spec: NetworkSpec): Record<string, Loose> {
  const depthwise = new Set(
    spec.nodes.flatMap((node) => (node.op === "depthwise" ? [node.weight] : [])),
  );
  return Object.fromEntries(
    Object.entries(spec.parameters).map(([name, { shape, data }]) => {
      const full = depthwise.has(name) ? [...shape, 1] : shape;
      return [name, tf.variable(tf.tensor(data.slice(), full))];
    }),
  );
}

/** Running mean and variance of every batch normalisation, by the name of its scale. */
export function createRunningStatistics(tf: Loose, spec: NetworkSpec): Record<string, Loose[]> {
  const running: Record<string, Loose[]> = {};
  for (const node of spec.nodes) {
    if (node.op !== "batch-norm") continue;
    const { shape } = spec.parameters[node.scale]!;
    running[node.scale] = [tf.variable(tf.zeros(shape), false), tf.variable(tf.ones(shape), false)];
  }
  return running;
}

/** Moves running statistics towards those of a batch. */
export function updateRunning(tf: Loose, running: Loose[], batch: readonly Loose[]): void {
  for (const [i, variable] of running.entries()) {
    const kept = tf.mul(variable, tf.scalar(1 - MOMENTUM));
    variable.assign(tf.add(kept, tf.mul(batch[i], tf.scalar(MOMENTUM))));
  }
}

function forward(
  tf: Loose,
  node: NetworkNode,
  values: ReadonlyMap<string, Loose>,
  variables: Readonly<Record<string, Loose>>,
  running: Readonly<Record<string, Loose[]>>,
): Loose {
  const x = values.get(node.input);
  switch (node.op) {
    case "conv": {
      const y = convolve(tf, x, variables[node.weight], node);
      return node.bias === undefined ? y : tf.add(y, variables[node.bias]);
    }
    case "depthwise":
      return tf.depthwiseConv2d(x, variables[node.weight], 1, tfjsPads(node.pads));
    case "batch-norm": {
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      updateRunning(tf, running[node.scale]!, [mean, variance]);
      const { [node.scale]: scale, [node.shift]: shift } = variables;
      return tf.batchNorm(x, mean, variance, shift, scale, EPSILON);
    }
    case "relu":
      return tf.relu(x);
    case "max-pool":
      return tf.maxPool(x, 2, 2, "valid");
    case "global-average-pool":
      return tf.mean(x, [1, 2]);
    case "flatten":
      return tf.reshape(x, [x.shape[0], -1]);
    case "linear":
      return tf.add(tf.matMul(x, variables[node.weight]), variables[node.bias]);
    case "add":
      return tf.add(x, values.get(node.other));
  }
}

function convolve(tf: Loose, x: Loose, weight: Loose, node: ConvolutionNode): Loose {
  return tf.conv2d(x, weight, node.stride, tfjsPads(node.pads));
}

/** Pads as tfjs takes them. */
export function tfjsPads(pads: ConvolutionNode["pads"]): (readonly [number, number])[] {
  const [top, left, bottom, right] = pads;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}
