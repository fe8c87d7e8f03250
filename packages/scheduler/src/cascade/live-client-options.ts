import type { CertaintyOptions } from "./forwarding-decision.js";
import type { DeviceTransport } from "./transport.js";

/** Options of {@link CascadeClient}. */
export interface CascadeClientOptions {
  /** Name of the device: letters, digits, `_` and `-`, at most 64. */
  readonly device: string;
  readonly transport: DeviceTransport;
  /** What the server's authentication is asked about. @default none */
  readonly token?: string;
  /** Devices of one tier share limits and start values. @default none */
  readonly tier?: string;
  /** Samples whose certainty lies below are forwarded, until the server sets another threshold. @default 0.5 */
  readonly threshold?: number;
  /** How certainty is measured. @default the margin between the best two probabilities */
  readonly certainty?: CertaintyOptions;
  /** Time in which a sample must be answered, from its arrival, in ms. @default 200 */
  readonly deadlineMs?: number;
  /** A request without an answer for so long is sent again, in ms. @default half of what is left at its sending */
  readonly retryAfterMs?: number;
  /**
   * Requests that may be sent again before any was answered; every answer allows a tenth of another. Keeps a
   * server that is merely slow from getting its load twice (as gRPC's retry throttling does). @default 10
   */
  readonly retryBudget?: number;
  /** Time between two reports, in ms. @default 1500 */
  readonly windowMs?: number;
  /** Milliseconds on a clock that does not go back. @default performance.now */
  readonly now?: () => number;
  /** What makes ids unlike those of an earlier run of the same device. @default random */
  readonly session?: string;
  /** Closes the client. @default none */
  readonly signal?: AbortSignal;
  /** Told of every new threshold. @default none */
  readonly onThreshold?: (threshold: number) => void;
  /** Told when the way to the servers is found or lost. @default none */
  readonly onConnection?: (connected: boolean, reason?: string) => void;
  /** Told of refusals: a wrong token, a wrong input. @default none */
  readonly onRefusal?: (code: string, message: string) => void;
}

/** Options of {@link CascadeClient.classify}. */
export interface ClassifyOptions {
  /** Overrides {@link CascadeClientOptions.deadlineMs}. */
  readonly deadlineMs?: number;
  /** When the sample arrived, on the client's clock, before the light model ran. @default now */
  readonly startedAt?: number;
  /** Gives up on the sample. @default none */
  readonly signal?: AbortSignal;
}

/**
 * Why a sample has the answer it has. `confident`: the light model was sure enough; `answered`: by the heavy model.
 * The light model's answer also stands where the heavy one's did not come: `busy`: the server had no room; `late`:
 * not in time; `failed`: the model threw; `refused`: the server did not take the request; `unavailable`: no server
 * was there.
 */
export type AnswerReason =
  | "confident"
  | "answered"
  | "busy"
  | "late"
  | "failed"
  | "refused"
  | "unavailable";

/** The answer of a cascade to one sample. */
export interface CascadeAnswer {
  /** Index of the largest score. */
  readonly label: number;
  /** The scores of the model that answered. */
  readonly scores: Float32Array;
  readonly source: "light" | "heavy";
  readonly reason: AnswerReason;
  /** From the sample's arrival, in ms. */
  readonly latencyMs: number;
  /** Whether the model that was asked answered in time; what reports to the server count. */
  readonly satisfied: boolean;
  /** How often it was sent: 0 for a sample that was not forwarded. */
  readonly attempts: number;
  /** The server that answered, where one did. */
  readonly server?: string;
  /** Requests in its batch, where the heavy model ran. */
  readonly batch?: number;
}

/** What a {@link CascadeClient} has done so far. */
export interface CascadeClientStats {
  /** Samples that have their answer. */
  readonly samples: number;
  readonly satisfied: number;
  /** Samples for which a server was asked. */
  readonly forwarded: number;
  /** Samples by why they have their answer. */
  readonly reasons: Readonly<Record<AnswerReason, number>>;
  /** Requests under way. */
  readonly pending: number;
  /** Requests that were sent again. */
  readonly resent: number;
  /** Requests that were sent again and then answered by the heavy model. */
  readonly recovered: number;
  /** Answers that came after their sample had one, and were dropped. */
  readonly surplus: number;
  /** Frames from servers that were none. */
  readonly faults: number;
}
