/** Where progress is shown: a terminal, or a log that keeps every line. */
interface ProgressOutput {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/** Tells what is going on: one line that rewrites itself on a terminal, one line a stage in a log. */
export class Progress {
  readonly #output: ProgressOutput;
  #stage = "";

  /** @param output @default standard error, so that results can be piped */
  constructor(output: ProgressOutput = process.stderr) {
    this.#output = output;
  }

  /** A stage begins. */
  begin(stage: string): void {
    this.#stage = stage;
    if (this.#output.isTTY) this.update("");
    else this.#output.write(`${stage} ...\n`);
  }

  /** How far the stage has come; only a terminal shows it. */
  update(detail: string): void {
    if (this.#output.isTTY) this.#output.write(`\r\x1b[2K${this.#stage} ... ${detail}`);
  }

  /** Nothing goes on any more: clears the terminal's line. */
  end(): void {
    if (this.#output.isTTY) this.#output.write("\r\x1b[2K");
  }
}
