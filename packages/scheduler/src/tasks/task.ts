/**
 * A request as a policy sees it: what is known of it before its end. Times are in seconds, on one clock.
 *
 * The simulator and the live executor change the fields that are not `readonly` between two layers, when no
 * {@link ReadyQueue} holds the task.
 */
export interface Task {
  /** Place in the order of admission, from 0. Ties between tasks go to the smaller one. */
  readonly id: number;
  /** Name of the model, or of the model with its sparsity pattern. */
  readonly model: string;
  readonly arrival: number;
  /** When it must have ended. `Infinity` for no deadline. */
  readonly deadline: number;
  /** More is more urgent; PREMA knows 1, 3 and 9. */
  readonly priority: number;
  /** Sum of the average latencies of all layers, as known at admission. */
  readonly isolated: number;
  /** Sum of the average latencies of the layers that are still to run. */
  remaining: number;
  /** Average latency of the next layer. */
  nextLatency: number;
  /** What the sparse latency predictor multiplies `remaining` by: 1 before the first layer. */
  ratio: number;
  /** When its last layer ended; its arrival before the first. */
  lastRun: number;
  /** Layers that have run. */
  layersRun: number;
  /** True time that is left, which only a simulator knows. @default `ratio * remaining` */
  trueRemaining?: number;
  /** True time alone, which only a simulator knows. @default `isolated` */
  readonly trueIsolated?: number;
}
