/** A line of progress on a terminal; nothing where the output goes elsewhere. */
export interface ProgressLine {
  /** Replaces the line. */
  show(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

/** Writes progress to standard error, at most ten times a second. */
export function createProgressLine(quiet: boolean): ProgressLine {
  const { stderr } = process;
  const active = stderr.isTTY && !quiet;
  let last = 0;
  const clear = (): void => {
    if (active) stderr.write("\r\u001b[K");
  };
  return {
    clear,
    show(text) {
      const now = performance.now();
      if (!active || now - last < 100) return;
      last = now;
      clear();
      stderr.write(text.slice(0, (stderr.columns || 80) - 1));
    },
  };
}
