import { createRng, type Tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import { image, randomFloats } from "../optimize/compare-optimized.test-support.js";
import { createSession } from "./session.js";
import { zeroShare } from "./zero-share.js";

function exactShare(tensor: Tensor): number {
  return [...tensor.data].filter((value) => Number(value) === 0).length / tensor.data.length;
}

describe("zeroShare", () => {
  test("counts every element when it may", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(0, -0, 1, -2, Number.NaN), { minLength: 1 }), (list) => {
        const share = list.filter((value) => value === 0).length / list.length;
        expect(zeroShare(Float32Array.from(list), Number.POSITIVE_INFINITY)).toBe(share);
        expect(zeroShare(Float32Array.from(list), list.length)).toBe(share);
      }),
      { seed: 1 },
    );
  });

  test("gives every channel its turn", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 64 }),
        fc.integer({ min: 8, max: 200 }),
        (channels, pixels) => {
          // Channels innermost in memory, zeros in one of them: of any row of looks, one in `channels` meets it.
          const data = new Float32Array(channels * pixels).fill(1);
          for (let i = 0; i < data.length; i += channels) data[i] = 0;
          const looks = Math.floor(data.length / 4);
          const zeros = zeroShare(data, looks) * looks;
          expect(Math.abs(zeros - looks / channels)).toBeLessThanOrEqual(1);
        },
      ),
      { seed: 2 },
    );
  });

  test("estimates the share of many elements from few", () => {
    const rng = createRng(3);
    const data = Float32Array.from({ length: 100_000 }, () => (rng.uniform() < 0.3 ? 0 : 1));
    // Three standard errors of a share of 0.3 among 4096.
    expect(Math.abs(zeroShare(data, 4096) - 0.3)).toBeLessThan(3 * Math.sqrt((0.3 * 0.7) / 4096));
  });

  test("knows integers, and arrays without elements", () => {
    expect(zeroShare(BigInt64Array.of(0n, 1n, 0n, 3n), 4)).toBe(0.5);
    expect(zeroShare(Uint8Array.of(0, 1, 1, 1), 4)).toBe(0.25);
    expect(zeroShare(new Float32Array(0), 4)).toBe(0);
  });
});

test("a step counts the zeros that its result has", async () => {
  const model = modelOf(
    graphOf({
      inputs: [image("x", 3)],
      outputs: [infoOf("y", null)],
      initializers: { w: randomFloats([8, 3, 3, 3], 1) },
      nodes: [
        nodeOf("Conv", ["x", "w"], ["a"], { pads: [1, 1, 1, 1] }),
        nodeOf("Relu", ["a"], ["b"]),
        nodeOf("MaxPool", ["b"], ["y"], { kernel_shape: [2, 2], strides: [2, 2] }),
      ],
    }),
  );
  for (const optimize of [true, false]) {
    const session = await createSession(model, { optimize });
    const shares: number[] = [];
    for (const step of session.steps({ x: randomFloats([1, 3, 16, 12], 2) })) {
      const share = exactShare(step.read());
      expect(step.zeroShare(Number.POSITIVE_INFINITY)).toBe(share);
      expect(Math.abs(step.zeroShare() - share)).toBeLessThan(0.1);
      shares.push(share);
    }
    expect(Math.max(...shares)).toBeGreaterThan(0.3);
    session.dispose();
  }
});

test("a step without such an output says so", async () => {
  const session = await createSession(
    modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("y", null)],
        nodes: [nodeOf("Relu", ["x"], ["y"])],
      }),
    ),
  );
  for (const step of session.steps({ x: randomFloats([2], 2) })) {
    expect(() => step.zeroShare(8, 1)).toThrow("output 1 of 1");
  }
  session.dispose();
});
