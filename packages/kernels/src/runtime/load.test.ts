import { expect, test } from "vitest";
import { loadKernels, planUnary } from "../index.js";

test("a plan runs on the embedded module", async () => {
  const kernels = await loadKernels();
  const x = kernels.arena.upload(new Float32Array([-1, 2, -3, 4]));
  const y = kernels.arena.allocate(16);
  const plan = planUnary(kernels, { op: "relu", x: x.ptr, y: y.ptr, count: 4 });
  kernels.run(plan);
  expect([...kernels.arena.f32(y.ptr, 4)]).toEqual([0, 2, 0, 4]);
});
