import { type DeviceProfile, EdgewrightError, type ModelVariant } from "@edgewright/core";
import { metricsOf, type OnDevice } from "../features/encode-model.js";
import { measuredEnergyMj, measuredLatencyMs } from "../features/measured-latency.js";
import { predictLatencies } from "../features/predict-latency.js";
import { type QoeFeatures, qoeFeatures } from "../features/qoe-features.js";
import { variantId } from "../features/variant-id.js";
import type { QoeMetrics } from "../utility/qoe-metrics.js";
import { qoeUtility } from "../utility/qoe-utility.js";
import type { UserType } from "../utility/user-types.js";

/** Options of {@link createQoeWorld}. */
export interface QoeWorldOptions {
  /** The devices, with what was measured on them: a variant that has no time on a device cannot be chosen there. */
  readonly profiles: readonly DeviceProfile[];
  /** The models to choose among. */
  readonly variants: readonly ModelVariant[];
  /** The people, see {@link drawUser}. Each is as likely to ask as any other, on any of the devices. */
  readonly users: readonly UserType[];
  /**
   * Models the energy of an inference, in millijoules, where the profile has none.
   * @default energy stays unknown
   */
  readonly energyMj?: (
    profile: DeviceProfile,
    variant: ModelVariant,
    latencyMs: number,
  ) => number | undefined;
  /**
   * The variants that were timed on every device beforehand: all that a bandit is told of the device's speed, and the
   * times of the others are predicted from theirs. Quality of experience follows the real times all the same.
   * @default all variants
   */
  readonly probes?: readonly ModelVariant[];
  /** How choices are described. @default {@link qoeFeatures}() */
  readonly features?: QoeFeatures;
}

/** Users with devices who ask for models: where policies are tried out. Users, devices and arms go by index. */
export interface QoeWorld {
  readonly users: readonly UserType[];
  readonly profiles: readonly DeviceProfile[];
  readonly variants: readonly ModelVariant[];
  /** Ids of the variants: the arms. */
  readonly arms: readonly string[];
  readonly contextDimension: number;
  readonly armDimension: number;
  /** The arms that can run on a device, ascending. */
  armsOn(device: number): readonly number[];
  /** What a user notices of an arm on a device; undefined where it cannot run. */
  metrics(device: number, arm: number): QoeMetrics | undefined;
  /** Mean rating that the user would give, 0 to 1; NaN where the arm cannot run. */
  expectedQoe(user: number, device: number, arm: number): number;
  /** The arm with the highest expected rating, the first of equal ones. */
  bestArm(user: number, device: number): number;
  /** Features of the context, [contextDimension]. */
  context(user: number, device: number): Float64Array;
  /** The arms on offer with their features, [armDimension] each. */
  offer(device: number): ReadonlyMap<string, Float64Array>;
}

/**
 * Makes a world out of tables: devices with measured times, models, and people whose quality of experience follows
 * their {@link UserType}.
 *
 * @example
 * import { createQoeWorld, USER_TYPES } from "@edgewright/bandit/qoe";
 *
 * const measure = (model: string, mean: number) =>
 *   ({ model, precision: "fp32", engine: "cpu", kind: "published", latencyMs: { mean } }) as const;
 * const engines = [{ id: "cpu", runtime: "ncnn", unit: "cpu" }] as const;
 * const world = createQoeWorld({
 *   profiles: [
 *     { version: 1, device: { name: "slow" }, engines, coRuns: [], measurements: [measure("a", 30), measure("b", 300)] },
 *     { version: 1, device: { name: "fast" }, engines, coRuns: [], measurements: [measure("a", 1), measure("b", 5)] },
 *   ],
 *   variants: [
 *     { task: "classify", model: "a", precision: "fp32", accuracy: { metric: "top1", value: 68 } },
 *     { task: "classify", model: "b", precision: "fp32", accuracy: { metric: "top1", value: 78 } },
 *   ],
 *   users: [USER_TYPES.impatient],
 * });
 * console.log(world.arms[world.bestArm(0, 0)], world.arms[world.bestArm(0, 1)]); // a fp32 b fp32
 *
 * @throws EdgewrightError `invalid-argument` without devices, users or variants, for two variants of the same name, and
 * for a device on which none runs
 */
export function createQoeWorld(options: QoeWorldOptions): QoeWorld {
  const { profiles, variants, users, energyMj = () => undefined, probes = variants } = options;
  const { features = qoeFeatures() } = options;
  for (const [name, list] of Object.entries({ profiles, variants, users })) {
    if (list.length === 0)
      throw refusal(`createQoeWorld: ${name} is empty: at least one is needed`);
  }
  const arms = variants.map(variantId);
  const twice = arms.find((arm, i) => arms.indexOf(arm) !== i);
  if (twice !== undefined) throw refusal(`createQoeWorld: two variants are called "${twice}"`);

  const describe = (
    profile: DeviceProfile,
    variant: ModelVariant,
    latencyMs: number,
    measured: boolean,
  ): OnDevice => {
    const energy =
      (measured ? measuredEnergyMj(profile, variant) : undefined) ??
      energyMj(profile, variant, latencyMs);
    return { latencyMs, ...(energy !== undefined && { energyMj: energy }) };
  };
  const real = profiles.map((profile) =>
    variants.map((variant) => {
      const latencyMs = measuredLatencyMs(profile, variant);
      return latencyMs === undefined
        ? undefined
        : metricsOf(variant, describe(profile, variant, latencyMs, true));
    }),
  );
  const told = profiles.map((profile): OnDevice[] => {
    const latencies = predictLatencies(variants, (variant) =>
      probes.includes(variant) ? measuredLatencyMs(profile, variant) : undefined,
    );
    return variants.map((variant, i) =>
      latencies[i] === undefined
        ? {}
        : describe(profile, variant, latencies[i], probes.includes(variant)),
    );
  });
  const running = real.map((row) => row.flatMap((metrics, arm) => (metrics ? [arm] : [])));
  running.forEach((list, device) => {
    if (list.length > 0) return;
    throw refusal(
      `createQoeWorld: none of the variants was measured on "${profiles[device]!.device.name}": leave the device out`,
    );
  });

  const offers = running.map(
    (list, device) =>
      new Map(list.map((arm) => [arms[arm]!, features.arm(variants[arm]!, told[device]![arm]!)])),
  );

  const count = arms.length;
  const at = (user: number, device: number): number => (user * profiles.length + device) * count;
  const table = new Float64Array(users.length * profiles.length * count).fill(Number.NaN);
  users.forEach((user, u) => {
    const qoe = qoeUtility(user);
    running.forEach((list, d) => {
      for (const arm of list) table[at(u, d) + arm] = qoe(real[d]![arm]!);
    });
  });

  return {
    users,
    profiles,
    variants,
    arms,
    contextDimension: features.contextNames.length,
    armDimension: features.armNames.length,
    armsOn: (device) => running[device]!,
    metrics: (device, arm) => real[device]![arm],
    expectedQoe: (user, device, arm) => table[at(user, device) + arm]!,
    bestArm: (user, device) => {
      const start = at(user, device);
      return running[device]!.reduce((best, arm) =>
        table[start + arm]! > table[start + best]! ? arm : best,
      );
    },
    context: (user, device) => features.context(users[user]!, profiles[device]!),
    offer: (device) => offers[device]!,
  };
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
