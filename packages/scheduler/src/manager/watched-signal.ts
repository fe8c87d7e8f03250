import type { Signal } from "./signal.js";
import { createTroubleDetector, type TroubleDetector } from "./trouble-detector.js";

/** What comes of a measurement. */
interface MeasurementListener {
  onValue(value: number): void;
  /** Called once, until a measurement has worked again: a sensor that is gone fails every time. */
  onFailure(error: unknown): void;
}

/** A signal with what decides whether it is trouble, and the measurement of it that is under way. */
export class WatchedSignal {
  readonly signal: Signal;
  readonly detector: TroubleDetector;
  #measuring: Promise<void> | undefined;
  #isBroken = false;

  constructor(signal: Signal) {
    this.signal = signal;
    this.detector = createTroubleDetector(signal.limits);
  }

  /** Measures once, where there is a sensor; waits for the measurement that is under way where there is one. */
  measure(listener: MeasurementListener): Promise<void> {
    this.#measuring ??= this.#measure(listener).finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measure({ onValue, onFailure }: MeasurementListener): Promise<void> {
    if (this.signal.read === undefined) return;
    let value: number;
    try {
      value = await this.signal.read();
    } catch (error) {
      if (!this.#isBroken) onFailure(error);
      this.#isBroken = true;
      return;
    }
    this.#isBroken = false;
    onValue(value);
  }
}
