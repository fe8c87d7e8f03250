import { EdgewrightError } from "@edgewright/core";
import type { ThresholdController } from "./controller.js";
import { createJoinedDevices } from "./joined-devices.js";

/** Options of {@link createContinuousController}. */
export interface ContinuousControllerOptions {
  /** Threshold of devices that bring none. @default 0.35 */
  readonly threshold?: number;
  /** Share of samples in time to hold, in percent. @default 95 */
  readonly targetPercent?: number;
  /** Change of a threshold for each percent off the target and window. @default 0.005 */
  readonly gain?: number;
  /** What a window above the target adds to a device's multiplier, over the active devices. @default 0.1 */
  readonly multiplierStep?: number;
  /**
   * Whose samples a threshold follows: the device's own, as in the paper, or those of all active devices together.
   * By its own, a device whose light model is good forwards as much as a weak one before it has as many violations;
   * together, thresholds stay as far apart as they began, and the server's time goes to the unsure samples.
   * @default "device"
   */
  readonly follow?: "device" | "all";
}

/**
 * A controller in the style of MultiTASC++ (arXiv:2412.04147): each device's threshold follows its own share of
 * samples in time. With SR the share of the window in percent, d = -a (target - SR); where d > 0 it is multiplied by
 * the device's multiplier, which then grows by 0.1 / n, n the devices that reported in the window; otherwise the
 * multiplier falls back to 1. Thresholds of devices that are silent or have left stay frozen.
 *
 * @example
 * const controller = createContinuousController();
 * controller.join("camera", { threshold: 0.5 }, 0);
 * controller.report("camera", { inSlo: 97, total: 100 }, 1500);
 * controller.update(1500).get("camera"); // 0.51: two percent above the target
 *
 * @throws EdgewrightError `invalid-argument` where a number is out of range
 */
export function createContinuousController({
  threshold = 0.35,
  targetPercent = 95,
  gain = 0.005,
  multiplierStep = 0.1,
  follow = "device",
}: ContinuousControllerOptions = {}): ThresholdController {
  for (const [name, value] of Object.entries({ targetPercent, gain, multiplierStep })) {
    if (value >= 0 && value <= 100) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createContinuousController: ${name} must be a number from 0 to 100, got ${value}`,
    );
  }
  const devices = createJoinedDevices("createContinuousController", threshold);
  const multipliers = new Map<string, number>();
  return {
    name: follow === "all" ? "multitasc++ together" : "multitasc++",
    join(device, joining) {
      devices.join(device, joining);
      multipliers.set(device, 1);
    },
    leave: (device) => devices.leave(device),
    report(device, { inSlo, total }) {
      devices.report(device, inSlo, total);
    },
    observeBatch() {},
    update() {
      const active = [...devices.all].filter(([, { present, total }]) => present && total > 0);
      const together = { inSlo: 0, total: 0 };
      for (const [, { inSlo, total }] of active) {
        together.inSlo += inSlo;
        together.total += total;
      }
      for (const [name, device] of active) {
        const { inSlo, total } = follow === "all" ? together : device;
        const satisfied = (100 * inSlo) / total;
        const multiplier = multipliers.get(name)!;
        let change = -gain * (targetPercent - satisfied);
        if (change > 0) {
          change *= multiplier;
          multipliers.set(name, multiplier + multiplierStep / active.length);
        } else multipliers.set(name, 1);
        device.inSlo = 0;
        device.total = 0;
        devices.move(name, Math.min(1, Math.max(0, device.threshold + change)));
      }
      return devices.takeChanges();
    },
    thresholdOf: (device) => devices.all.get(device)?.threshold,
  };
}
