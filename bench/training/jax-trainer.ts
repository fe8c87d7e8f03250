// The training step in jax-js: one jitted function from parameters to loss and new parameters. Its own
// convolution (`lax.conv`) is one generic loop nest, 0.3 GFLOP/s; its matrix product is tuned (24 GFLOP/s at
// 512^3). So convolutions are offered in two ways: as its users write them, and as one product for each row of
// the filter over columns gathered side by side, which was the fastest of four (LeNet step: `lax.conv` 287 ms,
// all taps gathered 93 ms, rows then columns 71 ms, a product for each tap 64 ms, for each row 57 ms).
import {
  type ConvolutionNode,
  countReads,
  EPSILON,
  MOMENTUM,
  type NetworkNode,
  type NetworkSpec,
  type Trainer,
} from "./network.js";
import type { Loose } from "./tfjs-kernels.js";

/** How convolutions are computed: by jax-js's own, or by products. */
export type JaxConvolution = "lax" | "products";

/** jax-js with a jitted step. */
export function createJaxTrainer(
  jax: Loose,
  spec: NetworkSpec,
  convolution: JaxConvolution,
): Trainer {
  const { numpy: np, nn, tree } = jax;
  let parameters: Record<string, Loose> = {};
  for (const [name, { shape, data }] of Object.entries(spec.parameters)) {
    parameters[name] = np.array(data.slice()).reshape(shape);
  }
  let running: Record<string, Loose> = {};
  for (const node of spec.nodes) {
    if (node.op !== "batch-norm") continue;
    const { shape } = spec.parameters[node.scale]!;
    running[`${node.scale} mean`] = np.zeros(shape);
    running[`${node.scale} variance`] = np.ones(shape);
  }
  const images = np.array(spec.images).reshape(spec.inputShape);
  const labels = nn.oneHot(np.array(spec.labels), spec.classes);
  const batch = spec.inputShape[0];

  const loss = (weights: Loose, x: Loose, target: Loose): Loose => {
    const moments: Record<string, Loose> = {};
    const logits = forward(jax, spec, convolution, weights, x, moments);
    const value = nn
      .logSoftmax(logits)
      .mul(target)
      .sum()
      .mul(-1 / batch);
    return [value, moments];
  };
  const step = jax.jit((weights: Loose, statistics: Loose, x: Loose, target: Loose): Loose => {
    const gradient = jax.valueAndGrad(loss, { hasAux: true });
    const [[value, moments], gradients] = gradient(tree.ref(weights), x, target);
    const updated = tree.map(
      (weight: Loose, d: Loose) => weight.sub(d.mul(spec.learningRate)),
      weights,
      gradients,
    );
    const moved = tree.map(
      (old: Loose, now: Loose) => old.mul(1 - MOMENTUM).add(now.mul(MOMENTUM)),
      statistics,
      moments,
    );
    return [value, updated, moved];
  });

  return {
    name: convolution === "lax" ? "jax-js" : "jax-js, tuned",
    step(): number {
      const [value, updated, moved] = step(parameters, running, images.ref, labels.ref);
      parameters = updated;
      running = moved;
      return value.dataSync()[0];
    },
    read: (name) => Float32Array.from(parameters[name].ref.dataSync()),
    wasmBytes: () => Math.max(0, ...noted.map(({ buffer }) => buffer.byteLength)),
    dispose(): void {
      step.dispose();
      tree.dispose([parameters, running, images, labels]);
    },
  };
}

function forward(
  jax: Loose,
  spec: NetworkSpec,
  convolution: JaxConvolution,
  weights: Record<string, Loose>,
  images: Loose,
  moments: Record<string, Loose>,
): Loose {
  const { numpy: np, nn } = jax;
  const values = new Map<string, Loose>([["input", images]]);
  const left = countReads(spec.nodes);
  // Arrays are counted by their readers: every use consumes one reference.
  const take = (name: string): Loose => {
    const value = values.get(name);
    left.set(name, left.get(name)! - 1);
    return left.get(name) === 0 ? value : value.ref;
  };
  let last: Loose;
  for (const node of spec.nodes) {
    last = apply(node, take(node.input));
    values.set(node.output, last);
  }
  return last;

  function apply(node: NetworkNode, x: Loose): Loose {
    const [n, h, w, c] = x.shape;
    switch (node.op) {
      case "conv": {
        const weight = weights[node.weight];
        const y =
          convolution === "lax"
            ? laxConvolution(jax, x, weight, node)
            : productConvolution(jax, x, weight, node);
        return node.bias === undefined ? y : y.add(weights[node.bias]);
      }
      case "depthwise":
        return depthwise(jax, x, weights[node.weight], node.pads);
      case "batch-norm": {
        const mean = np.mean(x.ref, [0, 1, 2]);
        const centred = x.sub(mean.ref);
        const variance = np.mean(np.square(centred.ref), [0, 1, 2]);
        moments[`${node.scale} mean`] = jax.lax.stopGradient(mean);
        moments[`${node.scale} variance`] = jax.lax.stopGradient(variance.ref);
        const factor = weights[node.scale].div(np.sqrt(variance.add(EPSILON)));
        return centred.mul(factor).add(weights[node.shift]);
      }
      case "relu":
        return nn.relu(x);
      case "max-pool":
        return x.reshape([n, h / 2, 2, w / 2, 2, c]).max([2, 4]);
      case "global-average-pool":
        return np.mean(x, [1, 2]);
      case "flatten":
        return x.reshape([n, h * w * c]);
      case "linear":
        return np.matmul(x, weights[node.weight]).add(weights[node.bias]);
      case "add":
        return x.add(take(node.other));
    }
  }
}

