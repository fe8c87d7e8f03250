import { EdgewrightError } from "@edgewright/core";
import type { Checkpoint } from "./checkpoint.js";

/** A loss or gradient that is no finite number stopped a training. `code` is `"diverged"`. */
export class DivergenceError extends EdgewrightError {
  /** The last state whose loss was finite; the parameters were set back to it. */
  readonly checkpoint: Checkpoint;

  constructor(message: string, checkpoint: Checkpoint) {
    super("diverged", message);
    this.name = "DivergenceError";
    this.checkpoint = checkpoint;
  }
}
