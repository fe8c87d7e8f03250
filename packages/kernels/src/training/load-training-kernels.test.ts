import { UnsupportedError } from "@edgewright/core";
import { expect, test } from "vitest";
import { BASELINE_WASM } from "../generated/baseline.js";
import { TRAINING_BASELINE_WASM } from "../generated/training-baseline.js";
import { loadKernels, planUnary, supportsRelaxedSimd, withSharedMemory } from "../index.js";
import { loadEveryTrainingKind } from "./fixtures.test-support.js";
import { requireTraining, trainingKernels } from "./load-training-kernels.js";

test("the extension runs beside the main module, in every build and with threads", async () => {
  for (const [name, kernels] of await loadEveryTrainingKind()) {
    expect(kernels.extensions, name).toEqual(["training"]);
    expect(() => requireTraining("planAnything", kernels)).not.toThrow();
    const x = kernels.arena.upload(new Float32Array([-1, 2, -3, 4]));
    kernels.run(planUnary(kernels, { op: "relu", x: x.ptr, y: x.ptr, count: 4 }));
    expect([...kernels.arena.f32(x.ptr, 4)]).toEqual([0, 2, 0, 4]);
    kernels.dispose();
  }
});

test("kernels without it are refused with a hint", async () => {
  using kernels = await loadKernels();
  expect(kernels.extensions).toEqual([]);
  expect(() => requireTraining("planProduct", kernels)).toThrow(UnsupportedError);
  expect(() => requireTraining("planProduct", kernels)).toThrow(
    "planProduct: these kernels were loaded without the training extension; load them by " +
      "loadTrainingKernels()",
  );
});

test("a compiled module takes the place of the embedded one", async () => {
  const bytes = Uint8Array.from(atob(TRAINING_BASELINE_WASM), (c) => c.charCodeAt(0));
  expect(bytes.length).toBeLessThan(65536);
  for (const threads of [1, 2]) {
    const module = await WebAssembly.compile(withSharedMemory(bytes, threads > 1));
    const extensions = [{ ...trainingKernels, module }];
    using kernels = await loadKernels({ variant: "baseline", threads, extensions });
    expect(kernels.extensions).toEqual(["training"]);
  }
});

test("modules that do not fit each other are refused", async () => {
  const twice = { name: "twice", wasm: () => BASELINE_WASM };
  await expect(loadKernels({ variant: "baseline", extensions: [twice] })).rejects.toThrow(
    /extension "twice" brings \w+, which is there already/,
  );
  const module = await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  await expect(loadKernels({ extensions: [{ ...trainingKernels, module }] })).rejects.toThrow(
    'the module of extension "training" is none of kernels',
  );
  if (!supportsRelaxedSimd()) return;
  const baseline = { name: "training", wasm: () => TRAINING_BASELINE_WASM };
  await expect(loadKernels({ variant: "relaxed", extensions: [baseline] })).rejects.toThrow(
    'expected the relaxed build of extension "training", got the baseline one',
  );
});
