import { EdgewrightError } from "@edgewright/core";

/** Thresholds between which a tier is content with the server's model. */
export interface SwitchingLimits {
  /** At or below: the server is too slow for the devices. */
  readonly lower: number;
  /** At or above: the server has time for a better model. */
  readonly upper: number;
}

/** Options of {@link createModelSwitcher}. */
export interface ModelSwitcherOptions {
  /** Number of the server's models, from the fastest to the most accurate. */
  readonly models: number;
  /** Model to start with. @default 0 */
  readonly start?: number;
  /** @default { lower: 0.05, upper: 0.9 } */
  readonly limits?: SwitchingLimits;
  /** Limits of the tiers named here. @default limits */
  readonly tierLimits?: Readonly<Record<string, SwitchingLimits>>;
  /** Shortest time between two switches, in ms. @default 6000 */
  readonly cooldownMs?: number;
  /** Windows in a row in which all devices must agree. @default 2 */
  readonly windows?: number;
  /**
   * Factor on the cooldown before a model is tried again that was left for a faster one before long; it grows with
   * every failed trial and falls back once a trial lasts. 1 switches it off. @default 2
   */
  readonly backoff?: number;
}

/** Chooses which heavy model the server runs; see {@link createModelSwitcher}. */
export interface ModelSwitcher {
  /** Index of the model that runs. */
  readonly model: number;
  /** Ends a control window, given the thresholds of the devices that are active. @returns the model to run now */
  update(
    devices: Iterable<{ readonly threshold: number; readonly tier?: string | undefined }>,
    now: number,
  ): number;
}

/**
 * Switches the server's model as MultiTASC++ does: to a faster one when every active device's threshold is at its
 * tier's lower limit, to a more accurate one when every one is at the upper. Against flapping, it waits between
 * switches, wants several windows in agreement, and waits longer each time a better model did not last.
 *
 * @example
 * const switcher = createModelSwitcher({ models: 2, windows: 1 });
 * switcher.update([{ threshold: 0.95 }, { threshold: 0.9 }], 1500); // 1: both could forward no more
 *
 * @throws EdgewrightError `invalid-argument` where a number is out of range
 */
export function createModelSwitcher({
  models,
  start = 0,
  limits = { lower: 0.05, upper: 0.9 },
  tierLimits = {},
  cooldownMs = 6000,
  windows = 2,
  backoff = 2,
}: ModelSwitcherOptions): ModelSwitcher {
  if (!(Number.isInteger(models) && Number.isInteger(start) && start >= 0 && start < models)) {
    throw refuse(
      `whole models from 1 and 0 <= start < models were expected, got ${models}, ${start}`,
    );
  }
  for (const { lower, upper } of [limits, ...Object.values(tierLimits)]) {
    if (!(lower >= 0 && lower < upper && upper <= 1)) {
      throw refuse(`limits 0 <= lower < upper <= 1 were expected, got ${lower} and ${upper}`);
    }
  }
  if (!(cooldownMs >= 0 && windows >= 1 && backoff >= 1)) {
    throw refuse(
      `cooldownMs from 0, windows and backoff from 1 were expected, got ${cooldownMs}, ${windows}, ${backoff}`,
    );
  }
  let model = start;
  let switchedAt = Number.NEGATIVE_INFINITY;
  let streak = 0; // windows in a row, negative towards faster models
  let patience = cooldownMs; // before a better model is tried
  let trying = false;

  const switchTo = (next: number, now: number): void => {
    // A better model that is given up within a few cooldowns was a trial that failed.
    if (next < model && trying && now - switchedAt < 4 * cooldownMs) patience *= backoff;
    else if (next < model) patience = cooldownMs;
    trying = next > model;
    model = next;
    switchedAt = now;
    streak = 0;
  };
  return {
    get model() {
      return model;
    },
    update(devices, now) {
      let atLower = true;
      let atUpper = true;
      let count = 0;
      for (const { threshold, tier } of devices) {
        const { lower, upper } = (tier === undefined ? undefined : tierLimits[tier]) ?? limits;
        atLower &&= threshold <= lower;
        atUpper &&= threshold >= upper;
        count++;
      }
      if (count === 0 || !(atLower || atUpper)) streak = 0;
      else if (atLower) streak = Math.min(streak, 0) - 1;
      else streak = Math.max(streak, 0) + 1;
      const waited = now - switchedAt;
      if (streak <= -windows && model > 0 && waited >= cooldownMs) switchTo(model - 1, now);
      else if (streak >= windows && model < models - 1 && waited >= patience)
        switchTo(model + 1, now);
      return model;
    },
  };
}

function refuse(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `createModelSwitcher: ${message}`);
}
