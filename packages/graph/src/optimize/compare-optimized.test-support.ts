import type { Tensor } from "@edgewright/core";
import { expect } from "vitest";
import { infoOf } from "../model/build-model.test-support.js";
import type { Graph, Model } from "../model/model.js";
import { interpretGraph } from "../operators/interpreter.js";
import { createSession } from "../session/session.js";
import { activationOf, isInternal } from "./internal-nodes.js";
import { optimizeModel } from "./optimize-graph.js";

/** Numbers in [-1, 1) of a fixed seed. */
export function randomFloats(shape: readonly number[], seed = 1, scale = 1): Tensor<"f32"> {
  let state = seed;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const data = Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return ((state / 2 ** 32) * 2 - 1) * scale;
  });
  return { dtype: "f32", shape, data };
}

/** A float32 constant. */
export function floats(shape: readonly number[], values: readonly number[]): Tensor<"f32"> {
  return { dtype: "f32", shape, data: Float32Array.from(values) };
}

/** Operators of a graph in order; those of the internal domain with their activation. */
export function operatorsOf(graph: Graph): string[] {
  return graph.nodes.map((node) => {
    if (!isInternal(node)) return node.opType;
    const activation = activationOf(node);
    return activation === undefined ? `*${node.opType}` : `*${node.opType}+${activation.kind}`;
  });
}

/** Largest difference between two tensors of one shape, relative to the largest expected element. */
export function relativeError(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.dtype).toBe(expected.dtype);
  let largest = 1e-30;
  let difference = 0;
  for (let i = 0; i < expected.data.length; i++) {
    largest = Math.max(largest, Math.abs(Number(expected.data[i])));
    const distance = Math.abs(Number(actual.data[i]) - Number(expected.data[i]));
    if (!(distance <= difference)) difference = distance;
  }
  return difference / largest;
}

/**
 * Runs a model optimised on kernels and as it is on the host, and expects equal outputs.
 *
 * @returns the optimised operators.
 */
export async function expectSameOutputs(
  model: Model,
  feeds: Readonly<Record<string, Tensor>>,
  tolerance = 1e-5,
): Promise<string[]> {
  const expected = interpretGraph(model.graph, model.opsets, new Map(Object.entries(feeds)));
  const session = await createSession(model);
  const actual = session.runSync(feeds);
  for (const [name, tensor] of expected) {
    expect(relativeError(actual[name]!, tensor), name).toBeLessThan(tolerance);
  }
  session.dispose();
  return operatorsOf(optimizeModel(model).graph);
}

/** A graph input of float32 with unknown sizes. */
export function image(name: string, channels: number) {
  return infoOf(name, ["n", channels, "h", "w"]);
}
