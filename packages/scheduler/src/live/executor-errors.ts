import { EdgewrightError } from "@edgewright/core";

/** A request that was not let in because as many wait as may. `code` is `"limit-exceeded"`. */
export class QueueFullError extends EdgewrightError {
  /** Requests that were in the queue, of this model or of all. */
  readonly waiting: number;

  constructor(model: string, waiting: number, ofModel: boolean) {
    const whose = ofModel ? `requests of "${model}"` : "requests";
    super(
      "limit-exceeded",
      `Executor.submit: ${waiting} ${whose} wait already, as many as may; await ready("${model}") before submitting`,
      { where: model },
    );
    this.name = "QueueFullError";
    this.waiting = waiting;
  }
}

/** A request that was dropped because its deadline has passed or cannot be met. `code` is `"unavailable"`. */
export class DeadlineMissedError extends EdgewrightError {
  /** Predicted time of the rest of the request that was not run, in milliseconds. */
  readonly remainingMs: number;

  constructor(model: string, overdueMs: number, remainingMs: number) {
    const when =
      overdueMs > 0
        ? `its deadline passed ${overdueMs.toFixed(1)} ms ago`
        : `its deadline is in ${(-overdueMs).toFixed(1)} ms`;
    super(
      "unavailable",
      `Executor: a request of "${model}" was dropped: ${when}, about ${remainingMs.toFixed(1)} ms of work are left`,
      { where: model },
    );
    this.name = "DeadlineMissedError";
    this.remainingMs = remainingMs;
  }
}
