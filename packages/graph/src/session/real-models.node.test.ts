import { loadKernels } from "@edgewright/kernels";
import { describe, expect, test } from "vitest";
import { readGoldenOutputs } from "./golden-outputs.test-support.node.js";
import { parityModels, readModel } from "./real-models.test-support.node.js";
import { createSession } from "./session.js";

/** Of an output's largest element; `pnpm bench:parity` compares all elements with the live peer. */
const TOLERANCE = 1e-3;

describe("real models give onnxruntime's outputs", () => {
  const golden = readGoldenOutputs();

  for (const model of parityModels()) {
    test(model.name, async () => {
      using kernels = await disposableKernels();
      const session = await createSession(readModel(model), { kernels: kernels.kernels });
      // Twice: the second run finds memory as the first left it.
      session.runSync(model.feeds());
      const outputs = session.runSync(model.feeds());
      for (const { name, shape, largest, samples } of golden.get(model.name)!.outputs) {
        const { data, shape: ownShape } = outputs[name]!;
        expect(ownShape).toEqual(shape);
        const worst = Math.max(
          ...samples.map(([index, value]) => Math.abs(Number(data[index]) - value)),
        );
        expect(worst / largest, name).toBeLessThan(TOLERANCE);
        expect(Math.abs(maximum(data) / largest - 1), name).toBeLessThan(TOLERANCE);
      }
    });
  }
});

describe("memory of the detector at 640 x 640", () => {
  test("shared activations take less than a fifth of what they would side by side", async () => {
    using kernels = await disposableKernels();
    const model = parityModels().find(({ name }) => name === "detector 640x640")!;
    const session = await createSession(readModel(model), { kernels: kernels.kernels });
    session.runSync(model.feeds());
    const { peakActivationBytes, unsharedActivationBytes, weightBytes } = session.memory();
    expect(peakActivationBytes).toBeLessThan(unsharedActivationBytes / 5);
    expect(peakActivationBytes).toBeLessThan(26e6);
    expect(weightBytes).toBeLessThan(8e6);
  });
});

test("the recogniser's layers are all computed by kernels", async () => {
  using kernels = await disposableKernels();
  const model = parityModels().find(({ name }) => name === "recognizer [1] 48x320")!;
  const session = await createSession(readModel(model), { kernels: kernels.kernels });
  const steps = [...session.steps(model.feeds())];
  expect(steps.filter(({ engine }) => engine === "host")).toEqual([]);
  expect(steps.length).toBeLessThan(80);
});

async function disposableKernels() {
  const kernels = await loadKernels();
  return { kernels, [Symbol.dispose]: () => kernels.dispose() };
}

function maximum(data: ArrayLike<number | bigint>): number {
  let largest = 0;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(Number(data[i])));
  return largest;
}