function laxConvolution(jax: Loose, x: Loose, weight: Loose, node: ConvolutionNode): Loose {
  const [top, left, bottom, right] = node.pads;
  const y = jax.lax.convGeneralDilated(
    x.transpose([0, 3, 1, 2]),
    weight.transpose([3, 2, 0, 1]),
    [node.stride, node.stride],
    [
      [top, bottom],
      [left, right],
    ],
  );
  return y.transpose([0, 2, 3, 1]);
}

function productConvolution(jax: Loose, x: Loose, weight: Loose, node: ConvolutionNode): Loose {
  const { numpy: np } = jax;
  const { stride: s } = node;
  const [kh, kw, c, oc] = weight.shape;
  const [n, h, w] = x.shape;
  if (kh === 1 && kw === 1 && s === 1) {
    return np.matmul(x.reshape([n * h * w, c]), weight.reshape([c, oc])).reshape([n, h, w, oc]);
  }
  const [top, left, bottom, right] = node.pads;
  const oh = Math.floor((h + top + bottom - kh) / s) + 1;
  const ow = Math.floor((w + left + right - kw) / s) + 1;
  // Whole strides, so that a phase is an index.
  const height = Math.ceil((h + top + bottom) / s);
  const width = Math.ceil((w + left + right) / s);
  const padded = np
    .pad(x, [
      [0, 0],
      [top, height * s - h - top],
      [left, width * s - w - left],
      [0, 0],
    ])
    .reshape([n, height, s, width, s, c]);
  const gathered: Loose[] = []; // by phase of the row: [n, height, ow, kw * c]
  for (let phase = 0; phase < Math.min(s, kh); phase++) {
    const columns: Loose[] = [];
    for (let j = 0; j < kw; j++) {
      const from = Math.floor(j / s);
      columns.push(padded.ref.slice([], [], phase, [from, from + ow], j % s));
    }
    gathered.push(kw === 1 ? columns[0] : np.concatenate(columns, 3));
  }
  padded.dispose();
  const rows = weight.reshape([kh, kw * c, oc]);
  let sum: Loose;
  for (let i = 0; i < kh; i++) {
    const from = Math.floor(i / s);
    const patches = gathered[i % s].ref.slice([], [from, from + oh]);
    const part = np.matmul(patches.reshape([n * oh * ow, kw * c]), rows.ref.slice(i));
    sum = sum === undefined ? part : sum.add(part);
  }
  for (const array of [...gathered, rows]) array.dispose();
  return sum.reshape([n, oh, ow, oc]);
}

function depthwise(jax: Loose, x: Loose, weight: Loose, pads: ConvolutionNode["pads"]): Loose {
  const [kh, kw] = weight.shape;
  const [, h, w] = x.shape;
  const [top, left, bottom, right] = pads;
  const padded = jax.numpy.pad(x, [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ]);
  let sum: Loose;
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      const part = padded.ref.slice([], [i, i + h], [j, j + w]).mul(weight.ref.slice(i, j));
      sum = sum === undefined ? part : sum.add(part);
    }
  }
  padded.dispose();
  weight.dispose();
  return sum;
}

const noted: WebAssembly.Memory[] = [];

/** Notes every WebAssembly memory made from now on, since jax-js keeps its own to itself: load it after. */
export function noteMemories(): void {
  WebAssembly.Memory = new Proxy(WebAssembly.Memory, {
    construct(target, args): object {
      const memory: WebAssembly.Memory = Reflect.construct(target, args);
      noted.push(memory);
      return memory;
    },
  });
}
