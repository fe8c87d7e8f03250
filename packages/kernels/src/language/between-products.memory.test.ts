import fc from "fast-check";
import { expect, test } from "vitest";
import { randomFloats, seededNumbers } from "../runtime/fixtures.test-support.js";
import { createRotaryAngles } from "../training/attention/create-rotary-angles.js";
import {
  type GuardedRun,
  loadGuardedKernels,
  runGuarded,
} from "../training/run-guarded.test-support.js";
import { planGatedActivation } from "./activation/plan-gated-activation.js";
import { planCacheAttention } from "./attention/plan-cache-attention.js";
import { createKvCache } from "./cache/create-kv-cache.js";
import { type KvCacheType, TILE_SLOTS } from "./cache/kv-cache-layout.js";
import { planRotateAndStore } from "./cache/plan-rotate-and-store.js";
import { languageKernels } from "./load-language-kernels.js";
import { planRmsNorm } from "./normalization/plan-rms-norm.js";
import { planArgmax } from "./selection/plan-argmax.js";
import { planLogSumExp } from "./selection/plan-log-sum-exp.js";
import { planTopK } from "./selection/plan-top-k.js";

const builds = await loadGuardedKernels(languageKernels);
const upTo = (max: number, min = 1): fc.Arbitrary<number> => fc.integer({ min, max });

test("kernels on rows stay within their memory and depend on their operands alone", () => {
  fc.assert(
    fc.property(
      fc.record({ n: upTo(5), cols: upTo(70), k: upTo(9), spare: upTo(5, 0), seed: fc.nat() }),
      ({ n, cols, k, spare, seed }) => {
        const x = randomFloats(n * cols, seededNumbers(seed));
        const gamma = randomFloats(cols, seededNumbers(seed + 1));
        const stride = 2 * cols + spare;
        const gateUp = randomFloats((n - 1) * stride + 2 * cols, seededNumbers(seed));
        const runs: GuardedRun[] = [
          {
            inputs: { x },
            outputs: { y: n * 4 },
            plan: (kernels, at) => planArgmax(kernels, { x: at("x"), y: at("y"), rows: n, cols }),
          },
          {
            inputs: { x },
            outputs: { values: n * k * 4, indices: n * k * 4 },
            plan: (kernels, at) =>
              planTopK(kernels, {
                ...{ x: at("x"), values: at("values"), indices: at("indices"), rows: n, cols, k },
              }),
          },
          {
            inputs: { x },
            outputs: { y: n * 8 },
            plan: (kernels, at) =>
              planLogSumExp(kernels, { x: at("x"), y: at("y"), rows: n, cols }),
          },
          {
            inputs: { x, gamma },
            outputs: { y: n * cols * 4 },
            plan: (kernels, at) =>
              planRmsNorm(kernels, { x: at("x"), y: at("y"), gamma: at("gamma"), n, cols }),
          },
          {
            inputs: { gateUp },
            outputs: { y: n * cols * 4 },
            plan: (kernels, at) =>
              planGatedActivation(kernels, {
                ...{ gateUp: at("gateUp"), stride, y: at("y"), n, hidden: cols },
                activation: k % 2 === 0 ? "silu" : "relu2",
              }),
          },
        ];
        for (const build of builds) for (const run of runs) runGuarded(build, run);
      },
    ),
    { numRuns: 40, seed: 12 },
  );
});

const caches = fc.record({
  group: upTo(3),
  kvHeads: upTo(2),
  headDim: fc.oneof(upTo(9, 2), fc.constantFrom(16, 32)).map((quarter) => 4 * quarter),
  n: upTo(20),
  before: upTo(90, 0),
  tree: fc.boolean(),
  type: fc.constantFrom<KvCacheType>("f32", "f16", "int8"),
  seed: fc.nat(),
});

