import type { AnswerReason } from "./live-client-options.js";

/** What ends a request, for better or worse. */
export interface RequestEnd {
  readonly reason: AnswerReason;
  readonly scores?: Float32Array;
  readonly server?: string;
  readonly batch?: number;
  readonly attempts: number;
}

/** A request of a client that has no answer yet. Its end comes once. */
export class PendingRequest {
  readonly id: string;
  readonly input: Float32Array;
  readonly deadlineAt: number;
  readonly ended: Promise<RequestEnd>;
  /** How often it was sent. */
  attempts = 0;
  /** Whether there was no way when it was to be sent last. */
  stuck = false;
  #resolve!: (end: RequestEnd) => void;
  #deadline: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #hastened = false;

  constructor(id: string, input: Float32Array, deadlineAt: number) {
    this.id = id;
    this.input = input;
    this.deadlineAt = deadlineAt;
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Calls back when its time is over. */
  startDeadline(inMs: number, expire: () => void): void {
    this.#deadline = setTimeout(expire, Math.max(0, inMs));
  }

  /** Calls back when it has waited long enough for its last attempt. */
  startRetry(inMs: number, retry: () => void): void {
    clearTimeout(this.#retry);
    this.#hastened = false;
    this.#retry = setTimeout(retry, Math.max(1, inMs));
  }

  /** Calls back sooner, once for each attempt. */
  hastenRetry(inMs: number, retry: () => void): void {
    if (this.#hastened) return;
    this.startRetry(inMs, retry);
    this.#hastened = true;
  }

  /** Ends it; a second end changes nothing. */
  end(end: Omit<RequestEnd, "attempts">): void {
    clearTimeout(this.#deadline);
    clearTimeout(this.#retry);
    this.#resolve({ ...end, attempts: this.attempts });
  }
}
