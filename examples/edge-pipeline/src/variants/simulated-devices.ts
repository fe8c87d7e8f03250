import type { Device, DeviceProfile, ModelVariant } from "@edgewright/core";
import type { ZooFront } from "../zoo-front.js";

/** Pictures that are classified at once: what a user waits for. */
export const ALBUM = 100;

/** A device on which the zoo's models could run: this one, or one that is only said to be so much slower. */
export interface PlayedDevice {
  readonly name: string;
  /** Whether the times were measured, here; else they are those of this machine times `factor`. */
  readonly isReal: boolean;
  /** How many times slower than this machine. */
  readonly factor: number;
  readonly profile: DeviceProfile;
}

/**
 * Devices that are simulated: this machine, as much slower or faster as ncnn's published benchmark has them beside a
 * server (AMD EPYC 7742): its times of MobileNet V2 on one thread in milliseconds, github.com/Tencent/ncnn, benchmark/README.md.
 */
const PUBLISHED: readonly { readonly name: string; readonly kind: string; readonly ms: number }[] =
  [
    { name: "MacBook Air M3", kind: "laptop", ms: 4.1 },
    { name: "Raspberry Pi 5", kind: "board", ms: 16.38 },
    { name: "Snapdragon 410 phone", kind: "phone", ms: 169.06 },
    { name: "Raspberry Pi Zero 2 W", kind: "board", ms: 274.23 },
    { name: "i.MX 7 board", kind: "board", ms: 466.96 },
  ];
const PUBLISHED_SERVER_MS = 10.78;

/** This machine as it was measured, and the simulated ones, from the fastest to the slowest. */
export function playedDevices(zoo: ZooFront, here: Device): PlayedDevice[] {
  const real = { name: "this machine", isReal: true, factor: 1, profile: profileOf(zoo, here, 1) };
  const simulated = PUBLISHED.map(({ name, kind, ms }) => {
    const factor = ms / PUBLISHED_SERVER_MS;
    return { name, isReal: false, factor, profile: profileOf(zoo, { name, kind }, factor) };
  });
  return [real, ...simulated].sort((a, b) => a.factor - b.factor);
}

/** The zoo's models as variants, with the accuracies that they reached on its pictures. */
export function zooVariants({ models }: ZooFront): ModelVariant[] {
  return models.map(({ name, bytes, macs, parameters, accuracy }) => ({
    ...{ task: "image-classification", model: name, precision: "fp32" },
    ...{ bytes, macs, parameters },
    accuracy: { metric: "top1", value: accuracy.accuracy },
  }));
}

function profileOf({ models }: ZooFront, device: Device, factor: number): DeviceProfile {
  return {
    version: 1,
    device,
    engines: [{ id: "cpu", runtime: "edgewright", unit: "cpu", threads: 1 }],
    measurements: models.map(({ name, time }) => ({
      ...{ model: name, precision: "fp32", engine: "cpu" },
      kind: factor === 1 ? "measured" : "simulated",
      latencyMs: { median: ALBUM * time.median * factor },
      note: `an album of ${ALBUM} pictures`,
    })),
    coRuns: [],
  };
}
