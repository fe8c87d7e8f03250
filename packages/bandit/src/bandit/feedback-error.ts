import { EdgewrightError } from "@edgewright/core";

/** Why a decision takes no reward. */
export type FeedbackRefusal = "unknown" | "answered" | "expired" | "forgotten" | "arm-removed";

/**
 * A reward that fits no waiting decision; `code` is `"invalid-argument"`. What to do depends on `reason`, so this is
 * an error of its own: a service drops late answers and shouts at unknown ids.
 */
export class FeedbackError extends EdgewrightError {
  /**
   * `"unknown"`: this bandit never gave the id out; `"answered"`: it has its reward; `"expired"`: the time to live
   * or the capacity ran out; `"forgotten"`: {@link Bandit.forget} was called; `"arm-removed"`: the chosen arm is
   * gone.
   */
  readonly reason: FeedbackRefusal;
  /** The id that came. */
  readonly id: string;

  constructor(message: string, reason: FeedbackRefusal, id: string) {
    super("invalid-argument", message, { where: id });
    this.name = "FeedbackError";
    this.reason = reason;
    this.id = id;
  }
}
