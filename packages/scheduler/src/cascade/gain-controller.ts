import { EdgewrightError } from "@edgewright/core";
import type { CalibrationCurve } from "./calibration.js";
import type { ThresholdController } from "./controller.js";
import { createGainCurve, type GainCurve } from "./gain-curve.js";
import { createJoinedDevices } from "./joined-devices.js";

/** Options of {@link createGainController}. */
export interface GainControllerOptions {
  /** What the objective leaves for waiting at the server and for the batch, in ms. */
  readonly budgetMs: number;
  /** Threshold of devices that bring none, before the first window has ended. @default 0.35 */
  readonly threshold?: number;
  /** Share of samples in time to hold, over all devices, in percent. @default 95 */
  readonly targetPercent?: number;
  /** Relative change of the server's load for each percent off the target and window. @default 0.003 */
  readonly gain?: number;
  /** Factor on the load, at most, in windows where all was in time and batches were small. @default 1.15 */
  readonly growth?: number;
}

/**
 * A controller of our own, for the most accuracy that the server's time can buy: each sample forwarded should gain
 * the same on every device. One number is controlled, the load of the server in requests a second; it follows the
 * share of samples in time over all devices (integral control). The load is spent where calibration says that it
 * gains most: all thresholds lie where the marginal gain dA/dr of their device equals one common price.
 *
 * - Devices that join or leave change the price at once, not the load: no window of congestion comes between.
 * - When requests pile up (a server died), the load falls in one step, for a window by as much as waits on top.
 * - The load never rises above what the devices can send usefully, so it need not be unwound later.
 *
 * Devices without calibration are taken to forward in proportion to their threshold. Satisfaction is held over all
 * devices, not on each: those that gain most forward most, and so have most of the violations.
 *
 * @example
 * const controller = createGainController({ budgetMs: 107 }); // 150 ms less the light model's 43
 * controller.join("camera", { calibration: calibrateThresholds(outcomes) }, 0);
 *
 * @throws EdgewrightError `invalid-argument` where a number is out of range
 */
