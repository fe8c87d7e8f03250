import { describe, expect, it } from "vitest";
import {
  type Conv2dOptions,
  conv2d,
  type DepthwiseConv2dOptions,
  depthwiseConv2d,
  type Operand,
  type Variable,
} from "../index.js";
import convolution from "./convolution.json";
import {
  casesOf,
  checkPartialReference,
  describeReferences,
  type ReferenceOptions,
  useEveryKernels,
} from "./run-reference.test-support.js";

type Inputs = Readonly<Record<string, Operand>>;

const operations = {
  conv2d: ({ x, weight, bias }: Inputs, options: ReferenceOptions): Variable =>
    conv2d(x!, weight!, { ...(options as Conv2dOptions), ...(bias && { bias }) }),
  depthwiseConv2d: ({ x, weight, bias }: Inputs, options: ReferenceOptions): Variable =>
    depthwiseConv2d(x!, weight!, { ...(options as DepthwiseConv2dOptions), ...(bias && { bias }) }),
};

const cases = casesOf(convolution);

describeReferences(cases, operations);

describe("some output channels trained", () => {
  const everyKernels = useEveryKernels();
  const own = cases.filter(({ inputs }) => inputs.weight!.shape.at(-1)! > 1);
  it.each(
    own.map((reference) => [`${reference.operation}, ${reference.name}`, reference] as const),
  )("%s", (_, reference) => {
    expect(everyKernels.length).toBeGreaterThan(0);
    const operation = operations[reference.operation as keyof typeof operations];
    for (const kernels of everyKernels) {
      for (const name of reference.inputs.bias ? ["weight", "bias"] : ["weight"]) {
        checkPartialReference(kernels, reference, name, operation);
      }
    }
  });
});
