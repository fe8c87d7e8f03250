// The training step on our engine.
import {
  add,
  batchNorm,
  conv2d,
  createOptimizer,
  createParameter,
  createProgram,
  createTape,
  crossEntropy,
  depthwiseConv2d,
  flatten,
  globalAveragePool,
  linear,
  type MemoryAccount,
  maxPool2d,
  type Parameter,
  type Program,
  relu,
  type StepEvent,
  sgd,
  type Variable,
} from "@edgewright/autograd";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { EPSILON, MOMENTUM, type NetworkNode, type NetworkSpec, type Trainer } from "./network.js";

/** Our trainer, which also knows its memory and where its time goes. */
export interface OurTrainer extends Trainer {
  readonly account: MemoryAccount;
  /** Runs a step and adds the wall milliseconds of each part to its list. */
  profile(times: Map<string, number[]>): void;
}

/** Kernels with the training extension, on one thread. */
export function loadOurKernels(): Promise<Kernels> {
  return loadTrainingKernels();
}

/** Our engine with a network. */
export function createOurTrainer(kernels: Kernels, spec: NetworkSpec): OurTrainer {
  const tape = createTape();
  const parameters = new Map<string, Parameter>();
  for (const [name, { shape, data }] of Object.entries(spec.parameters)) {
    parameters.set(name, createParameter({ name, shape, data }));
  }
  const values = new Map<string, Variable>([["input", tape.input("images", spec.inputShape)]]);
  let logits: Variable | undefined;
  for (const node of spec.nodes) {
    logits = apply(node, values, parameters);
    values.set(node.output, logits);
  }
  const labels = tape.input("labels", [spec.inputShape[0]], "i32");
  const loss = crossEntropy(logits!, labels);
  const program: Program = createProgram(kernels, { tape, loss });
  const optimizer = createOptimizer(program, sgd({ learningRate: spec.learningRate }));
  const feeds = { images: spec.images, labels: spec.labels };
  return {
    name: "ours",
    account: program.memory,
    step(): number {
      program.run(feeds);
      optimizer.step();
      return program.loss;
    },
    profile(times): void {
      const now = (): number => performance.now();
      const note = (name: string, milliseconds: number): void => {
        const list = times.get(name) ?? [];
        times.set(name, list);
        list.push(milliseconds);
      };
      const onStep = ({ name, milliseconds }: StepEvent): void => note(name, milliseconds!);
      program.run(feeds, { now, onStep });
      const start = now();
      optimizer.step();
      note("optimizer", now() - start);
    },
    read: (name) => parameters.get(name)!.read(),
    wasmBytes: () => kernels.arena.memory.buffer.byteLength,
    dispose(): void {
      optimizer.dispose();
      program.dispose();
    },
  };
}

function apply(
  node: NetworkNode,
  values: ReadonlyMap<string, Variable>,
  parameters: ReadonlyMap<string, Parameter>,
): Variable {
  const x = values.get(node.input)!;
  switch (node.op) {
    case "conv":
      return conv2d(x, parameters.get(node.weight)!, {
        strides: [node.stride, node.stride],
        pads: node.pads,
        ...(node.bias === undefined ? {} : { bias: parameters.get(node.bias)! }),
      });
    case "depthwise":
      return depthwiseConv2d(x, parameters.get(node.weight)!, { pads: node.pads });
    case "batch-norm": {
      const shape = parameters.get(node.scale)!.shape;
      const size = shape[0]!;
      const statistic = (name: string, value: number): Parameter =>
        createParameter({
          name: `${node.scale} ${name}`,
          shape,
          data: new Float32Array(size).fill(value),
          trainable: false,
        });
      return batchNorm(x, {
        scale: parameters.get(node.scale)!,
        shift: parameters.get(node.shift)!,
        runningMean: statistic("mean", 0),
        runningVariance: statistic("variance", 1),
        momentum: MOMENTUM,
        epsilon: EPSILON,
        mode: "train",
      });
    }
    case "relu":
      return relu(x);
    case "max-pool":
      return maxPool2d(x, { kernel: [2, 2] });
    case "global-average-pool":
      return globalAveragePool(x);
    case "flatten":
      return flatten(x);
    case "linear":
      return linear(x, parameters.get(node.weight)!, { bias: parameters.get(node.bias)! });
    case "add":
      return add(x, values.get(node.other)!);
  }
}
