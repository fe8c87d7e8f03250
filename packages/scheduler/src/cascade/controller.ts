import type { CalibrationCurve } from "./calibration.js";

/** What a {@link ThresholdController} is told of a device that joins. */
export interface JoiningDevice {
  /** Threshold to start with, from 0 to 1; the controller's own start where it is left out. */
  readonly threshold?: number;
  /** Kind of device, for controllers and switchers that treat kinds apart. */
  readonly tier?: string;
  /** What thresholds do for the light model of this device; see {@link calibrateThresholds}. */
  readonly calibration?: CalibrationCurve;
}

/** Samples of one device since its last report. */
export interface DeviceReport {
  /** Samples answered within the objective, by the device itself or by the server. */
  readonly inSlo: number;
  /** All samples whose answer came or was due: those without one in time count here too. */
  readonly total: number;
  /** Samples forwarded to the server. @default unknown */
  readonly forwarded?: number;
}

/** A batch that the server has just started. */
export interface BatchObservation {
  /** Requests in it. */
  readonly size: number;
  /** Requests that still wait. */
  readonly queued: number;
  /** Time it takes, in ms. @default unknown */
  readonly latencyMs?: number;
}

/**
 * Decides how unsure each device must be to ask the server. The same object runs in the simulator and beside a live
 * server; `now` is in ms on any clock that does not go back.
 */
export interface ThresholdController {
  /** Short name for tables: `static`, `multitasc++` ... */
  readonly name: string;
  /** A device joins, or returns: one that has been here keeps the threshold it left with unless given another. */
  join(device: string, joining: JoiningDevice, now: number): void;
  /** A device leaves; its threshold is kept as it is. One that is unknown is passed over. */
  leave(device: string, now: number): void;
  /** What became of a device's samples; one that has not joined is passed over. */
  report(device: string, report: DeviceReport, now: number): void;
  /** What the server does. */
  observeBatch(batch: BatchObservation, now: number): void;
  /** Ends a control window: the thresholds that have changed, by device. */
  update(now: number): ReadonlyMap<string, number>;
  /** The threshold of a device; undefined for one that never joined. */
  thresholdOf(device: string): number | undefined;
}
