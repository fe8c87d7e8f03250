// ResNet-8 of MLPerf Tiny (32 x 32 x 3, 16-32-64 channels, ten classes) recorded by hand, with a name for
// every layer.
import {
  add,
  batchNorm,
  conv2d,
  createParameter,
  createTape,
  crossEntropy,
  globalAveragePool,
  linear,
  type Parameter,
  relu,
  type Tape,
  type Variable,
} from "@edgewright/autograd";
import { createRng } from "@edgewright/core";

/** A recorded ResNet-8. */
export interface ResNet8 {
  readonly tape: Tape;
  readonly loss: Variable;
}

/** Records the network and its loss for inputs `images` and `labels`. */
export function recordResNet8(batch: number, mode: "train" | "frozen"): ResNet8 {
  const tape = createTape();
  const rng = createRng(1);
  const make = (
    name: string,
    shape: number[],
    value: () => number,
    trainable = true,
  ): Parameter => {
    const length = shape.reduce((product, size) => product * size, 1);
    return createParameter({ name, shape, data: Float32Array.from({ length }, value), trainable });
  };
  // He et al. 2015.
  const weights = (name: string, shape: number[]): Parameter => {
    const fanIn = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    return make(`${name}.weight`, shape, () => rng.normal(0, Math.sqrt(2 / fanIn)));
  };
  const convNorm = (x: Variable, name: string, kernel: number, channels: number, stride = 1) =>
    tape.scope(name, () => {
      const weight = weights(name, [kernel, kernel, x.shape[3]!, channels]);
      const y = conv2d(x, weight, { strides: [stride, stride], pads: "same" });
      return batchNorm(y, {
        scale: make(`${name}.scale`, [channels], () => 1),
        shift: make(`${name}.shift`, [channels], () => 0),
        runningMean: make(`${name}.mean`, [channels], () => 0, false),
        runningVariance: make(`${name}.variance`, [channels], () => 1, false),
        mode,
      });
    });
  const activate = (name: string, x: Variable) => tape.scope(name, () => relu(x));

  let x = activate("stem", convNorm(tape.input("images", [batch, 32, 32, 3]), "stem", 3, 16));
  for (const [stack, channels] of [16, 32, 64].entries()) {
    const name = `stack ${stack + 1}`;
    const stride = stack === 0 ? 1 : 2;
    const first = activate(`${name} a`, convNorm(x, `${name} a`, 3, channels, stride));
    const second = convNorm(first, `${name} b`, 3, channels);
    const skip = stack === 0 ? x : convNorm(x, `${name} skip`, 1, channels, stride);
    x = activate(
      `${name} sum`,
      tape.scope(`${name} sum`, () => add(second, skip)),
    );
  }
  const logits = tape.scope("classifier", () =>
    linear(globalAveragePool(x), weights("classifier", [64, 10]), {
      bias: make("classifier.bias", [10], () => 0),
    }),
  );
  const loss = crossEntropy(logits, tape.input("labels", [batch], "i32"));
  return { tape, loss };
}
