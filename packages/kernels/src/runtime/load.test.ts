import { expect, test } from "vitest";
import { BASELINE_WASM } from "../generated/baseline.js";
import { loadKernels, planSoftmax, planUnary, withSharedMemory } from "../index.js";

const bytes = Uint8Array.from(atob(BASELINE_WASM), (c) => c.charCodeAt(0));

test("a plan runs on the embedded module", async () => {
  using kernels = await loadKernels();
  const x = kernels.arena.upload(new Float32Array([-1, 2, -3, 4]));
  const y = kernels.arena.allocate(16);
  const plan = planUnary(kernels, { op: "relu", x: x.ptr, y: y.ptr, count: 4 });
  kernels.run(plan);
  expect([...kernels.arena.f32(y.ptr, 4)]).toEqual([0, 2, 0, 4]);
});

test("the example of loadKernels", async () => {
  const kernels = await loadKernels();
  const x = kernels.arena.upload(new Float32Array([1, 2, 3]));
  kernels.run(planSoftmax(kernels, { x: x.ptr, y: x.ptr, rows: 1, cols: 3 }));
  const y = [...kernels.arena.f32(x.ptr, 3)].map((value) => Math.round(value * 1e4) / 1e4);
  expect(y).toEqual([0.09, 0.2447, 0.6652]);
});

test("the embedded module fits its limit", () => {
  expect(bytes.length).toBeLessThan(65536);
});

test("a module of the caller's is taken, with one thread and with two", async () => {
  const alone = await WebAssembly.compile(withSharedMemory(bytes, false));
  const together = await WebAssembly.compile(withSharedMemory(bytes, true));
  for (const [module, threads] of [
    [alone, 1],
    [together, 2],
  ] as const) {
    using kernels = await loadKernels({ module, threads });
    expect(kernels.variant).toBe("baseline");
    expect(kernels.threads).toBe(threads);
  }
  await expect(loadKernels({ module: alone, threads: 2 })).rejects.toThrow(
    "compile it from withSharedMemory(bytes, true)",
  );
  await expect(loadKernels({ module: alone, variant: "relaxed" })).rejects.toThrow(
    "expected a module of the relaxed kernels, got the baseline ones",
  );
});

test("after dispose nothing runs and nothing is handed out", async () => {
  for (const threads of [1, 2]) {
    const kernels = await loadKernels({ threads });
    const x = kernels.arena.allocate(16);
    const plan = planUnary(kernels, { op: "relu", x: x.ptr, y: x.ptr, count: 4 });
    kernels.dispose();
    kernels.dispose();
    expect(() => kernels.run(plan)).toThrow("Kernels.run: the kernels were disposed of");
    expect(() => kernels.arena.allocate(1)).toThrow(
      "Arena.allocate: the kernels that this memory belongs to were disposed of",
    );
    plan.dispose(); // allowed
    x.dispose();
  }
});

test("options out of range say what was expected", async () => {
  await expect(loadKernels({ threads: 0 })).rejects.toThrow(
    'loadKernels: expected threads to be "auto" or a whole number from 1 to 64, got 0',
  );
  await expect(loadKernels({ maximumBytes: 2 ** 33 })).rejects.toThrow("expected maximumBytes");
  await expect(loadKernels({ initialBytes: 2 ** 22, maximumBytes: 2 ** 20 })).rejects.toThrow(
    "expected initialBytes from 0 to maximumBytes, got 4194304",
  );
});

test("without shared memory threads are refused with the headers that are missing, and auto goes on", async () => {
  const hidden = globalThis.SharedArrayBuffer;
  Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
  try {
    await expect(loadKernels({ threads: 2 })).rejects.toThrow("Cross-Origin-Embedder-Policy");
    using kernels = await loadKernels({ threads: "auto" });
    expect(kernels.threads).toBe(1);
  } finally {
    Object.defineProperty(globalThis, "SharedArrayBuffer", {
      value: hidden,
      configurable: true,
      writable: true,
    });
  }
});
