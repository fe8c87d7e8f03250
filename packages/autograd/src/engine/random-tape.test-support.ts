import { createRng, type Rng } from "@edgewright/core";
import { averagePool2d } from "../operations/average-pool2d.js";
import { batchNorm } from "../operations/batch-norm.js";
import { add, multiply } from "../operations/broadcast-arithmetic.js";
import { concat } from "../operations/concat.js";
import { conv2d } from "../operations/conv2d.js";
import { depthwiseConv2d } from "../operations/depthwise-conv2d.js";
import { linear } from "../operations/linear.js";
import { maxPool2d } from "../operations/max-pool2d.js";
import { meanSquaredError } from "../operations/mean-squared-error.js";
import { relu } from "../operations/relu.js";
import { reshape } from "../operations/reshape.js";
import { slice } from "../operations/slice.js";
import { softmax } from "../operations/softmax.js";
import { stopGradient } from "../operations/stop-gradient.js";
import { tanh } from "../operations/tanh.js";
import { transpose } from "../operations/transpose.js";
import { createParameter, type Parameter } from "./parameter.js";
import { createTape, type Tape, type Variable } from "./tape.js";
import { elementsOf } from "./value.js";

/** A network that nobody would write, to see whether the engine does what its operations say. */
export interface RandomTape {
  readonly tape: Tape;
  readonly loss: Variable;
  /** Trained parameters, each of which the loss depends on. */
  readonly parameters: readonly Parameter[];
  /** Every variable that an operation made on the way to the loss. */
  readonly variables: readonly Variable[];
  readonly input: Variable;
  readonly feeds: Readonly<Record<string, Float32Array>>;
}

/** What a random operation is recorded with. */
interface Sources {
  readonly rng: Rng;
  /** Another variable of this shape, or the same one. */
  like(x: Variable): Variable;
  /** A parameter of this shape, often one that is used already. */
  weight(...shape: number[]): Parameter;
  statistic(size: number, value: number): Parameter;
}

type RandomOperation = (x: Variable, sources: Sources) => Variable | undefined;

const isImage = ({ shape }: Variable): boolean => shape.length === 4;
const lastOf = ({ shape }: Variable): number => shape.at(-1)!;

/** Records 5 to 15 operations; `smooth` leaves out kinks and stopped gradients, for central differences. */
export function recordRandomTape(seed: number, options: { smooth?: boolean } = {}): RandomTape {
  const rng = createRng(seed);
  const tape = createTape();
  const parameters: Parameter[] = [];
  const numbers = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => 2 * rng.uniform() - 1);
  const shape = [2, 2 + rng.integer(0, 3), 2 + rng.integer(0, 3), 1 + rng.integer(0, 5)];
  const input = tape.input("x", shape);
  const feeds = { x: numbers(elementsOf(shape)) };
  const variables: Variable[] = [];
  const unused = new Set<Variable>([input]);
  const pick = <Item>(items: readonly Item[]): Item => items[rng.integer(0, items.length)]!;
  const use = (x: Variable): Variable => {
    unused.delete(x);
    return x;
  };
  const sources: Sources = {
    rng,
    like: (x) => use(pick([x, ...variables].filter((one) => `${one.shape}` === `${x.shape}`))),
    weight(...wanted) {
      const known = parameters.filter((one) => `${one.shape}` === `${wanted}`);
      if (known.length > 0 && rng.uniform() < 0.7) return pick(known);
      const data = numbers(elementsOf(wanted));
      const made = createParameter({ name: `w${parameters.length}`, shape: wanted, data });
      parameters.push(made);
      return made;
    },
    statistic: (size, value) =>
      createParameter({
        name: `statistic ${value}`,
        ...{ shape: [size], data: new Float32Array(size).fill(value), trainable: false },
      }),
  };
  const operations = options.smooth ? SMOOTH : [...SMOOTH, ...KINKED];
  const count = 5 + rng.integer(0, 11);
  while (variables.length < count || parameters.length === 0) {
    const x = rng.uniform() < 0.6 ? (variables.at(-1) ?? input) : pick([input, ...variables]);
    const y = elementsOf(x.shape) > 400 ? undefined : pick(operations)(x, sources);
    if (y === undefined) continue;
    use(x);
    variables.push(y);
    unused.add(y);
  }
  // What nothing has used goes into the loss, so that it depends on everything.
  const losses = [...unused].map((x) =>
    meanSquaredError(x, tape.constant(numbers(elementsOf(x.shape)), x.shape)),
  );
  const loss = losses.reduce((total, one) => add(total, one));
  const used = parameters.filter((one) => tape.parameters.includes(one));
  return { tape, loss, parameters: used, variables, input, feeds };
}

const SMOOTH: readonly RandomOperation[] = [
  (x) => tanh(x),
  (x) => softmax(x),
  (x, { like }) => add(x, like(x)),
  (x, { like }) => multiply(like(x), x),
  (x, { weight }) => add(x, weight(lastOf(x))),
  (x, { weight }) => multiply(x, weight(lastOf(x))),
  (x, { weight }) => multiply(weight(1), x),
  (x, { weight }) => add(reshape(x.tape.parameter(weight(lastOf(x))), [1, lastOf(x)]), x),
  (x, { rng, weight }) => linear(x, weight(lastOf(x), 1 + rng.integer(0, 5))),
  (x, { weight }) => linear(x, weight(lastOf(x), 4), { bias: weight(4) }),
  (x, { rng, weight }) =>
    isImage(x) && lastOf(x) <= 8
      ? conv2d(x, weight(3, 3, lastOf(x), 1 + rng.integer(0, 5)), { pads: "same" })
      : undefined,
  (x, { weight }) =>
    isImage(x) && lastOf(x) <= 8
      ? conv2d(x, weight(1, 1, lastOf(x), 4), { bias: weight(4), strides: [2, 1] })
      : undefined,
  (x, { weight }) =>
    isImage(x)
      ? depthwiseConv2d(x, weight(3, 3, lastOf(x)), { pads: "same", bias: weight(lastOf(x)) })
      : undefined,
  (x) =>
    isImage(x) && Math.min(x.shape[1]!, x.shape[2]!) > 1
      ? averagePool2d(x, { kernel: [2, 2], strides: [1, 1] })
      : undefined,
  (x, { rng, weight, statistic }) =>
    batchNorm(x, {
      ...{ scale: weight(lastOf(x)), shift: weight(lastOf(x)), epsilon: 0.1 },
      ...{ runningMean: statistic(lastOf(x), 0.1), runningVariance: statistic(lastOf(x), 0.7) },
      mode: rng.uniform() < 0.5 ? "train" : "frozen",
    }),
  (x) => reshape(x, [x.shape[0]!, -1]),
  (x) => (isImage(x) ? undefined : reshape(x, [x.shape[0]!, 1, -1, lastOf(x)])),
  (x, { rng }) => {
    const axis = rng.integer(0, x.shape.length);
    const from = rng.integer(0, Math.ceil(x.shape[axis]! / 2));
    const starts = x.shape.map((_, i) => (i === axis ? from : 0));
    return slice(x, { starts, ends: x.shape });
  },
  (x, { rng, like }) => concat([x, like(x)], { axis: rng.integer(0, x.shape.length) }),
  (x, { rng }) => transpose(x, rng.shuffle(x.shape.map((_, axis) => axis))),
];

const KINKED: readonly RandomOperation[] = [
  (x) => relu(x),
  (x) => multiply(x, stopGradient(x)),
  (x) =>
    isImage(x) && Math.min(x.shape[1]!, x.shape[2]!) > 1
      ? maxPool2d(x, { kernel: [2, 2] })
      : undefined,
];
