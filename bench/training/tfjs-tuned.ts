// The same step in tfjs with every backward pass written by hand out of the backend's fastest kernels: what
// an expert could get out of the library without touching its C++. Where the library's own way was slower:
//
// - Conv2DBackpropInput exists, in plain loops: 6.9 ms for LeNet's second convolution, 65 ms for 16 -> 16 at
//   32 x 32. As a convolution of the gradients with the turned filter: 1.5 and 5.4 ms; with stride 2 as one
//   convolution that computes the four phases as channels: 6.5 ms against 33 ms.
// - MaxPoolGrad exists, in plain loops: 3.6 ms for LeNet's two. By comparing the input with its maxima,
//   enlarged: 1 ms. Windows with several largest values share the gradient evenly, as in JAX.
// - Products with a transposed operand leave XNNPACK for plain loops: transpose first.
// - Sums over pixels: 0.9 ms by Sum at 32 x 32 x 32 x 16; average pooling and a small product 0.1 ms.
// - Scaling channels: 0.5 ms by broadcasting; a 1 x 1 depthwise convolution with bias 0.13 ms. Batch
//   normalisation is made of these.
import {
  type ConvolutionNode,
  countReads,
  EPSILON,
  type NetworkNode,
  type NetworkSpec,
  type Trainer,
} from "./network.js";
import type { Loose } from "./tfjs-kernels.js";
import {
  createRunningStatistics,
  createVariables,
  tfjsPads,
  updateRunning,
} from "./tfjs-trainer.js";

/** Takes the gradient of a value; gives that of the node's input, and of `other` where there is one. */
type Backward = (dy: Loose) => readonly [input: Loose, other?: Loose];

interface Context {
  readonly tf: Loose;
  readonly variables: Readonly<Record<string, Loose>>;
  readonly running: Readonly<Record<string, Loose[]>>;
  readonly gradients: Map<string, Loose>;
  /** The node's input needs no gradient. */
  readonly first: boolean;
  /** A ReLU follows and is computed with the node. */
  readonly relu: boolean;
}

/** tfjs with every backward pass in user land. */
export function createTunedTfjsTrainer(tf: Loose, spec: NetworkSpec): Trainer {
  const variables = createVariables(tf, spec);
  const running = createRunningStatistics(tf, spec);
  const images = tf.tensor(spec.images, spec.inputShape);
  const labels = tf.cast(tf.oneHot(tf.tensor1d(spec.labels, "int32"), spec.classes), "float32");
  const rate = tf.scalar(spec.learningRate);
  const reads = countReads(spec.nodes);
  const nodes = fuseRelu(spec.nodes, reads);

  function step(): number {
    const values = new Map<string, Loose>([["input", images]]);
    const gradients = new Map<string, Loose>();
    const tape: { node: NetworkNode; output: string; backward: Backward }[] = [];
    let last: Loose;
    for (const { node, output } of nodes) {
      const context = {
        tf,
        variables,
        running,
        gradients,
        first: node.input === "input",
        relu: output !== node.output,
      };
      const { y, backward } = forward(node, values, context);
      values.set(output, y);
      tape.push({ node, output, backward });
      last = y;
    }
    const shifted = tf.sub(last, tf.max(last, 1, true));
    const logSoftmax = tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), 1, true)));
    const batch = tf.scalar(1 / images.shape[0]);
    const loss = tf.mul(tf.neg(tf.sum(tf.mul(labels, logSoftmax))), batch);
    const adjoints = new Map<string, Loose>();
    adjoints.set(tape.at(-1)!.output, tf.mul(tf.sub(tf.exp(logSoftmax), labels), batch));
    const give = (name: string, gradient: Loose): void => {
      const before = adjoints.get(name);
      adjoints.set(name, before === undefined ? gradient : tf.add(before, gradient));
    };
    for (const { node, output, backward } of tape.reverse()) {
      const [dx, other] = backward(adjoints.get(output));
      if (dx !== undefined) give(node.input, dx);
      if (node.op === "add") give(node.other, other);
    }
    for (const [name, gradient] of gradients) {
      const variable = variables[name];
      variable.assign(tf.sub(variable, tf.mul(tf.reshape(gradient, variable.shape), rate)));
    }
    return loss.dataSync()[0];
  }

  return {
    name: "tfjs-wasm, tuned",
    step: () => {
      tf.engine().startScope();
      try {
        return step();
      } finally {
        tf.engine().endScope();
      }
    },
    read: (name) => variables[name]!.dataSync().slice(),
    wasmBytes: () => tf.backend().wasm.HEAPU8.length,
    dispose: () => tf.dispose([variables, running, images, labels, rate]),
  };
}

// A ReLU that alone reads what a layer writes is computed with the layer.
function fuseRelu(
  nodes: readonly NetworkNode[],
  reads: ReadonlyMap<string, number>,
): { node: NetworkNode; output: string }[] {
  const fusable = new Set(["conv", "linear", "batch-norm"]);
  const fused: { node: NetworkNode; output: string }[] = [];
  for (const node of nodes) {
    const before = fused.at(-1);
    const alone = before?.output === node.input && reads.get(node.input) === 1;
    if (node.op === "relu" && alone && before !== undefined && fusable.has(before.node.op)) {
      before.output = node.output;
    } else fused.push({ node, output: node.output });
  }
  return fused;
}

