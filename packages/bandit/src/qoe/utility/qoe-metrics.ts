/** What a user may notice of a model on a device; what is not known is left out. */
export interface QoeMetrics {
  /** Time for one inference, in milliseconds. */
  readonly latencyMs?: number;
  /** Energy of one inference, in millijoules. */
  readonly energyMj?: number;
  /** Share of right answers, 0 to 1. */
  readonly accuracy?: number;
  /** Room that the model takes on the device, in bytes. */
  readonly bytes?: number;
}

/** One of the metrics that quality of experience is made of. */
export type QoeMetric = keyof QoeMetrics;

/** Every {@link QoeMetric}, in the order in which features list them. */
export const QOE_METRICS: readonly QoeMetric[] = ["latencyMs", "energyMj", "accuracy", "bytes"];
