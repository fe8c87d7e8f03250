import { createRng, type Rng } from "@edgewright/core";
import { inferShapes, type Model } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import fc from "fast-check";
import { afterAll, beforeAll, describe, it } from "vitest";
import { ModelWriter } from "./build-model.test-support.js";
import { expectSameAsSession } from "./compare-with-session.test-support.js";

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadTrainingKernels();
});
afterAll(() => kernels.dispose());

/** A graph of operators that care about layouts in different ways, one after the other. */
function randomModel(seed: number, input: readonly number[]): Model {
  const rng = createRng(seed);
  const writer = new ModelWriter(seed);
  const finished = (y: string): Model => writer.model({ x: input }, [y]);
  const shapeOf = (name: string): readonly number[] =>
    inferShapes(finished(name)).values.get(name)!.shape as readonly number[];
  let x = "x";
  let earlier = "x";
  for (let step = 0; step < 7; step++) {
    const next = grow(writer, rng, x, shapeOf(x), { name: earlier, shape: shapeOf(earlier) });
    if (rng.uniform() < 0.4) earlier = x;
    x = next;
  }
  return finished(x);
}

function grow(
  w: ModelWriter,
  rng: Rng,
  x: string,
  shape: readonly number[],
  earlier: { name: string; shape: readonly number[] },
): string {
  const rank = shape.length;
  const unique = `${w.nodes.length}`;
  const pick = (size: number): number => rng.integer(0, size);
  switch (pick(11)) {
    case 0:
      return w.node("Transpose", [x], { perm: rng.shuffle(shape.map((_, axis) => axis)) });
    case 1: {
      if (rank !== 4) return w.node("Relu", [x]);
      const [oc, c] = [1 + pick(4), shape[1]!];
      return w.node("Conv", [x, w.weight(`w${unique}`, [oc, c, 1, 1])]);
    }
    case 2: {
      const axis = pick(rank);
      const end = 1 + pick(shape[axis]!);
      const ends = w.integers(`e${unique}`, [end]);
      return w.node("Slice", [
        x,
        w.integers(`s${unique}`, [0]),
        ends,
        w.integers(`a${unique}`, [axis]),
      ]);
    }
    case 3:
      return w.node("Softmax", [x], { axis: pick(rank) });
    case 4: {
      const keepdims = rank > 2 ? pick(2) : 1;
      return w.node("ReduceMean", [x], { axes: [pick(rank)], keepdims });
    }
    case 5: {
      // Two neighbouring axes become one, or everything behind the first.
      if (rank < 3) return w.node("Tanh", [x]);
      const at = pick(rank - 1);
      const merged = [...shape.slice(0, at), shape[at]! * shape[at + 1]!, ...shape.slice(at + 2)];
      return w.node("Reshape", [x, w.integers(`r${unique}`, merged)]);
    }
    case 6:
      return w.node("Concat", [x, w.node("Sigmoid", [x])], { axis: pick(rank) });
    case 7: {
      // A weight that repeats along some axes, perhaps with fewer of them.
      const sizes = shape.map((size) => (pick(2) === 0 ? 1 : size)).slice(pick(rank));
      return w.node("Add", [x, w.weight(`b${unique}`, sizes)]);
    }
    case 8:
      return rank < 5 ? w.node("Unsqueeze", [x, w.integers(`u${unique}`, [pick(rank + 1)])]) : x;
    case 9: {
      const fits =
        earlier.shape.length === rank &&
        earlier.shape.every(
          (size, axis) => size === shape[axis] || size === 1 || shape[axis] === 1,
        );
      return fits ? w.node("Mul", [x, earlier.name]) : w.node("Sigmoid", [x]);
    }
    default: {
      if (rank < 2) return w.node("Tanh", [x]);
      const columns = 1 + pick(4);
      return w.node("MatMul", [x, w.weight(`m${unique}`, [shape[rank - 1]!, columns])]);
    }
  }
}

describe("random graphs", () => {
  it("compute what a session computes, whatever order their values lie in", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.tuple(...[2, 4, 3, 5].map((max) => fc.integer({ min: 1, max }))),
        async (seed, input) => {
          await expectSameAsSession(kernels, randomModel(seed, input), { x: input });
        },
      ),
      { seed: 11, numRuns: 80 },
    );
  });
});
