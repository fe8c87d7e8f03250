import { flattenIndex, unflattenIndex } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { channelsLastOrder, orderEndingWith, TracedTensor } from "./traced-tensor.js";

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadTrainingKernels();
});
afterAll(() => kernels.dispose());

interface Dense {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** numpy's transpose, element by element. */
function transposed({ shape, data }: Dense, permutation: readonly number[]): Dense {
  const target = permutation.map((axis) => shape[axis]!);
  const moved = data.map((_, to) => {
    const index = unflattenIndex(to, target);
    const from = shape.map((_, axis) => index[permutation.indexOf(axis)]!);
    return data[flattenIndex(from, shape)]!;
  });
  return { shape: target, data: moved };
}

type Move =
  | { readonly kind: "transpose"; readonly keys: readonly number[] }
  | { readonly kind: "drop" }
  | { readonly kind: "insert"; readonly at: number };

const moves: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    kind: fc.constant("transpose" as const),
    keys: fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 8, maxLength: 8 }),
  }),
  fc.record({ kind: fc.constant("drop" as const) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.integer({ min: 0, max: 4 }) }),
);

describe("TracedTensor", () => {
  it("gives numpy's result in every order after any chain of transpositions and axes of length 1", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(moves, { maxLength: 6 }),
        (shape, chain) => {
          let exact: Dense = {
            shape,
            data: Float32Array.from({ length: elementsOf(shape) }, (_, i) => i),
          };
          const tape = createTape();
          const feed = exact.data;
          let traced = TracedTensor.rowMajor(tape.input("x", shape));
          for (const move of chain) {
            const rank = exact.shape.length;
            if (move.kind === "transpose") {
              const permutation = exact.shape
                .map((_, axis) => axis)
                .sort((a, b) => move.keys[a]! - move.keys[b]!);
              exact = transposed(exact, permutation);
              traced = traced.transposed(permutation);
            } else if (move.kind === "drop") {
              const axis = exact.shape.indexOf(1);
              if (axis < 0 || rank === 1) continue;
              exact = { ...exact, shape: exact.shape.filter((_, i) => i !== axis) };
              traced = traced.without([axis]);
            } else if (rank < 5) {
              const at = Math.min(move.at, rank);
              const sizes = [...exact.shape];
              sizes.splice(at, 0, 1);
              exact = { ...exact, shape: sizes };
              traced = traced.withAxes([at]);
            }
          }
          expect(traced.shape).toEqual(exact.shape);
          const last = channelsLastOrder(traced.rank);
          const plain = traced.rowMajor();
          const moved = traced.inOrder(last);
          using program = createProgram(kernels, { tape, outputs: [plain, moved] });
          program.run({ x: feed });
          expect(program.read(plain).data).toEqual(exact.data);
          expect(program.read(moved)).toEqual({ dtype: "f32", ...transposed(exact, last) });
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  it("moves nothing where the order is right or only axes of length 1 move, and nothing twice", () => {
    const tape = createTape();
    const x = tape.input("x", [2, 4, 5, 3]);
    const image = new TracedTensor(x, [2, 3, 4, 5], channelsLastOrder(4));
    expect(image.inOrder([0, 2, 3, 1])).toBe(x);
    expect(image.transposed([0, 2, 3, 1]).rowMajor()).toBe(x);
    expect(tape.nodes).toHaveLength(1);
    const plain = image.rowMajor();
    expect(image.rowMajor()).toBe(plain);
    expect(tape.nodes).toHaveLength(2);

    const gray = new TracedTensor(tape.input("gray", [2, 4, 5, 1]), [2, 1, 4, 5], [0, 2, 3, 1]);
    gray.rowMajor();
    expect(tape.nodes.at(-1)).toMatchObject({ kind: "operation", name: "reshape" });
    expect(orderEndingWith([0, 2, 3, 1], 2)).toEqual([0, 3, 1, 2]);
  });
});
