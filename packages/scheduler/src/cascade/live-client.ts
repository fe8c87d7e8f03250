import { AbortError, EdgewrightError, throwIfAborted } from "@edgewright/core";
import { forwards } from "./forwarding-decision.js";
import type {
  CascadeAnswer,
  CascadeClientOptions,
  CascadeClientStats,
  ClassifyOptions,
} from "./live-client-options.js";
import { PendingRequest, type RequestEnd } from "./live-pending-request.js";
import {
  type AnswerMessage,
  CASCADE_PROTOCOL_VERSION,
  type DeviceMessage,
  type RefusalMessage,
} from "./messages.js";
import {
  decodeServerFrame,
  encodeFrame,
  floatsOfPayload,
  payloadOfFloats,
} from "./messages-frame.js";
import type { Route } from "./transport.js";

const v = CASCADE_PROTOCOL_VERSION;
// How much of a further attempt an answer allows: a tenth more load at most, in the long run.
const RETRY_REFILL = 0.1;
// Time for the transport to see that a server which stops is no way any more.
const ELSEWHERE_MS = 20;
// Wait for a server to come where there was none.
const UNHEARD_MS = 100;

/**
 * A device of a cascade: keeps the light model's answer where it is sure, and asks the heavy model where it is not.
 * Every sample gets exactly one answer, by its deadline: requests whose server dies are sent again under the same
 * id, surplus answers are dropped, and where none comes in time the light model's stands.
 *
 * @example
 * const client = new CascadeClient({ device: "camera-7", transport, token: "secret" });
 * await client.start();
 * const { label, source } = await client.classify(lightScores, pixels, { deadlineMs: 150 });
 * await client.close();
 */
