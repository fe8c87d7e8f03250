import type { ThresholdController } from "./controller.js";
import { createJoinedDevices } from "./joined-devices.js";

/** Options of {@link createStaticController}. */
export interface StaticControllerOptions {
  /** Threshold of devices that bring none. @default 0.35 */
  readonly threshold?: number;
}

/** Thresholds as they were calibrated, whatever happens: the baseline of the MultiTASC papers. */
export function createStaticController({
  threshold = 0.35,
}: StaticControllerOptions = {}): ThresholdController {
  const devices = createJoinedDevices("createStaticController", threshold);
  return {
    name: "static",
    join(device, joining) {
      devices.join(device, joining);
    },
    leave: (device) => devices.leave(device),
    report(device, { inSlo, total }) {
      devices.report(device, inSlo, total);
    },
    observeBatch() {},
    update: () => devices.takeChanges(),
    thresholdOf: (device) => devices.all.get(device)?.threshold,
  };
}
