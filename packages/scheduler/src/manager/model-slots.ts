import type { Assignment } from "../planning/design.js";
import { settleWithin } from "./settle-within.js";

/** How {@link createRunTimeManager} makes a model ready, and gives its memory back. */
export interface ModelLoader<Loaded> {
  /**
   * Makes the model of an assignment ready to run.
   *
   * @param signal fires when nobody waits for it any more: what is returned then is unloaded at once
   */
  load(assignment: Assignment, signal: AbortSignal): Promise<Loaded>;
  /** Gives its memory back; awaited where it returns a promise. */
  unload(loaded: Loaded, assignment: Assignment): unknown;
}

interface Slot<Loaded> {
  readonly assignment: Assignment;
  readonly loaded: Loaded;
  users: number;
  isRetired: boolean;
}

/** How long {@link ModelSlots} waits for its loader. */
interface SlotLimits {
  /** For each load, and for each unload. */
  readonly timeoutMs: number;
  /** Gives up the load that is under way. */
  readonly signal: AbortSignal;
}

/** The models that are loaded now. One that is in use is unloaded when its last user has left. */
export class ModelSlots<Loaded> {
  readonly #loader: ModelLoader<Loaded>;
  readonly #limits: SlotLimits;
  readonly #onUnloadError: (error: unknown, assignment: Assignment) => void;
  readonly #slots = new Map<string, Slot<Loaded>>();
  /** Retired ones that are in use or being unloaded. */
  readonly #leaving = new Set<Slot<Loaded>>();
  #onDrained: (() => void) | undefined;

  constructor(
    loader: ModelLoader<Loaded>,
    limits: SlotLimits,
    onUnloadError: (error: unknown, assignment: Assignment) => void,
  ) {
    this.#loader = loader;
    this.#limits = limits;
    this.#onUnloadError = onUnloadError;
  }

  has(assignment: Assignment): boolean {
    return this.#slots.has(keyOf(assignment));
  }

  /** Loads what is not there yet. When one fails, those that came with it are unloaded again. */
  async load(assignments: readonly Assignment[]): Promise<void> {
    const fresh: Slot<Loaded>[] = [];
    try {
      for (const assignment of assignments) {
        if (this.has(assignment)) continue;
        const loaded = await this.#load(assignment);
        const slot = { assignment, loaded, users: 0, isRetired: false };
        this.#slots.set(keyOf(assignment), slot);
        fresh.push(slot);
      }
    } catch (error) {
      await Promise.all(fresh.map((slot) => this.#retire(slot)));
      throw error;
    }
  }

  async #load(assignment: Assignment): Promise<Loaded> {
    const { timeoutMs, signal } = this.#limits;
    const abandoned = new AbortController();
    const { model, precision, engine } = assignment;
    const what = `load of "${model}" ${precision} on ${engine}`;
    // Also what throws at once is a load that failed.
    const loading = Promise.resolve().then(() => this.#loader.load(assignment, abandoned.signal));
    try {
      return await settleWithin(loading, { ms: timeoutMs, signal, what });
    } catch (error) {
      // What it still comes to must not stay in memory.
      void loading.then(
        (loaded) => this.#giveBack(loaded, assignment),
        () => {},
      );
      abandoned.abort(error);
      throw error;
    }
  }

  /**
   * Unloads everything but these. Does not wait for what is in use: a user may be waiting for the very switch that
   * this is part of.
   */
  async keepOnly(assignments: readonly Assignment[]): Promise<void> {
    const kept = new Set(assignments.map(keyOf));
    const others = [...this.#slots].filter(([key]) => !kept.has(key));
    await Promise.all(others.map(([, slot]) => this.#retire(slot)));
  }

  /** Resolves when everything that was retired is unloaded. */
  async drained(): Promise<void> {
    while (this.#leaving.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onDrained = resolve;
      });
    }
  }

  /** Calls `use` with a model that cannot be unloaded meanwhile. */
  async use<T>(assignment: Assignment, use: (loaded: Loaded) => T | Promise<T>): Promise<T> {
    const slot = this.#slots.get(keyOf(assignment))!;
    slot.users++;
    try {
      return await use(slot.loaded);
    } finally {
      slot.users--;
      if (slot.isRetired && slot.users === 0) void this.#unload(slot);
    }
  }

  async #retire(slot: Slot<Loaded>): Promise<void> {
    this.#slots.delete(keyOf(slot.assignment));
    this.#leaving.add(slot);
    slot.isRetired = true;
    if (slot.users === 0) await this.#unload(slot);
  }

  async #unload(slot: Slot<Loaded>): Promise<void> {
    await this.#giveBack(slot.loaded, slot.assignment);
    this.#leaving.delete(slot);
    if (this.#leaving.size === 0) this.#onDrained?.();
  }

  async #giveBack(loaded: Loaded, assignment: Assignment): Promise<void> {
    const what = `unload of "${assignment.model}" on ${assignment.engine}`;
    try {
      const unloading = (async () => this.#loader.unload(loaded, assignment))();
      await settleWithin(unloading, { ms: this.#limits.timeoutMs, what });
    } catch (error) {
      this.#onUnloadError(error, assignment);
    }
  }
}

function keyOf({ task, model, precision, engine, options }: Assignment): string {
  return JSON.stringify([task, model, precision, engine, options ?? {}]);
}
