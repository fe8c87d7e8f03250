import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Assignment } from "../planning/design.js";
import { changeBetween } from "../planning/design-change.js";
import { type DesignSet, lookUpDesign } from "../planning/design-set.js";
import type { ManagerEvent } from "./manager-events.js";
import { type ModelLoader, ModelSlots } from "./model-slots.js";
import type { Signal } from "./signal.js";
import { createTroubleDetector, type TroubleDetector } from "./trouble-detector.js";

/** Options of {@link createRunTimeManager}. */
export interface RunTimeManagerOptions<Loaded> extends ModelLoader<Loaded> {
  readonly designSet: DesignSet;
  readonly signals: readonly Signal[];
  /** Time between two measurements of the signals. @default 500 */
  readonly intervalMs?: number;
  /** Time after which a processor that failed, or a design that could not be loaded, is tried again. @default 30_000 */
  readonly failureMs?: number;
  /** Events kept in {@link RunTimeManager.events}; the oldest go. @default 1000 */
  readonly maxEvents?: number;
  /** Clock in ms that does not go back. @default performance.now */
  readonly now?: () => number;
  /** Ends the manager as `dispose` does. @default none */
  readonly signal?: AbortSignal;
  /** Called with every event as it happens. */
  readonly onEvent?: (event: ManagerEvent) => void;
}

interface Watched {
  readonly signal: Signal;
  readonly detector: TroubleDetector;
}

/**
 * Serves the tasks of a design set, and switches between its designs as the device fares: a look-up in a table, no
 * solving; made by {@link createRunTimeManager}.
 *
 * In the style of CARIn's Runtime Manager (Panopoulos, Venieris, Venieris, ACM TECS 23(4), 2024, Fig. 2): its
 * hysteresis and dwell, and the retries of processors that failed, are ours.
 */
export class RunTimeManager<Loaded> {
  readonly #options: RunTimeManagerOptions<Loaded>;
  readonly #slots: ModelSlots<Loaded>;
  readonly #watched: readonly Watched[];
  readonly #failedUntil = new Map<string, number>();
  /** Designs that could not be loaded, and when to try them again. */
  readonly #unloadable = new Map<number, number>();
  readonly #events: ManagerEvent[] = [];
  readonly #now: () => number;
  #design: number | undefined;
  #switching: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposed = false;

