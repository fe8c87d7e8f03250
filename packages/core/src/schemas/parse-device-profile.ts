import * as z from "zod/mini";
import { ValidationError } from "../errors.js";
import type { DeviceProfile } from "./device-profile.js";
import { modelVariantSchema } from "./parse-model-variant.js";
import { parseWith } from "./parse-with.js";

// Unknown keys are refused: a misspelt one would otherwise be lost without a word.
const deviceProfileSchema: z.ZodMiniType<DeviceProfile> = /*@__PURE__*/ (() => {
  const name = z.string().check(z.minLength(1));
  const amount = z.number().check(z.nonnegative());
  const kind = z.enum(["measured", "simulated", "modelled", "published"]);
  const some = z.exactOptional(amount);
  const statistics = z
    .strictObject({
      mean: some,
      median: some,
      standardDeviation: some,
      min: some,
      max: some,
      p90: some,
      p95: some,
      p99: some,
      count: z.exactOptional(z.int().check(z.nonnegative())),
    })
    .check(
      z.refine(
        ({ count: _, ...figures }) => Object.keys(figures).length > 0,
        "at least one statistic is needed",
      ),
    );
  const member = z.strictObject({ model: name, precision: name, engine: name });
  return z.strictObject({
    version: z.literal(1),
    device: z.strictObject({
      name,
      kind: z.exactOptional(name),
      processor: z.exactOptional(z.string()),
      threads: z.exactOptional(z.int().check(z.positive())),
      memoryBytes: some,
      platform: z.exactOptional(z.string()),
      versions: z.exactOptional(z.record(z.string(), z.string())),
      features: z.exactOptional(z.record(z.string(), z.number())),
    }),
    engines: z.array(
      z.strictObject({
        id: name,
        runtime: name,
        unit: z.enum(["cpu", "gpu", "npu", "dsp", "fpga", "accelerator"]),
        version: z.exactOptional(z.string()),
        threads: z.exactOptional(z.int().check(z.positive())),
        options: z.exactOptional(
          z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
        ),
      }),
    ),
    variants: z.exactOptional(z.array(modelVariantSchema)),
    measurements: z.array(
      z.strictObject({
        model: name,
        precision: name,
        engine: name,
        component: z.exactOptional(name),
        kind,
        batch: z.exactOptional(z.int().check(z.positive())),
        latencyMs: z.exactOptional(statistics),
        cpuMs: z.exactOptional(statistics),
        loadMs: z.exactOptional(statistics),
        energyMj: z.exactOptional(statistics),
        memoryBytes: z.exactOptional(statistics),
        modelBytes: some,
        fallbackShare: z.exactOptional(z.number().check(z.minimum(0), z.maximum(1))),
        layersByUnit: z.exactOptional(z.record(z.string(), amount)),
        noise: some,
        note: z.exactOptional(z.string()),
      }),
    ),
    coRuns: z.array(
      z.strictObject({
        members: z.array(member).check(z.minLength(2)),
        latencyMs: z.array(statistics),
        kind,
      }),
    ),
    source: z.exactOptional(z.string()),
    date: z.exactOptional(z.string()),
  });
})();

/**
 * Checks that a value from outside, say a parsed JSON file, is a {@link DeviceProfile}, that engine
 * ids are unique, and that measurements and co-runs name engines that the profile has.
 *
 * @throws ValidationError with the path of the first fault in `where`.
 */
export function parseDeviceProfile(value: unknown): DeviceProfile {
  const profile = parseWith(deviceProfileSchema, value, "parseDeviceProfile");
  const ids = new Set<string>();
  profile.engines.forEach(({ id }, i) => {
    if (ids.has(id)) throw fault(`engines[${i}].id`, `"${id}" is used twice`);
    ids.add(id);
  });
  profile.measurements.forEach(({ engine }, i) => {
    if (!ids.has(engine)) throw fault(`measurements[${i}].engine`, `no engine has id "${engine}"`);
  });
  profile.coRuns.forEach(({ members, latencyMs }, i) => {
    members.forEach(({ engine }, j) => {
      const path = `coRuns[${i}].members[${j}].engine`;
      if (!ids.has(engine)) throw fault(path, `no engine has id "${engine}"`);
    });
    if (latencyMs.length !== members.length) {
      throw fault(
        `coRuns[${i}].latencyMs`,
        `one entry for each of ${members.length} members was expected, got ${latencyMs.length}`,
      );
    }
  });
  return profile;
}

function fault(path: string, message: string): ValidationError {
  return new ValidationError(`parseDeviceProfile: at ${path}: ${message}`, { where: path });
}