function forward(
  node: NetworkNode,
  values: ReadonlyMap<string, Loose>,
  context: Context,
): { y: Loose; backward: Backward } {
  const { tf, variables, gradients } = context;
  const x = values.get(node.input);
  switch (node.op) {
    case "conv":
      return convolution(x, node, context);
    case "depthwise": {
      const filter = variables[node.weight];
      const pad = tfjsPads(node.pads);
      const attrs = { strides: [1, 1], dilations: [1, 1], pad };
      return {
        y: tf.depthwiseConv2d(x, filter, 1, pad),
        backward: (dy) => {
          const filterShape = filter.shape;
          gradients.set(
            node.weight,
            run(tf, "DepthwiseConv2dNativeBackpropFilter", { x, dy }, { ...attrs, filterShape }),
          );
          const inputShape = x.shape;
          return [
            run(tf, "DepthwiseConv2dNativeBackpropInput", { dy, filter }, { ...attrs, inputShape }),
          ];
        },
      };
    }
    case "batch-norm":
      return batchNorm(x, node, context);
    case "relu": {
      const y = tf.relu(x);
      return { y, backward: (dy) => [tf.mul(dy, tf.step(y))] };
    }
    case "max-pool": {
      const y = tf.maxPool(x, 2, 2, "valid");
      return { y, backward: (dy) => [maxPoolGradient(tf, x, y, dy)] };
    }
    case "global-average-pool": {
      const [n, h, w, c] = x.shape;
      const y = tf.reshape(tf.avgPool(x, [h, w], 1, "valid"), [n, c]);
      return {
        y,
        backward: (dy) => {
          const part = tf.mul(tf.reshape(dy, [n, 1, 1, c]), tf.scalar(1 / (h * w)));
          return [tf.image.resizeNearestNeighbor(part, [h, w])];
        },
      };
    }
    case "flatten":
      return {
        y: tf.reshape(x, [x.shape[0], -1]),
        backward: (dy) => [tf.reshape(dy, x.shape)],
      };
    case "linear": {
      const { [node.weight]: weight, [node.bias]: bias } = variables;
      const activation = context.relu ? "relu" : "linear";
      const y = tf.fused.matMul({ a: x, b: weight, bias, activation });
      return {
        y,
        backward: (dy) => {
          const dz = context.relu ? tf.mul(dy, tf.step(y)) : dy;
          gradients.set(node.weight, tf.matMul(tf.transpose(x), dz));
          gradients.set(node.bias, tf.matMul(tf.ones([1, dz.shape[0]]), dz));
          return [tf.matMul(dz, tf.transpose(weight))];
        },
      };
    }
    case "add":
      return { y: tf.add(x, values.get(node.other)), backward: (dy) => [dy, dy] };
  }
}

function convolution(
  x: Loose,
  node: ConvolutionNode,
  context: Context,
): { y: Loose; backward: Backward } {
  const { tf, variables, gradients, relu } = context;
  const { stride } = node;
  const filter = variables[node.weight];
  const pad = tfjsPads(node.pads);
  const y = tf.fused.conv2d({
    x,
    filter,
    strides: stride,
    pad,
    activation: relu ? "relu" : "linear",
    ...(node.bias ? { bias: variables[node.bias] } : {}),
  });
  const backward: Backward = (dy) => {
    const dz = relu ? tf.mul(dy, tf.step(y)) : dy;
    const attrs = { strides: [stride, stride], pad, dataFormat: "NHWC", filterShape: filter.shape };
    gradients.set(node.weight, run(tf, "Conv2DBackpropFilter", { x, dy: dz }, attrs));
    if (node.bias) gradients.set(node.bias, sumPixels(tf, dz));
    return [context.first ? undefined : convInputGradient(tf, dz, filter, x.shape, node)];
  };
  return { y, backward };
}

