import { EdgewrightError } from "@edgewright/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Kernels, loadKernels } from "../runtime/load.js";
import { createKvCache, type KvCache } from "./cache/create-kv-cache.js";
import * as language from "./index.js";

let kernels: Kernels;
let cache: KvCache;
beforeAll(async () => {
  kernels = await language.loadLanguageKernels();
  cache = createKvCache(kernels, { layers: 2, kvHeads: 2, headDim: 8, capacity: 10 });
});
afterAll(() => kernels.dispose());

type Spec = Record<string, unknown>;
type Plan = (kernels: Kernels, spec: never) => { dispose(): void };

/** Never a size of anything. */
const NO_SIZES = [
  ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 40, 2 ** 53],
  ...["3", null],
];
const NO_COUNTS = [...NO_SIZES, 0];
const NO_CACHES = [undefined, null, {}, 5, { ptr: 64, layers: 2, kvHeads: 2, capacity: -1 }];

const cases: [plan: Plan, valid: Spec, wrong: Record<string, readonly unknown[]>][] = [
  [
    createKvCache,
    { layers: 2, kvHeads: 2, headDim: 8, capacity: 10 },
    {
      ...{ layers: NO_COUNTS, kvHeads: NO_COUNTS, capacity: NO_COUNTS },
      headDim: [...NO_COUNTS, 4, 6, 10, 132],
      type: ["f64", null, 3],
    },
  ],
  [language.planRmsNorm, { x: 0, y: 0, n: 2, cols: 3 }, { n: NO_SIZES, cols: NO_COUNTS }],
  [
    language.planGatedActivation,
    { gateUp: 0, y: 0, n: 2, hidden: 3, activation: "silu" },
    {
      ...{ n: [...NO_SIZES, 2 ** 29], hidden: NO_COUNTS, activation: ["relu", null, undefined] },
      ...{ stride: [...NO_COUNTS, 5], yStride: [...NO_COUNTS, 2] },
    },
  ],
  [
    language.planArgmax,
    { x: 0, y: 0, rows: 2, cols: 3 },
    { rows: [...NO_SIZES, 2 ** 29], cols: NO_COUNTS },
  ],
  [
    language.planTopK,
    { x: 0, values: 0, indices: 0, rows: 2, cols: 3, k: 2 },
    { rows: [...NO_SIZES, 2 ** 29], cols: NO_COUNTS, k: [...NO_COUNTS, 257] },
  ],
  [
    language.planLogSumExp,
    { x: 0, y: 0, rows: 2, cols: 3 },
    {
      ...{ rows: [...NO_SIZES, 2 ** 29], cols: NO_COUNTS },
      scale: [Number.NaN, Number.POSITIVE_INFINITY, "2"],
    },
  ],
];

function withCache(): typeof cases {
  const { layout } = cache;
  const layers = [...NO_SIZES, 2, 3];
  const heads = [...NO_COUNTS, 1, 3];
  const rotation = {
    ...{ qkv: 0, n: 2, heads: 4, positions: 0, slots: 0, angles: 0, places: 9 },
    ...{ pairing: "half", cache: layout, layer: 1 },
  };
  const rotationWrong = {
    ...{ n: [...NO_SIZES, 2 ** 29], heads, places: NO_COUNTS, cache: NO_CACHES, layer: layers },
    ...{ stride: [...NO_COUNTS, 63], pairing: ["full", null, undefined] },
  };
  const attention = { q: 0, y: 64, n: 2, heads: 4, cache: layout, layer: 1, state: 0 };
  const attentionWrong = {
    ...{ n: [...NO_SIZES, 2 ** 29], heads, cache: NO_CACHES, layer: layers },
    ...{ yStride: [...NO_COUNTS, 31], scale: [Number.NaN, Number.POSITIVE_INFINITY, "1"] },
    paths: NO_COUNTS.map((maxDepth) => ({ slots: 0, lengths: 0, maxDepth })),
  };
  const { n: _, ...fusedWrong } = attentionWrong;
  return [
    [language.planRotateAndStore, rotation, rotationWrong],
    [language.planCacheAttention, attention, { ...attentionWrong, qStride: [...NO_COUNTS, 31] }],
    [
      language.planRotateAndAttend,
      { ...rotation, ...attention },
      { ...rotationWrong, ...fusedWrong, n: [...NO_SIZES, 17, 2 ** 29] },
    ],
    [language.planMoveSlots, { cache: layout, from: 0, to: 0, count: 0 }, { cache: NO_CACHES }],
    [
      language.planShiftCache,
      { cache: layout, keep: 1, count: 2, length: 9, angles: 0, places: 3, pairing: "half" },
      {
        ...{ cache: NO_CACHES, keep: [...NO_SIZES, 8], count: [...NO_SIZES, 9, 3] },
        ...{ length: [...NO_SIZES, 2, 11], places: [...NO_COUNTS, 2], pairing: ["full", null] },
      },
    ],
  ];
}

describe("what cannot be is refused by a typed error, and takes no memory", () => {
  test.each([...cases.keys(), 6, 7, 8, 9, 10])("case %i", (i) => {
    const [plan, valid, wrong] = [...cases, ...withCache()][i]!;
    const before = kernels.arena.used;
    plan(kernels, valid as never).dispose();
    expect(kernels.arena.used, plan.name).toBe(before);
    const bad: string[] = [];
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const what = `${name} of ${JSON.stringify(value) ?? String(value)}`;
        try {
          plan(kernels, { ...valid, [name]: value } as never).dispose();
          bad.push(`${what} was taken`);
        } catch (error) {
          if (!EdgewrightError.isInstance(error)) bad.push(`${what}: ${error}`);
          else if (!error.message.startsWith(plan.name) && plan !== language.planRmsNorm) {
            bad.push(`${what}: ${error.message}`);
          }
        }
        if (kernels.arena.used !== before) bad.push(`${what} kept memory`);
      }
    }
    expect(bad, plan.name).toEqual([]);
  });
});

test("a length that the cache does not have is refused", () => {
  for (const length of [-1, 11, 0.5, Number.NaN]) {
    expect(() => language.cacheSlices(cache.layout, length)).toThrow(
      `cacheSlices: expected a length from 0 to 10, got ${length}`,
    );
  }
});

test("a cache that no memory holds is refused, and one that this memory does not hold", async () => {
  const large = { layers: 32, kvHeads: 32, headDim: 128, capacity: 4096 };
  expect(() => createKvCache(kernels, large)).toThrow("do not fit into the 4 GiB");
  const small = await language.loadLanguageKernels({ maximumBytes: 2 ** 21 });
  expect(() => createKvCache(small, { ...large, layers: 1 })).toThrow("no room for");
  small.dispose();
});

test("kernels without the extension are refused", async () => {
  const bare = await loadKernels();
  for (const [plan, valid] of [...cases, ...withCache()]) {
    if (plan === language.planRmsNorm) continue; // a kernel of the main module
    expect(() => plan(bare, valid as never), plan.name).toThrow("without the language extension");
  }
  bare.dispose();
});
