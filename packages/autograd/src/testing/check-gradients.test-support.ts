import { createRng } from "@edgewright/core";
import { type Kernels, supportsRelaxedSimd } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { expect } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { customGradient } from "../operations/custom-gradient.js";
import { errorToLargest } from "./compare-gradients.test-support.js";
import { finiteDifferences } from "./finite-differences.test-support.js";

/** An operation beside its slow, obvious twin. */
export interface GradientCheck {
  /** Shapes of the inputs, filled with uniform numbers of [-1, 1), or their values. */
  readonly inputs: Readonly<Record<string, readonly number[] | CheckedInput>>;
  /** Records the operation. */
  build(variables: Readonly<Record<string, Variable>>): Variable;
  /** The same in 64 bits over flat arrays, for the same inputs. */
  reference(inputs: Readonly<Record<string, Float64Array>>): Float64Array;
  /** Inputs whose gradients are compared. @default all but integers */
  readonly gradientsOf?: readonly string[];
  /** Largest error of a result relative to its largest number. @default 2e-5 */
  readonly tolerance?: number;
  /** @default 1 */
  readonly seed?: number;
  /** Elements of each input that are moved for the differences. @default 24 */
  readonly elements?: number;
}

/** An input with values of its own. */
interface CheckedInput {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
  /** @default false */
  readonly integer?: boolean;
}

/** Every build of the kernels that runs here: one thread and two, baseline and relaxed. */
export async function loadEveryKernels(): Promise<Kernels[]> {
  const variants = supportsRelaxedSimd()
    ? (["baseline", "relaxed"] as const)
    : (["baseline"] as const);
  const loaded = variants.map((variant) => loadTrainingKernels({ variant }));
  const threaded = typeof SharedArrayBuffer !== "undefined";
  return Promise.all([...loaded, ...(threaded ? [loadTrainingKernels({ threads: 2 })] : [])]);
}

/**
 * Checks an operation on some kernels: its output and its gradients against central differences of the
 * reference, that the memory account holds while it runs, and that nothing is read after its last use.
 */
export function checkGradients(kernels: Kernels, check: GradientCheck): void {
  const { tolerance = 2e-5, seed = 1, elements = 24 } = check;
  const rng = createRng(seed);
  const tape = createTape();
  const variables: Record<string, Variable> = {};
  const feeds: Record<string, Float32Array | Int32Array> = {};
  const exact: Record<string, Float64Array> = {};
  const names = Object.keys(check.inputs);
  for (const [name, given] of Object.entries(check.inputs)) {
    const input = "data" in given ? given : randomInput(given, rng);
    const { shape, data, integer = false } = input;
    variables[name] = tape.input(name, shape, integer ? "i32" : "f32");
    feeds[name] = integer ? Int32Array.from(data) : Float32Array.from(data);
    exact[name] = Float64Array.from(feeds[name]!);
  }
  const differentiable =
    check.gradientsOf ?? names.filter((name) => variables[name]!.type === "f32");
  const output = check.build(variables);
  const upstream = Float32Array.from(
    { length: elementsOf(output.shape) },
    () => 2 * rng.uniform() - 1,
  );
  const loss = weightedSum(output, upstream);
  const gradientsOf = differentiable.map((name) => variables[name]!);
  using program = createProgram(kernels, {
    tape,
    loss,
    outputs: [output],
    gradientsOf,
    trainable: [],
  });
  let peak = 0;
  program.run(feeds, { onStep: ({ liveBytes }) => (peak = Math.max(peak, liveBytes)) });
  expect(peak).toBe(Math.max(...program.memory.steps.map((step) => step.liveBytes)));

  const expected = check.reference(exact);
  expect(errorToLargest(program.read(output).data as Float32Array, expected)).toBeLessThan(
    tolerance,
  );
  const positions = differentiable.map((name) => names.indexOf(name));
  const slopes = finiteDifferences(
    (...moved) => {
      const inputs = Object.fromEntries(names.map((name, i) => [name, moved[i]!]));
      const y = check.reference(inputs);
      return y.reduce((sum, value, i) => sum + value * upstream[i]!, 0);
    },
    names.map((name) => exact[name]!),
    { inputs: positions, elements },
  );
  const gradients = differentiable.map((name, i) => {
    const gradient = program.gradient(variables[name]!).data as Float32Array;
    const error = errorToLargest(gradient, slopes[positions[i]!]!);
    expect(error, `gradient of ${name}`).toBeLessThan(tolerance);
    return gradient;
  });

  program.run(feeds, { scrub: true });
  differentiable.forEach((name, i) => {
    expect(program.gradient(variables[name]!).data, `${name}, scrubbed`).toEqual(gradients[i]);
  });
}

/** A scalar whose gradient by `x` is `weights`. */
export function weightedSum(x: Variable, weights: Float32Array): Variable {
  return customGradient([x], {
    name: "weighted sum",
    outputShape: () => [],
    forward([values], sum) {
      sum[0] = values!.reduce((total, value, i) => total + value * weights[i]!, 0);
    },
    backward([upstream], [gradient]) {
      gradient?.set(weights.map((weight) => weight * upstream!));
    },
    keeps: { inputs: false },
  });
}

function randomInput(shape: readonly number[], rng: { uniform(): number }): CheckedInput {
  return {
    shape,
    data: Float32Array.from({ length: elementsOf(shape) }, () => 2 * rng.uniform() - 1),
  };
}
