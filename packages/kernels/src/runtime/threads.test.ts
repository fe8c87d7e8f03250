import { EdgewrightError } from "@edgewright/core";
import { afterAll, describe, expect, test } from "vitest";
import { createPlan, loadKernels, planSoftmax, planTranspose, planUnary } from "../index.js";
import { randomFloats, seededNumbers } from "./fixtures.test-support.js";
import type { StartedWorker } from "./start-worker.js";
import { type KernelFunction, startThreadPool } from "./thread-pool.js";

const one = await loadKernels();
const two = await loadKernels({ threads: 2 });
const three = await loadKernels({ threads: 3, variant: "baseline" });
afterAll(() => {
  for (const kernels of [one, two, three]) kernels.dispose();
});

// Comparing arrays of this length by toEqual takes minutes.
function sameBits(a: Float32Array, b: Float32Array): boolean {
  const left = new Int32Array(a.buffer);
  const right = new Int32Array(b.buffer);
  return left.length === right.length && left.every((word, i) => word === right[i]);
}

describe("threads", () => {
  test("give the bits that one thread gives, run after run", () => {
    const count = 150_003;
    const x = randomFloats(count, seededNumbers(1), 5);
    const results = [one, two, three].map((kernels) => {
      const { arena } = kernels;
      using input = arena.upload(x);
      using output = arena.allocate(x.byteLength);
      using plan = planUnary(kernels, { op: "sigmoid", x: input.ptr, y: output.ptr, count });
      const copies = Array.from({ length: 10 }, () => {
        arena.f32(output.ptr, count).fill(7);
        kernels.run(plan);
        return Float32Array.from(arena.f32(output.ptr, count));
      });
      expect(copies.every((copy) => sameBits(copy, copies[0]!))).toBe(true);
      return copies[0]!;
    });
    expect(sameBits(results[1]!, results[0]!)).toBe(true);
    if (one.variant === "baseline") expect(sameBits(results[2]!, results[0]!)).toBe(true);
  });

  test("run thousands of small jobs in order, awake and from sleep", async () => {
    const { arena } = two;
    using a = arena.upload(Float32Array.from({ length: 65536 }, (_, i) => i));
    using b = arena.allocate(65536 * 4);
    // Transposed there and back: any unit computed too early, twice or never would show.
    const shape = [256, 256];
    using there = planTranspose(two, { x: a.ptr, y: b.ptr, shape, perm: [1, 0], bytes: 4 });
    using back = planTranspose(two, { x: b.ptr, y: a.ptr, shape, perm: [1, 0], bytes: 4 });
    const plan = {
      ...there,
      jobs: [...there.jobs, ...back.jobs].map((job) => ({ ...job, grain: 1 })),
    };
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 200; i++) two.run(plan);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(arena.f32(a.ptr, 65536).every((value, i) => value === i)).toBe(true);
    expect(arena.f32(b.ptr, 65536)[1]).toBe(256);
  });

  test("go on when the memory grows", () => {
    const { arena } = two;
    const before = arena.f32(65536, 4);
    using large = arena.allocate(arena.capacity * 2);
    arena.f32(large.ptr, large.bytes / 4).fill(-1);
    using plan = planUnary(two, { op: "relu", x: large.ptr, y: large.ptr, count: large.bytes / 4 });
    two.run(plan);
    expect(arena.f32(large.ptr, large.bytes / 4).every((value) => value === 0)).toBe(true);
    expect(before.length).toBe(4); // shared views stay attached
  });

  test("report a kernel that fails instead of waiting for it", () => {
    const beyond = 2 ** 31;
    const units = 64;
    const plan = createPlan(three.arena, [
      { kernel: "softmax_f32", params: [beyond, beyond, 1000, 0], units },
    ]);
    for (let i = 0; i < 3; i++) expect(() => three.run(plan)).toThrow();
    plan.dispose();
    using x = three.arena.upload(new Float32Array(8));
    using good = planSoftmax(three, { x: x.ptr, y: x.ptr, rows: 2, cols: 4 });
    three.run(good);
    expect(three.arena.f32(x.ptr, 8)[0]).toBe(0.25);
  });

  test("do all the work alone when no worker comes", async () => {
    const kernels = await loadKernels({ threads: 2 });
    const calls: [number, number][] = [];
    const functions: Record<string, KernelFunction> = {
      count: (_, begin, end) => calls.push([begin, end]),
    };
    const absent = (): StartedWorker => ({ ready: Promise.resolve(), terminate() {} });
    const modules = [new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))];
    const { arena } = kernels;
    const pool = await startThreadPool({ arena, modules, functions, threads: 4, start: absent });
    pool.run({ kernel: "count", params: 0, units: 1000, grain: 3 });
    expect(calls[0]![0]).toBe(0);
    expect(calls.at(-1)![1]).toBe(1000);
    calls.slice(1).forEach(([begin], i) => {
      expect(begin).toBe(calls[i]![1]);
    });
    expect(calls.length).toBeGreaterThan(8);
    // Not worth dividing: one call.
    calls.length = 0;
    pool.run({ kernel: "count", params: 0, units: 5, grain: 3 });
    expect(calls).toEqual([[0, 5]]);
    pool.dispose();
    kernels.dispose();
  });

  test("a worker that cannot start is an error, and its memory comes back", async () => {
    const { arena } = two;
    const used = arena.used;
    const failing = (): StartedWorker => ({
      ready: Promise.reject(new EdgewrightError("unavailable", "no workers today")),
      terminate() {},
    });
    const modules = [new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))];
    const options = { arena, modules, functions: {}, threads: 2, start: failing };
    await expect(startThreadPool(options)).rejects.toThrow("no workers today");
    expect(arena.used).toBe(used);
  });

  test("auto takes what there is", async () => {
    using kernels = await loadKernels({ threads: "auto" });
    expect(kernels.threads).toBeGreaterThanOrEqual(1);
    expect(kernels.threads).toBeLessThanOrEqual(8);
  });
});

test("kernels leave the module's static data alone", () => {
  const words = Uint32Array.from(new Uint32Array(two.arena.memory.buffer, 0, 16384));
  const fresh = Uint32Array.from(new Uint32Array(one.arena.memory.buffer, 0, 16384));
  expect(words.every((word, i) => word === fresh[i])).toBe(true);
});
