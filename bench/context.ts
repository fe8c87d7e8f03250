import type { Candidate, FigureInput, Measurement, MeasureOptions } from "@edgewright/device-bench";

/** What a benchmark section gets from the command that runs it. */
export interface BenchContext {
  /** `--quick`: fewer rounds and smaller shapes, to see that it works; targets are still judged. */
  readonly quick: boolean;
  /** `false` with `--no-peers`: measure ourselves alone, install nothing. */
  readonly peers: boolean;
  /** Arguments of the command line that the runner did not use. */
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  /** Whether this Node runs relaxed SIMD right (24 and later). */
  readonly relaxed: boolean;
  /** `measureInterleaved` with progress on standard error and the options of the command line. */
  measure(candidates: readonly Candidate[], options?: MeasureOptions): Promise<Measurement>;
  /** A line for people, on standard error: standard output is for the report. */
  log(text: string): void;
  /** Adds versions to the report's head, for example `{ "onnxruntime-web": "1.30.0" }`. */
  addVersions(versions: Readonly<Record<string, string>>): void;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
}

/** A part of a benchmark: measures some things and returns its rows. */
export interface BenchSection {
  readonly name: string;
  run(context: BenchContext): Promise<readonly FigureInput[]>;
}