export function createGainController({
  budgetMs,
  threshold = 0.35,
  targetPercent = 95,
  gain = 0.003,
  growth = 1.15,
}: GainControllerOptions): ThresholdController {
  for (const [name, value, low, high] of [
    ["budgetMs", budgetMs, 0.001, 1e9],
    ["targetPercent", targetPercent, 0, 100],
    ["gain", gain, 0, 1],
    ["growth", growth, 1, 10],
  ] as const) {
    if (value >= low && value <= high) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createGainController: ${name} must be from ${low} to ${high}, got ${value}`,
    );
  }
  const devices = createJoinedDevices("createGainController", threshold);
  const curves = new Map<string, GainCurve>();
  const known = new Map<CalibrationCurve, GainCurve>();
  const rates = new Map<string, number>(); // samples a second
  const since = new Map<string, number>(); // beginning of what the next report tells of
  let load: number | undefined; // requests a second
  let windowStart: number | undefined;
  let batches = 0;
  let served = 0;
  let forwarded = 0;
  let queued = 0;
  let busyMs = 0;
  let resumed: number | undefined; // the load once the pile is served
  let quiet = 0; // windows in a row with room

  const listDemands = (): Demand[] => {
    const demands = new Map<GainCurve | undefined, Demand>();
    const usual = mean(rates.values());
    for (const [name, { present }] of devices.all) {
      if (!present) continue;
      const curve = curves.get(name);
      const demand = demands.get(curve) ?? { curve, rate: 0, names: [] };
      demand.rate += rates.get(name) ?? usual;
      demand.names.push(name);
      demands.set(curve, demand);
    }
    return [...demands.values()];
  };
  const spend = (): void => {
    if (load === undefined) return;
    const demands = listDemands();
    const useful = loadAt(demands, 0);
    load = Math.min(useful, Math.max(load, SMALLEST_SHARE * useful));
    const price = findPrice(demands, load);
    for (const { names, curve } of demands) {
      const next = thresholdAt(curve, price);
      for (const name of names) devices.move(name, next);
    }
  };
  const currentLoad = (): number => {
    let sum = 0;
    for (const [name, { present, threshold: at }] of devices.all) {
      if (present) sum += (rates.get(name) ?? 0) * rateAt(curves.get(name), at);
    }
    return sum;
  };
  const nextLoad = (before: number, satisfied: number, seconds: number): number => {
    // What takes half the budget to serve has piled up: serve it first, then send a little less than is served.
    const capacity = served / seconds;
    if (queued > (capacity * budgetMs) / 2000) {
      // Where the pile is being served already, `before` is not what the devices would send.
      resumed = Math.min(resumed ?? RESUMED_SHARE * before, RESUMED_SHARE * capacity);
      return resumed - queued / seconds;
    }
    if (resumed !== undefined) {
      const load = resumed;
      resumed = undefined;
      return load;
    }
    // Much of what was sent was never served: servers that drop early do not let it pile up.
    if (satisfied < targetPercent && capacity < UNSERVED_SHARE * (forwarded / seconds)) {
      return Math.min(before, RESUMED_SHARE * capacity);
    }
    // A request may wait for one batch before its own: the farther from that, the more room there is.
    const batchMs = batches > 0 ? busyMs / batches : 0;
    const room = 1 - batchMs / ((ROOMY * budgetMs) / 2);
    quiet = satisfied > 99.9 && room > 0 ? quiet + 1 : 0;
    if (quiet >= 2) return before * (1 + (growth - 1) * room);
    return before * Math.exp(gain * Math.max(LARGEST_ERROR, satisfied - targetPercent));
  };

  return {
    name: "gain",
    join(device, joining, now) {
      devices.join(device, joining);
      since.set(device, now);
      windowStart ??= now;
      const { calibration } = joining;
      if (calibration) {
        const curve = known.get(calibration) ?? createGainCurve(calibration);
        known.set(calibration, curve);
        curves.set(device, curve);
      }
      spend();
    },
    leave(device) {
      devices.leave(device);
      spend();
    },
    report(device, report) {
      devices.report(device, report.inSlo, report.total);
      if (devices.all.get(device)?.present) forwarded += report.forwarded ?? 0;
    },
    observeBatch(batch) {
      batches++;
      served += batch.size;
      busyMs += batch.latencyMs ?? Number.NaN; // unknown: no room is claimed
      queued = batch.queued;
    },
    update(now) {
      const seconds = (now - (windowStart ?? now)) / 1000;
      if (!(seconds > 0)) return devices.takeChanges();
      let inSlo = 0;
      let total = 0;
      for (const [name, device] of devices.all) {
        if (!device.present || device.total === 0) continue;
        inSlo += device.inSlo;
        total += device.total;
        const from = Math.max(windowStart!, since.get(name)!);
        if (now > from) rates.set(name, (1000 * device.total) / (now - from));
        device.inSlo = 0;
        device.total = 0;
      }
      if (total > 0) {
        load = nextLoad(load ?? currentLoad(), (100 * inSlo) / total, seconds);
        spend();
      }
      windowStart = now;
      batches = 0;
      served = 0;
      forwarded = 0;
      busyMs = 0;
      queued = 0;
      return devices.takeChanges();
    },
    thresholdOf: (device) => devices.all.get(device)?.threshold,
  };
}

/** Devices that share a curve. */
interface Demand {
  /** Undefined: none was given, forwarding rate and threshold are taken to be equal. */
  readonly curve: GainCurve | undefined;
  /** Samples a second. */
  rate: number;
  readonly names: string[];
}

// Batches that take less than this share of their half of the budget leave room to grow.
const ROOMY = 0.7;
// Of what was sent: serving less than this is more than the noise of a window.
const UNSERVED_SHARE = 0.8;
// Of the rate of large batches, after a pile: they serve more than batches that are in time.
const RESUMED_SHARE = 0.8;
// Share of the useful load below which it does not fall, so that it can grow again.
const SMALLEST_SHARE = 0.005;
// In percent: one bad window, as when a server dies, must not undo what many have found.
const LARGEST_ERROR = -40;

// Without calibration a sample forwarded gains the less the surer the device is of it.
function thresholdAt(curve: GainCurve | undefined, price: number): number {
  return curve ? curve.thresholdAt(price) : Math.max(0, 1 - price);
}

function rateAt(curve: GainCurve | undefined, threshold: number): number {
  return curve ? curve.rateAt(threshold) : threshold;
}

function loadAt(demands: readonly Demand[], price: number): number {
  return demands.reduce((sum, { curve, rate }) => {
    return sum + rate * rateAt(curve, thresholdAt(curve, price));
  }, 0);
}

// The price at which devices send this load: it falls as the price rises.
function findPrice(demands: readonly Demand[], load: number): number {
  let low = 0;
  let high = demands.reduce((most, { curve }) => Math.max(most, curve?.highestPrice ?? 1), 0);
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (loadAt(demands, middle) > load) low = middle;
    else high = middle;
  }
  return high;
}

function mean(values: Iterable<number>): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    sum += value;
    count++;
  }
  return count > 0 ? sum / count : 0;
}
