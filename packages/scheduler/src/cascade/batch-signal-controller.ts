import { EdgewrightError } from "@edgewright/core";
import type { ThresholdController } from "./controller.js";
import { createJoinedDevices } from "./joined-devices.js";

/** Options of {@link createBatchSignalController}. */
export interface BatchSignalControllerOptions {
  /**
   * Batch size above which the server counts as congested, see {@link chooseOptimalBatch}; a function where the
   * server switches its model.
   */
  readonly optimalBatch: number | (() => number);
  /** Threshold of devices that bring none. @default 0.35 */
  readonly threshold?: number;
  /** What all thresholds lose in a congested window. @default 0.05 */
  readonly stepDown?: number;
  /** What all thresholds gain in a window with slack. @default 0.02 */
  readonly stepUp?: number;
  /** Slack is a mean batch below this share of the optimal one; between the two nothing moves. @default 0.8 */
  readonly slackShare?: number;
  /** Factors on the steps of the tiers named here. @default 1 for every tier */
  readonly tierFactors?: Readonly<Record<string, number>>;
}

/**
 * A controller in the style of MultiTASC (arXiv:2306.12830): the mean size of the server's batches in a window is the
 * signal; above the optimal batch all thresholds fall by a step, below it they rise by one. The paper's step sizes
 * are not public, so they are options here.
 *
 * @throws EdgewrightError `invalid-argument` where a number is out of range
 */
export function createBatchSignalController({
  optimalBatch,
  threshold = 0.35,
  stepDown = 0.05,
  stepUp = 0.02,
  slackShare = 0.8,
  tierFactors = {},
}: BatchSignalControllerOptions): ThresholdController {
  const optimum = typeof optimalBatch === "number" ? () => optimalBatch : optimalBatch;
  const numbers = { optimalBatch: optimum(), stepDown, stepUp, slackShare, ...tierFactors };
  for (const [name, value] of Object.entries(numbers)) {
    if (value >= 0 && value < Infinity) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createBatchSignalController: ${name} must be a finite number from 0, got ${value}`,
    );
  }
  const devices = createJoinedDevices("createBatchSignalController", threshold);
  let batches = 0;
  let requests = 0;
  return {
    name: "multitasc",
    join(device, joining) {
      devices.join(device, joining);
    },
    leave: (device) => devices.leave(device),
    report(device, { inSlo, total }) {
      devices.report(device, inSlo, total);
    },
    observeBatch({ size }) {
      batches++;
      requests += size;
    },
    update() {
      const mean = batches > 0 ? requests / batches : 0; // no batch at all is slack
      const best = optimum();
      const step = mean > best ? -stepDown : mean < slackShare * best ? stepUp : 0;
      batches = 0;
      requests = 0;
      for (const [name, device] of devices.all) {
        const active = device.present && device.total > 0;
        device.inSlo = 0;
        device.total = 0;
        if (!active) continue;
        const factor = device.tier === undefined ? 1 : (tierFactors[device.tier] ?? 1);
        devices.move(name, Math.min(1, Math.max(0, device.threshold + factor * step)));
      }
      return devices.takeChanges();
    },
    thresholdOf: (device) => devices.all.get(device)?.threshold,
  };
}

/** Options of {@link chooseOptimalBatch}. */
export interface ChooseOptimalBatchOptions {
  /** Largest batch to consider. @default 64 */
  readonly maxBatch?: number;
}

/**
 * The largest batch for which a request makes it that arrives just when another such batch has begun: twice its
 * latency fits the budget. At least 1.
 *
 * @example
 * chooseOptimalBatch((size) => 10 + 2 * size, 150 - 43); // 21
 *
 * @param latencyOf time for a batch of this many, in ms
 * @param budgetMs what the objective leaves for waiting and for the batch
 */
export function chooseOptimalBatch(
  latencyOf: (size: number) => number,
  budgetMs: number,
  { maxBatch = 64 }: ChooseOptimalBatchOptions = {},
): number {
  let best = 1;
  for (let size = 2; size <= maxBatch; size++) if (2 * latencyOf(size) <= budgetMs) best = size;
  return best;
}
