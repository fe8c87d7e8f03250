import { EdgewrightError } from "@edgewright/core";
import type { JoiningDevice } from "./controller.js";

/** What a controller keeps of a device. */
interface JoinedDevice {
  threshold: number;
  /** Whether it is here; the threshold of one that is not stays as it is. */
  present: boolean;
  tier: string | undefined;
  /** Samples in time since the last update. */
  inSlo: number;
  /** Samples since the last update. */
  total: number;
}

/** Devices by name, with what {@link JoinedDevice} holds for all controllers. */
export interface JoinedDevices {
  readonly all: ReadonlyMap<string, JoinedDevice>;
  join(device: string, joining: JoiningDevice): JoinedDevice;
  leave(device: string): void;
  report(device: string, inSlo: number, total: number): void;
  /** Sets a threshold and remembers that it has changed. */
  move(device: string, threshold: number): void;
  /** Thresholds that have changed since the last call. */
  takeChanges(): ReadonlyMap<string, number>;
}

/** Checks that a number can be a threshold. */
function checkThreshold(where: string, threshold: number): number {
  if (threshold >= 0 && threshold <= 1) return threshold;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a threshold from 0 to 1 was expected, got ${threshold}`,
  );
}

/** An empty set of devices, whose members start with a threshold. */
export function createJoinedDevices(controller: string, start: number): JoinedDevices {
  checkThreshold(controller, start);
  const all = new Map<string, JoinedDevice>();
  let changes = new Map<string, number>();
  return {
    all,
    join(device, { threshold, tier }) {
      if (threshold !== undefined) checkThreshold(`${controller}: join`, threshold);
      const known = all.get(device);
      const joined: JoinedDevice = known ?? {
        ...{ threshold: start, present: true, tier, inSlo: 0, total: 0 },
      };
      joined.present = true;
      joined.tier = tier ?? joined.tier;
      joined.threshold = threshold ?? joined.threshold;
      joined.inSlo = 0; // what a device did before it left says nothing of now
      joined.total = 0;
      all.set(device, joined);
      return joined;
    },
    leave(device) {
      const joined = all.get(device);
      if (joined) joined.present = false;
    },
    report(device, inSlo, total) {
      if (!(inSlo >= 0 && total >= inSlo && total < Infinity)) {
        throw new EdgewrightError(
          "invalid-argument",
          `${controller}: report: 0 <= inSlo <= total was expected, got ${inSlo} of ${total}`,
        );
      }
      const joined = all.get(device);
      if (!joined?.present) return;
      joined.inSlo += inSlo;
      joined.total += total;
    },
    move(device, threshold) {
      const joined = all.get(device);
      if (!joined || joined.threshold === threshold) return;
      joined.threshold = threshold;
      changes.set(device, threshold);
    },
    takeChanges() {
      const taken = changes;
      changes = new Map();
      return taken;
    },
  };
}
