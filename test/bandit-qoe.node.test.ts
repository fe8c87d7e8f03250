import { existsSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import {
  deviceFeatureNames,
  encodeDevice,
  encodeModel,
  modelFeatureNames,
  predictLatencies,
} from "@edgewright/bandit/qoe";
import { describe, expect, it } from "vitest";
import type { BenchContext } from "../bench/context.js";
import { nasbenchVariant } from "../bench/reproduce/bandit/qoe/nasbench-models.js";
import { createSplit } from "../bench/reproduce/bandit/qoe/splits.js";
import { loadTables } from "../bench/reproduce/bandit/qoe/tables.js";

const shared = env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url));
const folder = join(shared, "data/profiles");
const present = existsSync(join(folder, "ncnn-bench.csv"));
if (!present) console.warn(`skipped: ${folder} is not there; set EDGEWRIGHT_SHARED`);

describe("architectures of NAS-Bench-201 as variants", () => {
  const conv = "nor_conv_3x3";
  const all = `|${conv}~0|+|${conv}~0|${conv}~1|+|${conv}~0|${conv}~1|${conv}~2|`;

  it("has the published operations and parameters of the largest one: 220.12 million and 1.53 million", () => {
    const { macs, bytes } = nasbenchVariant(all)!;
    expect(macs! / 1e6).toBeCloseTo(220.1, 0);
    expect(bytes! / 4e6).toBeCloseTo(1.531, 2);
  });

  it("counts no operation that nothing gets through", () => {
    const dead = nasbenchVariant(`|none~0|+|none~0|${conv}~1|+|skip_connect~0|none~1|none~2|`)!;
    const bare = nasbenchVariant("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")!;
    expect({ ...dead, model: "" }).toEqual({ ...bare, model: "" });
    expect(nasbenchVariant(`|${conv}~0|+|none~0|none~1|+|none~0|none~1|none~2|`)).toBeUndefined();
  });
});

describe.skipIf(!present)("the published tables as worlds", () => {
  const context = { values: { qoe: folder }, log() {} } as unknown as BenchContext;
  const tables = loadTables(context);

  it("describes every device and model in finite numbers of the order of 1", () => {
    expect(tables.map(({ name }) => name)).toEqual(["NAS-Bench-201", "ncnn"]);
    for (const { profiles, variants, probes } of tables) {
      for (const profile of profiles) {
        const features = encodeDevice(profile, { probes });
        expect(features.length).toBe(deviceFeatureNames({ probes }).length);
        expect(features.every((value) => Math.abs(value) < 2)).toBe(true);
        const known = new Map(profile.measurements.map((m) => [m.model, m.latencyMs!.mean!]));
        for (const [i, latencyMs] of predictLatencies(variants, (v) =>
          known.get(v.model),
        ).entries()) {
          const model = encodeModel(variants[i]!, { latencyMs: latencyMs! });
          expect(model.length).toBe(modelFeatureNames().length);
          expect(model.every((value) => Math.abs(value) < 2)).toBe(true);
        }
      }
    }
  });

  it("holds devices and users out: none is on both sides of a split", () => {
    for (const table of tables) {
      const { training, heldOut } = createSplit(table, 3);
      const names = (world: typeof training) => world.profiles.map(({ device }) => device.name);
      expect(names(training).filter((name) => names(heldOut).includes(name))).toEqual([]);
      expect(training.profiles.length + heldOut.profiles.length).toBe(table.profiles.length);
      for (const user of training.users) expect(heldOut.users).not.toContainEqual(user);
    }
  });

  it("has no model that is best for everybody everywhere", () => {
    for (const table of tables) {
      const { heldOut } = createSplit(table, 0);
      const best = new Set<number>();
      heldOut.users.forEach((_, user) => {
        heldOut.profiles.forEach((_profile, device) => {
          best.add(heldOut.bestArm(user, device));
        });
      });
      expect(best.size).toBeGreaterThan(4);
    }
  });
});
