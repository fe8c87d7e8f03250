import type { ComputeUnit, Device, DeviceProfile } from "@edgewright/core";
import { measuredLatencyMs } from "./measured-latency.js";

/** A model whose time on a device says how fast the device is. */
export interface LatencyProbe {
  readonly model: string;
  readonly precision: string;
}

/** Options of {@link encodeDevice} and {@link deviceFeatureNames}. */
export interface EncodeDeviceOptions {
  /** Models whose measured times are features. @default none */
  readonly probes?: readonly LatencyProbe[];
}

// Amounts on scales of logarithms on which usual devices lie from about 0 to 1.
const AMOUNTS: readonly {
  readonly name: string;
  readonly read: (device: Device, profile: DeviceProfile | undefined) => number | undefined;
  readonly scale: (amount: number) => number;
}[] = [
  {
    name: "threads",
    read: (device, profile) => device.threads ?? mostThreads(profile),
    scale: (threads) => Math.log2(threads) / 6,
  },
  {
    name: "memory",
    read: (device) => device.memoryBytes,
    scale: (bytes) => Math.log2(bytes / 2 ** 28) / 8,
  },
  {
    name: "clock",
    read: (device) => device.features?.clockGhz,
    scale: (ghz) => Math.log2(ghz / 0.5) / 4,
  },
];
const KINDS = ["phone", "board", "laptop", "server", "microcontroller", "browser"];
const UNITS: readonly ComputeUnit[] = ["cpu", "gpu", "npu", "dsp", "fpga", "accelerator"];

/**
 * Features of a device, from a description or a whole profile: the logarithms of its threads, memory and clock
 * (`features.clockGhz`), what kind it is, the processors that its engines run on, and the logarithm of its time for
 * every probe. What is not known is 0, with a 1 in the `... unknown` feature after it; all lie about 0 to 1.
 * {@link deviceFeatureNames} names them in order.
 *
 * @example
 * import { deviceFeatureNames, encodeDevice } from "@edgewright/bandit/qoe";
 *
 * const features = encodeDevice({ name: "my phone", kind: "phone", threads: 8 });
 * console.log(features.length === deviceFeatureNames().length); // true
 */
export function encodeDevice(
  source: DeviceProfile | Device,
  options: EncodeDeviceOptions = {},
): Float64Array {
  const profile = "device" in source ? source : undefined;
  const device = "device" in source ? source.device : source;
  const features: number[] = [];
  const push = (amount: number | undefined, scale: (amount: number) => number): void => {
    const known = amount !== undefined && amount > 0 && amount < Infinity;
    features.push(known ? scale(amount) : 0, known ? 0 : 1);
  };
  for (const { read, scale } of AMOUNTS) push(read(device, profile), scale);
  for (const kind of KINDS) features.push(device.kind === kind ? 1 : 0);
  for (const unit of UNITS) {
    features.push(profile?.engines.some((engine) => engine.unit === unit) ? 1 : 0);
  }
  for (const probe of options.probes ?? []) {
    push(profile && measuredLatencyMs(profile, probe), (ms) => Math.log10(ms) / 3);
  }
  return Float64Array.from(features);
}

/** Names of the features of {@link encodeDevice}, in their order. */
export function deviceFeatureNames(options: EncodeDeviceOptions = {}): string[] {
  const withUnknown = (name: string): string[] => [name, `${name} unknown`];
  return [
    ...AMOUNTS.flatMap(({ name }) => withUnknown(`log ${name}`)),
    ...KINDS.map((kind) => `kind ${kind}`),
    ...UNITS.map((unit) => `unit ${unit}`),
    ...(options.probes ?? []).flatMap(({ model, precision }) =>
      withUnknown(`log latency of ${model} ${precision}`),
    ),
  ];
}

function mostThreads(profile: DeviceProfile | undefined): number | undefined {
  const threads = profile?.engines.flatMap((engine) => engine.threads ?? []) ?? [];
  return threads.length > 0 ? Math.max(...threads) : undefined;
}
