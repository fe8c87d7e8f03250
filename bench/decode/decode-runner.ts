/** A text and its tokens, the beginning of the text included: some engines take the one, some the other. */
export interface Prompt {
  readonly text: string;
  readonly ids: readonly number[];
}

/** How long a piece of work took, in milliseconds. */
export interface WorkTime {
  readonly wallMs: number;
  /** Of all threads and processes that the engine uses; `undefined` where nobody counts it. */
  readonly cpuMs: number | undefined;
}

/** One language model on one engine, ready to decode greedily on one thread. */
export interface DecodeRunner {
  readonly name: string;
  /**
   * Decodes after a prompt and times `tokens` tokens behind the first one, so that the prompt is not counted.
   * `ids` are all tokens, where the engine tells them.
   */
  decode(prompt: Prompt, tokens: number): Promise<WorkTime & { readonly ids?: readonly number[] }>;
  /** Times an empty cache, a prompt and the first token: what a user waits for. */
  prefill(prompt: Prompt): Promise<WorkTime>;
  dispose(): Promise<void>;
}

/** Wall and CPU time of this process since `start`, itself a return value of `startClock`. */
export interface Clock {
  readonly wall: number;
  readonly cpu: NodeJS.CpuUsage;
}

/** Reads both clocks. */
export function startClock(): Clock {
  return { cpu: process.cpuUsage(), wall: performance.now() };
}

/** What passed since `start`, for work that takes place in this process. */
export function readClock(start: Clock): WorkTime {
  const wallMs = performance.now() - start.wall;
  const { user, system } = process.cpuUsage(start.cpu);
  return { wallMs, cpuMs: (user + system) / 1000 };
}
