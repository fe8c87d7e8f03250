import type { TrainedEpoch, TrainingProgress } from "@edgewright/autograd";
import { formatDuration } from "./cards/card.js";

/** Where the log goes: a terminal, or a file that keeps every line. */
interface LogOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Tells how trainings go: lines that stay, and on a terminal one that rewrites itself. */
export class TrainingLog {
  /** Milliseconds between two lines of progress. */
  readonly interval: number;
  readonly #output: LogOutput;

  /** @param output @default standard error */
  constructor(output: LogOutput = process.stderr) {
    this.#output = output;
    this.interval = output.isTTY ? 250 : 30_000;
  }

  /** How far an epoch is. */
  progress(model: string, progress: TrainingProgress): void {
    const { epoch, epochs, step, stepsPerEpoch, loss, examplesPerSecond, secondsLeft } = progress;
    const text =
      `${model}: epoch ${epoch + 1} of ${epochs}, step ${step} of ${stepsPerEpoch}, ` +
      `loss ${loss.toFixed(4)}, ${Math.round(examplesPerSecond)} pictures/s, ` +
      `${formatDuration(secondsLeft)} left`;
    this.#output.write(this.#output.isTTY ? `\r\x1b[2K${text}` : `${text}\n`);
  }

  /** An epoch is complete. */
  epoch(model: string, epochs: number, { epoch, loss }: TrainedEpoch, seconds: number): void {
    this.line(
      model,
      `epoch ${epoch + 1} of ${epochs}, mean loss ${loss.toFixed(4)}, ${formatDuration(seconds)}`,
    );
  }

  /** Something worth keeping. */
  line(model: string, text: string): void {
    this.end();
    this.#output.write(`${model}: ${text}\n`);
  }

  /** Clears the terminal's line. */
  end(): void {
    if (this.#output.isTTY) this.#output.write("\r\x1b[2K");
  }
}
