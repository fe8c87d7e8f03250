import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Assignment } from "../planning/design.js";
import { changeBetween } from "../planning/design-change.js";
import { lookUpDesign } from "../planning/design-set.js";
import type { ManagerEvent } from "./manager-events.js";
import {
  type ManagerSettings,
  type RunTimeManagerOptions,
  readManagerSettings,
} from "./manager-options.js";
import { ModelSlots } from "./model-slots.js";
import { settleWithin } from "./settle-within.js";
import { WatchedSignal } from "./watched-signal.js";

/**
 * Serves the tasks of a design set, and switches between its designs as the device fares: a look-up in a table, no
 * solving; made by {@link createRunTimeManager}.
 *
 * In the style of CARIn's Runtime Manager (Panopoulos, Venieris, Venieris, ACM TECS 23(4), 2024, Fig. 2): its
 * hysteresis and dwell, and the retries of processors that failed, are ours.
 */
export class RunTimeManager<Loaded> {
  readonly #options: RunTimeManagerOptions<Loaded>;
  readonly #settings: ManagerSettings;
  /** Ends what is waited for when the manager does. */
  readonly #end = new AbortController();
  readonly #slots: ModelSlots<Loaded>;
  readonly #watched: readonly WatchedSignal[];
  readonly #failedUntil = new Map<string, number>();
  /** Designs that could not be loaded, and when to try them again. */
  readonly #unloadable = new Map<number, number>();
  readonly #events: ManagerEvent[] = [];
  readonly #now: () => number;
  #design: number | undefined;
  #switching: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #disposal: Promise<void> | undefined;

  /** @internal */
  constructor(options: RunTimeManagerOptions<Loaded>) {
    this.#options = options;
    this.#settings = readManagerSettings(options);
    this.#now = this.#settings.now;
    const limits = { timeoutMs: this.#settings.loadTimeoutMs, signal: this.#end.signal };
    this.#slots = new ModelSlots(options, limits, (error, { task, model }) => {
      const message = messageOf(error);
      this.#note({ kind: "unload-failed", at: this.#now(), task, model, message });
    });
    this.#watched = options.signals.map((signal) => new WatchedSignal(signal));
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
   * @throws EdgewrightError `invalid-argument` for a signal that is not known, and for a value that is no number
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
    if (typeof value !== "number") {
      throw new EdgewrightError(
        "invalid-argument",
        `RunTimeManager.observe: a number was expected for "${name}", got ${typeof value}`,
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
    this.#failedUntil.set(processor, at + this.#settings.failureMs);
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

  /**
   * Stops measuring, and unloads everything, what is in use as soon as it is not: do not await it inside `use`. A load
   * that is under way is given up, and what still comes of it is unloaded then.
   */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    clearTimeout(this.#timer);
    this.#end.abort();
    await this.settled();
    this.#design = undefined;
    await this.#slots.keepOnly([]);
    await this.#slots.drained();
  }

  /** @internal */
  onEnd(listener: () => void): void {
    this.#end.signal.addEventListener("abort", listener, { once: true });
  }

  /** @internal */
  async start(): Promise<void> {
    this.#follow();
    await this.settled();
    this.#checkAlive();
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
    if (this.#isOver) return;
    if (!this.#watched.some((w) => w.signal.read)) return;
    this.#timer = setTimeout(() => void this.#measure(), this.#settings.intervalMs);
    // In Node a manager alone is no reason to keep the process alive.
    (this.#timer as { unref?: () => void }).unref?.();
  }

  async #measure(): Promise<void> {
    // A sensor that does not answer must not silence the others: it is not waited for longer than to the next time.
    const all = Promise.all(this.#watched.map((watched) => this.#readSensor(watched)));
    const { signal } = this.#end;
    await settleWithin(all, { ms: this.#settings.intervalMs, signal, what: "sensors" }).catch(
      () => {},
    );
    if (this.#isOver) return;
    this.#follow();
    this.#scheduleMeasuring();
  }

  #readSensor(watched: WatchedSignal): Promise<void> {
    return watched.measure({
      onValue: (value) => {
        if (!this.#isOver) this.#take(watched, value);
      },
      onFailure: (error) => {
        const { name } = watched.signal;
        const message = messageOf(error);
        this.#note({ kind: "signal-failed", at: this.#now(), signal: name, message });
      },
    });
  }

  #take({ signal, detector }: WatchedSignal, value: number): void {
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
    if (this.#switching !== undefined || this.#isOver) return;
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
      if (to === undefined || to === this.#design || this.#isOver) return;
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
      if (this.#isOver) return;
      const failed = this.#now();
      this.#unloadable.set(to, failed + this.#settings.failureMs);
      this.#note({ kind: "load-failed", at: failed, design: to, message: messageOf(error) });
      return;
    }
    const at = this.#now();
    const change = from === undefined ? "none" : changeBetween(designs[from]!, designs[to]!);
    this.#note({ kind: "switch", at, from: from ?? to, to, change, tookMs: at - began });
    await this.#slots.keepOnly(assignments);
  }

  #note(event: ManagerEvent): void {
    this.#keep(event);
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      this.#keep({ kind: "listener-failed", at: this.#now(), message: messageOf(error) });
    }
  }

  #keep(event: ManagerEvent): void {
    this.#events.push(event);
    if (this.#events.length > this.#settings.maxEvents) this.#events.shift();
  }

  get #isOver(): boolean {
    return this.#end.signal.aborted;
  }

  #checkAlive(): void {
    if (!this.#isOver) return;
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
 * @throws EdgewrightError `invalid-argument` for options out of range, `unavailable` when no design can be loaded;
 * AbortError when the signal fires first
 */
export async function createRunTimeManager<Loaded>(
  options: RunTimeManagerOptions<Loaded>,
): Promise<RunTimeManager<Loaded>> {
  const { signal } = options;
  throwIfAborted(signal, "createRunTimeManager");
  const manager = new RunTimeManager(options);
  const onAbort = (): void => void manager.dispose();
  signal?.addEventListener("abort", onAbort);
  // A signal may outlive many managers.
  manager.onEnd(() => signal?.removeEventListener("abort", onAbort));
  try {
    await manager.start();
  } catch (error) {
    await manager.dispose();
    throwIfAborted(signal, "createRunTimeManager");
    throw error;
  }
  return manager;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