test("attention stays within its memory and leaves the cache as it is", () => {
  fc.assert(
    fc.property(caches, ({ group, kvHeads, headDim, n, before, tree, type, seed }) => {
      const heads = group * kvHeads;
      const random = seededNumbers(seed);
      const capacity = before + n;
      const paths = Int32Array.from({ length: n * 3 }, (_, i) => before + (i % n));
      const lengths = Int32Array.from({ length: n }, (_, i) => i % 4); // none at all, too
      const q = randomFloats(n * heads * headDim, random);
      for (const build of builds) {
        const { kernels } = build;
        using cache = createKvCache(kernels, { layers: 2, kvHeads, headDim, capacity, type });
        const bytes = (): Uint8Array => kernels.arena.u8(cache.layout.data, cache.bytes);
        // 0x3c3c is 1.06 in f16, 0x3c3c3c3c 0.01 in f32.
        bytes().fill(0x3c);
        const layer = seed % 2;
        const run: GuardedRun = {
          inputs: { q, state: Int32Array.of(before), paths, lengths },
          outputs: { y: n * heads * headDim * 4 },
          plan: (kernels, at) =>
            planCacheAttention(kernels, {
              ...{ q: at("q"), y: at("y"), state: at("state") },
              ...{ n, heads, cache: cache.layout, layer },
              ...(tree && {
                paths: { slots: at("paths"), lengths: at("lengths"), maxDepth: 3 },
              }),
            }),
        };
        runGuarded(build, run);
        expect(bytes().every((byte) => byte === 0x3c)).toBe(true);
      }
    }),
    { numRuns: 25, seed: 13 },
  );
});

test("storing writes the slots it is told and nothing else, even where they do not exist", () => {
  fc.assert(
    fc.property(caches, ({ group, kvHeads, headDim, n, before, type, seed }) => {
      const heads = group * kvHeads;
      const random = seededNumbers(seed);
      const capacity = before + n;
      const width = (heads + 2 * kvHeads) * headDim;
      const slots = Int32Array.from({ length: n }, (_, i) =>
        i % 3 === 0 ? [-1, capacity, 2 ** 31 - 1][i % 9 === 0 ? 0 : i % 2 === 0 ? 1 : 2]! : i,
      );
      const positions = Int32Array.from({ length: n }, (_, i) => (i % 5 === 0 ? 1e9 : i));
      for (const build of builds) {
        const { arena } = build.kernels;
        using cache = createKvCache(build.kernels, { layers: 3, kvHeads, headDim, capacity, type });
        const { layout } = cache;
        const words = arena.i32(layout.ptr, 16).slice();
        arena.u8(layout.data, cache.bytes).fill(0xa5);
        runGuarded(build, {
          inputs: {
            positions,
            slots,
            angles: createRotaryAngles({ places: 30, rotated: headDim }),
          },
          outputs: { qkv: randomFloats(n * width, random) },
          plan: (kernels, at) =>
            planRotateAndStore(kernels, {
              ...{ qkv: at("qkv"), positions: at("positions"), slots: at("slots") },
              ...{ angles: at("angles"), places: 30, pairing: "half" },
              ...{ n, heads, cache: layout, layer: 1 },
            }),
        });
        const written = new Set(slots);
        const { vectorBytes, tileBytes, tiles } = layout;
        const all = arena.u8(layout.data, cache.bytes);
        const vectors = 2 * TILE_SLOTS * vectorBytes;
        for (let at = 0; at < all.length; at++) {
          if (all[at] === 0xa5) continue;
          const tile = Math.floor(at / tileBytes);
          expect(Math.floor(tile / tiles / kvHeads), "layer").toBe(1);
          const within = at % tileBytes;
          const place =
            within < vectors
              ? Math.floor(within / vectorBytes) % TILE_SLOTS
              : Math.floor((within - vectors) / 4) % TILE_SLOTS;
          const slot = (tiles - 1 - (tile % tiles)) * TILE_SLOTS + place;
          if (!written.has(slot)) throw new Error(`wrote byte ${within} of slot ${slot}`);
        }
        expect(arena.i32(layout.ptr, 16)).toEqual(words);
      }
    }),
    { numRuns: 15, seed: 14 },
  );
});