export class CascadeClient {
  readonly device: string;
  readonly #options: CascadeClientOptions;
  readonly #now: () => number;
  readonly #session: string;
  readonly #pending = new Map<string, PendingRequest>();
  readonly #counts = {
    ...{ samples: 0, satisfied: 0, forwarded: 0, resent: 0, recovered: 0, surplus: 0, faults: 0 },
  };
  readonly #reasons = {
    ...{ confident: 0, answered: 0, busy: 0, late: 0, failed: 0, refused: 0, unavailable: 0 },
  };
  #window = { total: 0, satisfied: 0, forwarded: 0 };
  #threshold: number;
  #maxInFlight = 32;
  #retries: number;
  #made = 0;
  #connected = false;
  #state: "new" | "running" | "closed" = "new";
  #windows: ReturnType<typeof setInterval> | undefined;

  constructor(options: CascadeClientOptions) {
    const { device, threshold = 0.5, retryBudget = 10, now = () => performance.now() } = options;
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(device)) {
      throw refusal(
        `a device of 1 to 64 letters, digits, _ and - was expected, got ${JSON.stringify(device)}`,
      );
    }
    if (!(threshold >= 0 && threshold <= 1)) {
      throw refusal(`a threshold from 0 to 1 was expected, got ${threshold}`);
    }
    this.device = device;
    this.#options = options;
    this.#now = now;
    this.#threshold = threshold;
    this.#retries = retryBudget;
    this.#session = options.session ?? randomSession();
  }

  /** Samples whose certainty lies below are forwarded. */
  get threshold(): number {
    return this.#threshold;
  }

  /** Finds a server and joins. @throws EdgewrightError `aborted`, and what the transport throws */
  async start(): Promise<void> {
    const { signal, transport, windowMs = 1500 } = this.#options;
    throwIfAborted(signal, "CascadeClient.start");
    if (this.#state !== "new") {
      throw new EdgewrightError(
        "disposed",
        "CascadeClient.start: a client starts once; make a new one",
      );
    }
    this.#state = "running";
    signal?.addEventListener("abort", () => void this.close(), { once: true });
    await transport.start({
      onFrame: (frame) => this.#receive(frame),
      onConnected: () => this.#connect(),
      onUnheard: () => {
        for (const request of this.#pending.values()) {
          request.hastenRetry(UNHEARD_MS, () => this.#send(request));
        }
      },
      onLost: (reason) => {
        this.#connected = false;
        this.#options.onConnection?.(false, reason);
      },
    });
    this.#windows = setInterval(() => this.#report(), windowMs);
  }

  /**
   * Answers a sample.
   *
   * @param scores the light model's probabilities or logits, as {@link CascadeClientOptions.certainty} says
   * @param input what the heavy model takes; it must not change before the answer, as it may be sent again
   * @throws EdgewrightError `aborted` when the signal fires, `disposed` unless the client is running, and as
   * {@link measureCertainty} for scores that are none
   */
  async classify(
    scores: Float32Array,
    input: Float32Array,
    options: ClassifyOptions = {},
  ): Promise<CascadeAnswer> {
    const {
      signal,
      deadlineMs = this.#options.deadlineMs ?? 200,
      startedAt = this.#now(),
    } = options;
    throwIfAborted(signal, "CascadeClient.classify");
    if (this.#state !== "running") {
      throw new EdgewrightError(
        "disposed",
        "CascadeClient.classify: start() comes before, close() after",
      );
    }
    const deadlineAt = startedAt + deadlineMs;
    if (!forwards(scores, this.#threshold, this.#options.certainty)) {
      return this.#conclude(scores, startedAt, deadlineAt, { reason: "confident", attempts: 0 });
    }
    this.#window.forwarded++;
    this.#counts.forwarded++;
    if (this.#pending.size >= this.#maxInFlight) {
      return this.#conclude(scores, startedAt, deadlineAt, { reason: "busy", attempts: 0 });
    }
    const request = new PendingRequest(`${this.#session}-${++this.#made}`, input, deadlineAt);
    this.#pending.set(request.id, request);
    const giveUp = () => request.end({ reason: "unavailable" });
    signal?.addEventListener("abort", giveUp, { once: true });
    request.startDeadline(deadlineAt - this.#now(), () =>
      request.end({ reason: request.stuck || !this.#connected ? "unavailable" : "late" }),
    );
    this.#send(request);
    const end = await request.ended;
    this.#pending.delete(request.id);
    signal?.removeEventListener("abort", giveUp);
    if (signal?.aborted) {
      this.#window.forwarded--;
      this.#counts.forwarded--;
      throw new AbortError("CascadeClient.classify", signal.reason);
    }
    return this.#conclude(scores, startedAt, deadlineAt, end);
  }

  /** Reports for the last time and leaves; requests under way get the light model's answer. */
  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    clearInterval(this.#windows);
    for (const request of this.#pending.values()) request.end({ reason: "unavailable" });
    if (this.#connected) {
      this.#report();
      this.#tell({ v, type: "leave", ...this.#identity() });
    }
    await this.#options.transport.close();
  }

  /** What it has done so far. */
  stats(): CascadeClientStats {
    return { ...this.#counts, reasons: { ...this.#reasons }, pending: this.#pending.size };
  }

  #conclude(
    light: Float32Array,
    startedAt: number,
    deadlineAt: number,
    end: RequestEnd,
  ): CascadeAnswer {
    const { reason, scores = light, attempts, server, batch } = end;
    const now = this.#now();
    const satisfied = now <= deadlineAt && (reason === "confident" || reason === "answered");
    this.#counts.samples++;
    this.#window.total++;
    this.#reasons[reason]++;
    if (satisfied) {
      this.#counts.satisfied++;
      this.#window.satisfied++;
    }
    if (reason === "answered" && attempts > 1) this.#counts.recovered++;
    return {
      label: indexOfLargest(scores),
      scores,
      source: reason === "answered" ? "heavy" : "light",
      reason,
      latencyMs: now - startedAt,
      satisfied,
      attempts,
      ...(server !== undefined && { server }),
      ...(batch !== undefined && { batch }),
    };
  }

  #send(request: PendingRequest): void {
    const budgetMs = request.deadlineAt - this.#now();
    if (budgetMs <= 0) return;
    const { id, input, attempts } = request;
    const head = {
      v,
      type: "request",
      ...this.#identity(),
      id,
      budgetMs,
      attempt: attempts + 1,
    } as const;
    request.stuck = !this.#tell(head, "work", payloadOfFloats(input));
    if (request.stuck) return; // sent again when there is a way
    if (++request.attempts > 1) this.#counts.resent++;
    const wait = this.#options.retryAfterMs ?? budgetMs / 2;
    request.startRetry(wait, () => {
      if (this.#retries < 1) return;
      this.#retries--;
      this.#send(request);
    });
  }

  #connect(): void {
    if (this.#state !== "running") return;
    this.#connected = true;
    this.#options.onConnection?.(true);
    const { tier } = this.#options;
    const threshold = this.#threshold;
    this.#tell({
      v,
      type: "join",
      ...this.#identity(),
      threshold,
      ...(tier !== undefined && { tier }),
    });
    // What was under way may have gone down with the last server; the id keeps it from being counted twice.
    for (const request of this.#pending.values()) this.#send(request);
  }

  #report(): void {
    const { total, satisfied, forwarded } = this.#window;
    const { tier } = this.#options;
    if (total === 0) {
      this.#tell({ v, type: "heartbeat", ...this.#identity() });
      return;
    }
    const sent = this.#tell({
      ...{ v, type: "report", ...this.#identity(), threshold: this.#threshold },
      ...{ total, satisfied, forwarded: Math.min(forwarded, total) },
      ...(tier !== undefined && { tier }),
    });
    if (sent) this.#window = { total: 0, satisfied: 0, forwarded: 0 };
  }

  #receive(frame: Uint8Array): void {
    try {
      const { message, payload } = decodeServerFrame(frame);
      if (message.type === "answer") this.#answer(message, payload);
      else if (message.type === "refusal") this.#refuse(message);
      else if (message.device === this.device) {
        if (message.type === "welcome") this.#maxInFlight = Math.max(1, message.maxInFlight);
        this.#follow(message.threshold);
      }
    } catch {
      this.#counts.faults++;
    }
  }

  #answer(message: AnswerMessage, payload: Uint8Array): void {
    const request = this.#pending.get(message.id);
    if (!request) {
      this.#counts.surplus++;
      return;
    }
    const { status, server, batch } = message;
    if (status === "stopping") {
      request.startRetry(ELSEWHERE_MS, () => this.#send(request));
      return;
    }
    this.#retries = Math.min(this.#options.retryBudget ?? 10, this.#retries + RETRY_REFILL);
    if (status === "done") {
      request.end({ reason: "answered", scores: floatsOfPayload(payload), server, batch });
    } else request.end({ reason: status, server });
    // An answer that comes in the same turn of the event loop is surplus already.
    this.#pending.delete(message.id);
  }

  #refuse({ code, message, id }: RefusalMessage): void {
    this.#options.onRefusal?.(code, message);
    if (id === undefined) return;
    this.#pending.get(id)?.end({ reason: "refused" });
    this.#pending.delete(id);
  }

  #follow(threshold: number): void {
    if (threshold === this.#threshold) return;
    this.#threshold = threshold;
    this.#options.onThreshold?.(threshold);
  }

  #identity(): { device: string; token?: string } {
    const { token } = this.#options;
    return { device: this.device, ...(token !== undefined && { token }) };
  }

  #tell(message: DeviceMessage, route: Route = "control", payload?: Uint8Array): boolean {
    return this.#options.transport.send(encodeFrame(message, payload), route);
  }
}

function indexOfLargest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

function randomSession(): string {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return [...words].map((word) => word.toString(36)).join("");
}

function refusal(what: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `CascadeClient: ${what}`);
}