  /** @internal */
  constructor(options: RunTimeManagerOptions<Loaded>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#slots = new ModelSlots(options, (error, { task, model }) => {
      this.#note({
        kind: "unload-failed",
        at: this.#now(),
        task,
        model,
        message: messageOf(error),
      });
    });
    this.#watched = options.signals.map((signal) => ({
      signal,
      detector: createTroubleDetector(signal.limits),
    }));
  }

  /** Index of the design that serves; undefined while the first is loading, or when none could be loaded. */
  get design(): number | undefined {
    return this.#design;
  }

  /** What happened, the oldest first. */
  get events(): readonly ManagerEvent[] {
    return this.#events;
  }

  /** Names of the signals that are in trouble now. */
  get troubledSignals(): readonly string[] {
    return this.#watched.filter((w) => w.detector.troubled).map((w) => w.signal.name);
  }

  /** Which processors are in trouble now, by a signal or by a failure. */
  get troubledProcessors(): readonly string[] {
    const troubled = new Set<string>();
    for (const { signal, detector } of this.#watched) {
      if (!detector.troubled || signal.troubles === "memory") continue;
      for (const processor of signal.troubles) troubled.add(processor);
    }
    for (const [processor, until] of this.#failedUntil) {
      if (this.#now() < until) troubled.add(processor);
    }
    return this.#options.designSet.engines.filter((processor) => troubled.has(processor));
  }

  /** Whether memory is short now. */
  get memoryPressure(): boolean {
    return this.#watched.some((w) => w.signal.troubles === "memory" && w.detector.troubled);
  }

  /**
   * Takes a value of a signal, and switches when the table says so: a switch begins at once and ends in the
   * background, see {@link RunTimeManager.settled}.
   *
   * @throws EdgewrightError `invalid-argument` for a signal that is not known
   */
  observe(name: string, value: number): void {
    const watched = this.#watched.find((w) => w.signal.name === name);
    if (watched === undefined) {
      const known = this.#watched.map((w) => `"${w.signal.name}"`).join(", ");
      throw new EdgewrightError(
        "invalid-argument",
        `RunTimeManager.observe: one of the signals ${known} was expected, got "${name}"`,
      );
    }
    this.#take(watched, value);
    this.#follow();
  }

  /**
   * Says that a processor failed: it counts as troubled for a while, and then is tried again.
   *
   * @throws EdgewrightError `invalid-argument` for a processor that the design set does not have
   */
  reportFailure(processor: string, cause: unknown): void {
    const { engines } = this.#options.designSet;
    if (!engines.includes(processor)) {
      throw new EdgewrightError(
        "invalid-argument",
        `RunTimeManager.reportFailure: one of ${engines.join(", ")} was expected, got "${processor}"`,
      );
    }
    const at = this.#now();
    this.#failedUntil.set(processor, at + (this.#options.failureMs ?? 30_000));
    this.#note({ kind: "processor-failed", at, processor, message: messageOf(cause) });
    this.#follow();
  }

  /**
   * Calls `use` with the loaded model that serves a task now. It is not unloaded before `use` has ended.
   *
   * @throws EdgewrightError `invalid-argument` for an unknown task, `unavailable` when no design could be loaded,
   * `disposed` after `dispose`; and whatever `use` throws
   */
  async use<T>(
    task: string,
    use: (loaded: Loaded, assignment: Assignment) => T | Promise<T>,
  ): Promise<T> {
    for (;;) {
      this.#checkAlive();
      const design = this.#design;
      const serving = design === undefined ? undefined : this.#options.designSet.designs[design]!;
      const assignment = serving?.assignments.find((candidate) => candidate.task === task);
      if (serving !== undefined && assignment === undefined) {
        const known = serving.assignments.map((a) => `"${a.task}"`).join(", ");
        throw new EdgewrightError(
          "invalid-argument",
          `RunTimeManager.use: one of the tasks ${known} was expected, got "${task}"`,
        );
      }
      if (assignment !== undefined && this.#slots.has(assignment)) {
        return await this.#slots.use(assignment, (loaded) => use(loaded, assignment));
      }
      // Under memory pressure the old models go before the new ones come: wait for these.
      if (this.#switching === undefined) {
        throw new EdgewrightError(
          "unavailable",
          `RunTimeManager.use: no design of the set could be loaded for "${task}"; see the manager's events`,
        );
      }
      await this.#switching;
    }
  }

  /** Resolves when no switch is under way. */
  async settled(): Promise<void> {
    while (this.#switching !== undefined) await this.#switching;
  }

  /** Stops measuring, and unloads everything, what is in use as soon as it is not: do not await it inside `use`. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    clearTimeout(this.#timer);
    await this.settled();
    this.#design = undefined;
    await this.#slots.keepOnly([]);
    await this.#slots.drained();
  }

  /** @internal */
  async start(): Promise<void> {
    this.#follow();
    await this.settled();
    if (this.#design === undefined) {
      const failures = this.#events.flatMap((e) => (e.kind === "load-failed" ? [e.message] : []));
      throw new EdgewrightError(
        "unavailable",
        `createRunTimeManager: none of ${this.#options.designSet.designs.length} designs could be loaded: ` +
          failures.join("; "),
      );
    }
    this.#scheduleMeasuring();
  }

  #scheduleMeasuring(): void {
    if (this.#disposed) return;
    if (!this.#watched.some((w) => w.signal.read)) return;
    this.#timer = setTimeout(() => void this.#measure(), this.#options.intervalMs ?? 500);
    // In Node a manager alone is no reason to keep the process alive.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #measure(): Promise<void> {
    for (const watched of this.#watched) {
      if (watched.signal.read === undefined) continue;
      const value = await readSensor(watched.signal);
      if (this.#disposed) return;
      this.#take(watched, value);
    }
    this.#follow();
    this.#scheduleMeasuring();
  }

  #take({ signal, detector }: Watched, value: number): void {
    const at = this.#now();
    const before = detector.troubled;
    const troubled = detector.observe(value, at);
    if (troubled !== before) {
      this.#note({ kind: "trouble", at, signal: signal.name, value, troubled });
    }
  }

  /** Begins a switch when the table names another design and none is under way. */
  #follow(): void {
    this.#forgetOldFailures();
    if (this.#switching !== undefined || this.#disposed) return;
    if (this.#target() === this.#design) return;
    this.#switching = this.#switchUntilSettled().finally(() => {
      this.#switching = undefined;
    });
  }

  #forgetOldFailures(): void {
    const at = this.#now();
    for (const [processor, until] of this.#failedUntil) {
      if (at < until) continue;
      this.#failedUntil.delete(processor);
      this.#note({ kind: "processor-back", at, processor });
    }
    for (const [design, until] of this.#unloadable) {
      if (at >= until) this.#unloadable.delete(design);
    }
  }

  /** What the table names; where that could not be loaded lately, what serves now, or else any other design. */
  #target(): number | undefined {
    const { designSet } = this.#options;
    const named = lookUpDesign(designSet, this.troubledProcessors, this.memoryPressure).index;
    if (!this.#unloadable.has(named)) return named;
    if (this.#design !== undefined) return this.#design;
    return designSet.designs.map((_, i) => i).find((i) => !this.#unloadable.has(i));
  }

  async #switchUntilSettled(): Promise<void> {
    // The state may change while models load: what counts is the table's word at the end.
    for (;;) {
      const to = this.#target();
      if (to === undefined || to === this.#design) return;
      await this.#switchTo(to);
    }
  }

  async #switchTo(to: number): Promise<void> {
    const { designs } = this.#options.designSet;
    const began = this.#now();
    const from = this.#design;
    const { assignments } = designs[to]!;
    try {
      // There is room for old and new side by side only while memory is not short.
      if (this.memoryPressure) {
        this.#design = undefined;
        await this.#slots.keepOnly(assignments);
      }
      await this.#slots.load(assignments);
      this.#design = to;
    } catch (error) {
      const failed = this.#now();
      this.#unloadable.set(to, failed + (this.#options.failureMs ?? 30_000));
      this.#note({ kind: "load-failed", at: failed, design: to, message: messageOf(error) });
      return;
    }
    const at = this.#now();
    const change = from === undefined ? "none" : changeBetween(designs[from]!, designs[to]!);
    this.#note({ kind: "switch", at, from: from ?? to, to, change, tookMs: at - began });
    await this.#slots.keepOnly(assignments);
  }

  #note(event: ManagerEvent): void {
    this.#events.push(event);
    if (this.#events.length > (this.#options.maxEvents ?? 1000)) this.#events.shift();
    this.#options.onEvent?.(event);
  }

  #checkAlive(): void {
    if (!this.#disposed) return;
    throw new EdgewrightError("disposed", "RunTimeManager.use: the manager was disposed of");
  }
}

/**
 * Loads the first design of a set, and serves its tasks from then on with the design that suits the device's state.
 *
 * @example
 * ```ts
 * declare const designSet: DesignSet; // from the planner
 * const manager = await createRunTimeManager({
 *   designSet,
 *   signals: [
 *     { name: "cpu load", troubles: ["cpu"], limits: { enter: 0.7, exit: 0.4, dwellMs: 2000 }, read: watchCpuLoad() },
 *   ],
 *   load: async ({ model, precision }) => createSession(await readFile(`${model}-${precision}.onnx`)),
 *   unload: (session) => session.dispose(),
 * });
 * const outputs = await manager.use("classify", (session) => session.run({ x }));
 * ```
 *
 * @throws EdgewrightError `unavailable` when no design can be loaded, AbortError when the signal has fired
 */
export async function createRunTimeManager<Loaded>(
  options: RunTimeManagerOptions<Loaded>,
): Promise<RunTimeManager<Loaded>> {
  throwIfAborted(options.signal, "createRunTimeManager");
  const manager = new RunTimeManager(options);
  options.signal?.addEventListener("abort", () => void manager.dispose(), { once: true });
  await manager.start();
  return manager;
}

/** A sensor that fails is no news; the others still count. */
async function readSensor(signal: Signal): Promise<number> {
  try {
    return (await signal.read?.()) ?? Number.NaN;
  } catch {
    return Number.NaN;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
