import { createRng, sizeOf, type Tensor } from "@edgewright/core";
import { createSession, type Model } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { expect } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { errorToLargest } from "../testing/compare-gradients.test-support.js";
import {
  type TrainableModel,
  type TrainableModelOptions,
  trainableModel,
} from "./trainable-model.js";

/** Shapes of inputs by name; integers below `below` where it says so. */
export type InputShapes = Readonly<
  Record<string, readonly number[] | { readonly shape: readonly number[]; readonly below: number }>
>;

/** Uniform numbers for the inputs. */
export function randomInputs(shapes: InputShapes, seed = 7): Record<string, Tensor> {
  const rng = createRng(seed);
  return Object.fromEntries(
    Object.entries(shapes).map(([name, given]): [string, Tensor] => {
      if ("below" in given) {
        const { shape, below } = given;
        const ids = Int32Array.from({ length: sizeOf(shape) }, () => rng.integer(0, below));
        return [name, { dtype: "i32", shape, data: ids }];
      }
      const data = Float32Array.from({ length: sizeOf(given) }, () => 2 * rng.uniform() - 1);
      return [name, { dtype: "f32", shape: given, data }];
    }),
  );
}

/** What a trainable model computes in frozen mode. */
export function runFrozen(
  kernels: Kernels,
  network: TrainableModel,
  inputs: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const tape = createTape();
  const variables = Object.entries(inputs).map(([name, { dtype, shape }]) => [
    name,
    tape.input(name, shape, dtype === "i32" ? "i32" : "f32"),
  ]);
  const outputs = network.apply(Object.fromEntries(variables), { mode: "frozen" });
  using program = createProgram(kernels, { tape, outputs: Object.values(outputs) });
  program.run(inputs);
  return Object.fromEntries(
    Object.entries(outputs).map(([name, variable]) => [name, program.read(variable)]),
  );
}

/** What a session computes. */
export async function runSession(
  kernels: Kernels,
  model: Model,
  inputs: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  using session = await createSession(model, { kernels });
  const feeds = Object.entries(inputs).map(([name, tensor]): [string, Tensor] => {
    if (tensor.dtype !== "i32") return [name, tensor];
    const data = BigInt64Array.from(tensor.data as Int32Array, BigInt);
    return [name, { dtype: "i64", shape: tensor.shape, data }];
  });
  return { ...(await session.run(Object.fromEntries(feeds))) };
}

/** Checks that shapes are equal and numbers nearly so, relative to the largest. */
export function expectNear(
  actual: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, Tensor>>,
  tolerance: number,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(actual[name]!.shape, name).toEqual(shape);
    const exact = Float64Array.from(data as Float32Array);
    const error = errorToLargest(actual[name]!.data as Float32Array, exact);
    expect(error, name).toBeLessThan(tolerance);
  }
}

/** Checks that a model computes the same when it is trainable, and made a model again, as a session does. */
export async function expectSameAsSession(
  kernels: Kernels,
  model: Model,
  shapes: InputShapes,
  { tolerance = 1e-5, ...options }: TrainableModelOptions & { tolerance?: number } = {},
): Promise<TrainableModel> {
  const inputs = randomInputs(shapes);
  const network = trainableModel(model, options);
  const outputs = runFrozen(kernels, network, inputs);
  expectNear(outputs, await runSession(kernels, model, inputs), tolerance);
  return network;
}