function convInputGradient(
  tf: Loose,
  dy: Loose,
  filter: Loose,
  [n, h, w]: readonly [number, number, number, number],
  node: ConvolutionNode,
): Loose {
  const [kh, kw, c, oc] = filter.shape;
  const [top, left, bottom, right] = node.pads;
  const { stride } = node;
  const conv = (x: Loose, turned: Loose, pad: readonly (readonly number[])[]): Loose =>
    tf.conv2d(x, turned, 1, [[0, 0], ...pad, [0, 0]]);
  if (stride === 1) {
    return conv(dy, tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]), [
      [kh - 1 - top, kh - 1 - bottom],
      [kw - 1 - left, kw - 1 - right],
    ]);
  }
  // Every phase (row and column modulo the stride) is a convolution with its own taps: together one
  // convolution with stride^2 times the channels, whose channels are then spread over the pixels.
  const rows = phaseTaps(kh, top, stride);
  const columns = phaseTaps(kw, left, stride);
  const taps: number[] = [];
  for (let u = 0; u < rows.count; u++) {
    for (let v = 0; v < columns.count; v++) {
      for (const row of rows.taps) {
        for (const column of columns.taps) {
          const [i, j] = [row[u]!, column[v]!];
          taps.push(i < 0 || j < 0 ? kh * kw : i * kw + j); // the row after the last is zero
        }
      }
    }
  }
  const padded = tf.pad(tf.reshape(filter, [kh * kw, c * oc]), [
    [0, 1],
    [0, 0],
  ]);
  const phases = stride * stride;
  const picked = tf.gather(padded, tf.tensor1d(taps, "int32"));
  const turned = tf.reshape(
    tf.transpose(tf.reshape(picked, [rows.count * columns.count, phases * c, oc]), [0, 2, 1]),
    [rows.count, columns.count, oc, phases * c],
  );
  const [, oh, ow] = dy.shape;
  const y = conv(dy, turned, [
    [-rows.from, h / stride + rows.count - 1 - oh + rows.from],
    [-columns.from, w / stride + columns.count - 1 - ow + columns.from],
  ]);
  const cells = tf.reshape(y, [(n * h) / stride, w / stride, stride, stride * c]);
  return tf.reshape(tf.transpose(cells, [0, 2, 1, 3]), [n, h, w, c]);
}

// Which tap of the filter, for every phase, meets the gradient `from + u` pixels away; -1 for none.
function phaseTaps(
  k: number,
  pad: number,
  stride: number,
): { from: number; count: number; taps: number[][] } {
  const offsets: { phase: number; tap: number; offset: number }[] = [];
  for (let phase = 0; phase < stride; phase++) {
    for (let tap = 0; tap < k; tap++) {
      if ((phase + pad - tap) % stride === 0) {
        offsets.push({ phase, tap, offset: (phase + pad - tap) / stride });
      }
    }
  }
  const from = Math.min(...offsets.map(({ offset }) => offset));
  const count = Math.max(...offsets.map(({ offset }) => offset)) - from + 1;
  const taps = Array.from({ length: stride }, () => new Array<number>(count).fill(-1));
  for (const { phase, tap, offset } of offsets) taps[phase]![offset - from] = tap;
  return { from, count, taps };
}

function batchNorm(
  x: Loose,
  node: NetworkNode & { op: "batch-norm" },
  context: Context,
): { y: Loose; backward: Backward } {
  const { tf, variables, running, gradients, relu } = context;
  const { [node.scale]: scale, [node.shift]: shift } = variables;
  const [n, h, w, c] = x.shape;
  const one = tf.scalar(1 / (n * h * w));
  const affine = (input: Loose, factor: Loose, bias: Loose, activation = "linear"): Loose =>
    tf.fused.depthwiseConv2d({
      x: input,
      filter: tf.reshape(factor, [1, 1, c, 1]),
      bias, // whose own shape must be [c]: the kernel looks behind a reshape
      strides: 1,
      pad: 0,
      activation,
    });
  const mean = tf.mul(sumPixels(tf, x), one);
  const centred = affine(x, tf.ones([c]), tf.neg(mean));
  const variance = tf.mul(sumPixels(tf, tf.square(centred)), one);
  const deviation = tf.rsqrt(tf.add(variance, tf.scalar(EPSILON)));
  updateRunning(tf, running[node.scale]!, [mean, variance]);
  const factor = tf.mul(deviation, scale);
  const y = affine(centred, factor, shift, relu ? "relu" : "linear");
  const backward: Backward = (dy) => {
    const dz = relu ? tf.mul(dy, tf.step(y)) : dy;
    const dShift = sumPixels(tf, dz);
    const dScale = tf.mul(sumPixels(tf, tf.mul(dz, centred)), deviation);
    gradients.set(node.shift, dShift);
    gradients.set(node.scale, dScale);
    const along = tf.neg(tf.mul(tf.mul(factor, deviation), tf.mul(dScale, one)));
    const offset = tf.neg(tf.mul(factor, tf.mul(dShift, one)));
    return [tf.add(affine(dz, factor, offset), affine(centred, along, tf.zeros([c])))];
  };
  return { y, backward };
}

function maxPoolGradient(tf: Loose, x: Loose, y: Loose, dy: Loose): Loose {
  const [, h, w] = x.shape;
  const enlarge = (value: Loose): Loose => tf.image.resizeNearestNeighbor(value, [h, w]);
  const less = tf.step(tf.sub(enlarge(y), x));
  const largest = tf.sub(tf.scalar(4), tf.mul(tf.avgPool(less, 2, 2, "valid"), tf.scalar(4)));
  const shared = enlarge(tf.div(dy, largest));
  return tf.sub(shared, tf.mul(shared, less));
}

// Sums over all but the last axis, as [c].
function sumPixels(tf: Loose, x: Loose): Loose {
  const [n, h, w, c] = x.shape;
  const means = tf.reshape(tf.avgPool(x, [h, w], 1, "valid"), [n, c]);
  return tf.reshape(tf.matMul(tf.fill([1, n], h * w), means), [c]);
}

function run(tf: Loose, kernel: string, inputs: object, attrs: object): Loose {
  return tf.engine().runKernel(kernel, inputs, attrs);
}
