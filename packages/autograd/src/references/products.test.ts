import { describe, expect, it } from "vitest";
import { linear, type MatmulOptions, matmul } from "../index.js";
import products from "./products.json";
import {
  casesOf,
  checkPartialReference,
  describeReferences,
  useEveryKernels,
} from "./run-reference.test-support.js";

const cases = casesOf(products);

describeReferences(cases, {
  linear: ({ x, weight, bias }) => linear(x!, weight!, bias ? { bias } : {}),
  matmul: ({ a, b }, options) => matmul(a!, b!, options as MatmulOptions),
});

describe("linear, some outputs trained", () => {
  const everyKernels = useEveryKernels();
  const own = cases.filter(
    ({ operation, inputs }) => operation === "linear" && inputs.weight!.shape[1]! > 1,
  );
  it.each(own.map((reference) => [reference.name, reference] as const))("%s", (_, reference) => {
    expect(everyKernels.length).toBeGreaterThan(0);
    for (const kernels of everyKernels) {
      for (const name of reference.inputs.bias ? ["weight", "bias"] : ["weight"]) {
        checkPartialReference(kernels, reference, name, ({ x, weight, bias }) =>
          linear(x!, weight!, bias ? { bias } : {}),
        );
      }
    }
  });
});
