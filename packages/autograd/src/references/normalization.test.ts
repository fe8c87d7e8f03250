import { describe, expect, it } from "vitest";
import {
  type BatchNormOptions,
  batchNorm,
  createParameter,
  createProgram,
  createTape,
  type GroupNormOptions,
  groupNorm,
  type LayerNormOptions,
  layerNorm,
  type Parameter,
  type RmsNormOptions,
  rmsNorm,
} from "../index.js";
import { weightedSum } from "../testing/check-gradients.test-support.js";
import normalization from "./normalization.json";
import {
  casesOf,
  describeReferences,
  expectNear,
  type ReferenceCase,
  type ReferenceTensor,
  useEveryKernels,
} from "./run-reference.test-support.js";

const cases = casesOf(normalization);
const training = cases.filter((one): one is TwoSteps => one.options.mode === "train");

describeReferences(
  cases.filter(({ options }) => options.mode !== "train"),
  {
    batchNorm: ({ x, scale, shift }, options, { inputs }) =>
      batchNorm(x!, {
        ...(options as unknown as BatchNormOptions),
        scale: scale!,
        shift: shift!,
        runningMean: statistics("mean", inputs.mean!),
        runningVariance: statistics("variance", inputs.variance!),
      }),
    layerNorm: ({ x, scale, shift }, options) =>
      layerNorm(x!, { ...(options as LayerNormOptions), scale: scale!, shift: shift! }),
    rmsNorm: ({ x, scale }, options) =>
      rmsNorm(x!, { ...(options as RmsNormOptions), scale: scale! }),
    groupNorm: ({ x, scale, shift }, options) =>
      groupNorm(x!, {
        ...(options as unknown as GroupNormOptions),
        scale: scale!,
        shift: shift!,
      }),
  },
  ["mean", "variance"],
);

/** What a training case of batch normalisation holds beside its second step. */
interface TwoSteps extends ReferenceCase {
  readonly steps: Readonly<
    Record<
      | "firstX"
      | "mean"
      | "variance"
      | "meanAfterFirst"
      | "varianceAfterFirst"
      | "meanAfterSecond"
      | "varianceAfterSecond",
      ReferenceTensor
    >
  >;
}

describe("batchNorm over two training steps", () => {
  const everyKernels = useEveryKernels();
  it("has cases", () => expect(training).not.toHaveLength(0));
  it.each(training.map((reference) => [reference.name, reference] as const))(
    "%s",
    (_, reference) => {
      const { inputs, steps, options, upstream } = reference;
      expect(everyKernels.length).toBeGreaterThan(0);
      for (const kernels of everyKernels) {
        const tape = createTape();
        const x = tape.input("x", inputs.x!.shape);
        const scale = createParameter({ name: "scale", ...inputs.scale! });
        const shift = createParameter({ name: "shift", ...inputs.shift! });
        const runningMean = statistics("mean", steps.mean);
        const runningVariance = statistics("variance", steps.variance);
        const given = options as unknown as BatchNormOptions;
        const y = batchNorm(x, { ...given, scale, shift, runningMean, runningVariance });
        using program = createProgram(kernels, {
          tape,
          loss: weightedSum(y, Float32Array.from(upstream.data)),
          outputs: [y],
          gradientsOf: [x],
        });
        program.run({ x: Float32Array.from(steps.firstX.data) });
        expectNear(runningMean.read(), steps.meanAfterFirst.data, "mean after the first step");
        expectNear(
          runningVariance.read(),
          steps.varianceAfterFirst.data,
          "variance after the first step",
        );
        program.run({ x: Float32Array.from(inputs.x!.data) });
        expectNear(runningMean.read(), steps.meanAfterSecond.data, "mean after the second step");
        expectNear(
          runningVariance.read(),
          steps.varianceAfterSecond.data,
          "variance after the second step",
        );
        const { gradients, output } = reference;
        expectNear(program.read(y).data, output.data, "output");
        expectNear(program.gradient(x).data, gradients.x!.data, "gradient of x");
        expectNear(program.gradient(scale).data, gradients.scale!.data, "gradient of scale");
        expectNear(program.gradient(shift).data, gradients.shift!.data, "gradient of shift");
      }
    },
  );
});

function statistics(name: string, { shape, data }: ReferenceTensor): Parameter {
  return createParameter({ name: `running ${name}`, shape, data, trainable: false });
}
