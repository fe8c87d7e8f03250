import { AbortError, EdgewrightError, nextTurn } from "@edgewright/core";
import type { Feeds, Outputs } from "@edgewright/graph";
import type { ReadyQueue } from "../policies/policy.js";
import type { CompletedTask, TaskOutcome } from "../tasks/completed-task.js";
import type { Task } from "../tasks/task.js";
import { AbortListeners } from "./abort-listeners.js";
import { DeadlineMissedError, QueueFullError } from "./executor-errors.js";
import type {
  ExecutorEvent,
  ExecutorModel,
  ExecutorOptions,
  ExecutorResult,
  SubmitOptions,
} from "./executor-options.js";
import { createLane, type ExecutorSettings, readSettings } from "./executor-settings.js";
import { LayerRunner } from "./layer-runner.js";
import { type Lane, type LiveRequest, updateTask } from "./live-request.js";
import type { ModelProfile } from "./model-profile.js";
import { type ProfileModelOptions, profileModel } from "./profile-model.js";
import { type PredictionErrors, RestPredictor, SharedPrediction } from "./rest-predictor.js";
import { RoomWaiters } from "./room-waiters.js";

/** Typical time of a request while no model's is known, in seconds. */
const UNKNOWN_ISOLATED = 0.01;

/**
 * Runs requests of several models on one thread, a layer at a time: after every layer the policy says whose next
 * layer runs. Made by {@link createExecutor}.
 */
export class Executor<Name extends string = string> {
  readonly #settings: ExecutorSettings;
  readonly #lanes = new Map<string, Lane>();
  readonly #queue: ReadyQueue;
  readonly #requests = new Map<number, LiveRequest>();
  readonly #prediction = new SharedPrediction();
  readonly #runner: LayerRunner;
  readonly #origin: number;
  readonly #waiters: RoomWaiters;
  readonly #idlers: (() => void)[] = [];
  #nextId = 0;
  #looping = false;
  #preparing = false;
  #current: LiveRequest | undefined;
  #end: EdgewrightError | undefined;
  #stopListening: (() => void) | undefined;
  readonly #aborts = new AbortListeners();

  /** @internal */
  constructor(options: ExecutorOptions<Name>) {
    this.#settings = readSettings(options);
    this.#origin = this.#settings.now();
    for (const [name, model] of Object.entries<ExecutorModel>(options.models)) {
      this.#lanes.set(name, createLane(name, model, this.#settings));
    }
    this.#queue = options.policy.createQueue();
    this.#waiters = new RoomWaiters((lane) => this.#room(lane));
    this.#runner = new LayerRunner(
      this.#settings,
      () => this.#now(),
      (event) => this.#emit(event),
    );
    const { signal } = options;
    if (signal === undefined) return;
    const abort = () => this.#close(new AbortError("Executor", signal.reason));
    if (signal.aborted) abort();
    else this.#stopListening = this.#aborts.add(signal, abort);
  }

  /** Requests that wait or are under way. */
  get size(): number {
    return this.#requests.size;
  }

  /** How far predictions of the time left were off, made half way through the requests that ended. */
  get predictionErrors(): PredictionErrors {
    return this.#prediction.errors;
  }

  /**
   * Runs a model on inputs, when its turn comes. The inputs are read then: leave them as they are until the promise
   * settles.
   *
   * @throws QueueFullError when as many requests wait as may; DeadlineMissedError when it is dropped for being late;
   * EdgewrightError `aborted` when its signal or the executor's fires, `disposed`, `invalid-argument` for a model
   * that is not here; and whatever the model throws. All as rejections; other requests are not concerned.
   */
  submit(model: Name, feeds: Feeds, options: SubmitOptions = {}): Promise<ExecutorResult> {
    return new Promise((resolve, reject) => {
      const lane = this.#laneOf(model, "submit");
      const deadlineMs = options.deadlineMs ?? lane.deadlineMs;
      if (!(deadlineMs >= 0)) {
        throw new EdgewrightError(
          "invalid-argument",
          `Executor.submit: deadlineMs must be a time from 0, got ${deadlineMs}`,
        );
      }
      if (this.#end !== undefined) throw this.#end;
      const { signal } = options;
      if (signal?.aborted) throw new AbortError("Executor.submit", signal.reason);
      const request = this.#admit(lane, feeds, options, deadlineMs);
      const stopListening =
        signal &&
        this.#aborts.add(signal, () => {
          const error = new AbortError("Executor.submit", signal.reason);
          this.#leave(request, "cancelled", error);
        });
      request.settle = (result) => {
        stopListening?.();
        if ("error" in result) reject(result.error);
        else resolve(result);
      };
      if (this.#room(lane) <= 0) {
        const ofModel = this.#room(undefined) > 0;
        const waiting = ofModel ? lane.waiting : this.#requests.size;
        const error = new QueueFullError(lane.name, waiting, ofModel);
        this.#finish(request, "rejected", request.task.arrival, { error });
        return;
      }
      const { task } = request;
      this.#requests.set(task.id, request);
      lane.waiting++;
      this.#queue.put(task, task.arrival);
      this.#emit({
        type: "submitted",
        id: task.id,
        model: lane.name,
        at: task.arrival,
        isolated: task.isolated,
        deadline: task.deadline,
      });
      this.#wake();
    });
  }

  /**
   * Waits until a request would be let in, of a model or of any. Those who wait have their turn in order.
   *
   * @throws EdgewrightError as {@link Executor.submit}, when the executor has ended meanwhile.
   */
  async ready(model?: Name): Promise<void> {
    const lane = model === undefined ? undefined : this.#laneOf(model, "ready");
    if (this.#end !== undefined) throw this.#end;
    await this.#waiters.wait(lane);
  }

  /** Waits until no request is left. */
  whenIdle(): Promise<void> {
    if (this.#requests.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idlers.push(resolve));
  }

  /**
   * Measures models on sample inputs, so that the first requests are predicted well; requests wait meanwhile.
   *
   * @param samples inputs that look like those to come, by model
   * @returns what is known of all models: see {@link Executor.profiles}.
   * @throws EdgewrightError `unavailable` while requests are under way, and as {@link profileModel}.
   */
  async prepare(
    samples: Readonly<Partial<Record<Name, readonly Feeds[]>>>,
    options: ProfileModelOptions = {},
  ): Promise<Record<Name, ModelProfile>> {
    if (this.#end !== undefined) throw this.#end;
    if (this.#preparing || this.#requests.size > 0) {
      throw new EdgewrightError(
        "unavailable",
        "Executor.prepare: requests are under way, whose time would be measured, too; await whenIdle()",
      );
    }
    this.#preparing = true;
    try {
      for (const [model, feeds] of Object.entries<readonly Feeds[] | undefined>(samples)) {
        if (feeds === undefined) continue;
        const lane = this.#laneOf(model, "prepare");
        // Every session plans its memory at its first run.
        for (const other of lane.free.slice(1)) {
          await profileModel(other, feeds, { ...options, rounds: 0 });
        }
        lane.learned.add(await profileModel(lane.free[0]!, feeds, options));
      }
    } finally {
      this.#preparing = false;
      this.#wake();
    }
    return this.profiles();
  }

  /** What is known of the models now: to be saved, and given as `profile` the next time. */
  profiles(): Record<Name, ModelProfile> {
    const profiles: Record<string, ModelProfile> = {};
    for (const [name, lane] of this.#lanes) profiles[name] = lane.learned.toProfile();
    return profiles;
  }

  /** Ends the executor: requests that are left fail as `disposed`. The sessions stay their owner's. */
  dispose(): void {
    this.#close(new EdgewrightError("disposed", "Executor: it was disposed of"));
  }

  /** {@link Executor.dispose}, for `using` declarations. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  #now(): number {
    return (this.#settings.now() - this.#origin) / 1000;
  }

  #laneOf(model: string, where: string): Lane {
    const lane = this.#lanes.get(model);
    if (lane !== undefined) return lane;
    throw new EdgewrightError(
      "invalid-argument",
      `Executor.${where}: there is no model "${model}"; there are ${[...this.#lanes.keys()].join(", ")}`,
      { where: model },
    );
  }

  #admit(lane: Lane, feeds: Feeds, options: SubmitOptions, deadlineMs: number): LiveRequest {
    const shape = lane.learned.find(feeds);
    const known = shape.known ? shape : lane.learned.closest(shape.elements);
    const scale = known === undefined ? 1 : shape.elements / known.elements;
    const rest = scale === 1 ? known?.rest : known?.rest.map((seconds) => seconds * scale);
    const isolated = rest?.[0] || this.#guessIsolated();
    const arrival = this.#now();
    const task: Task = {
      id: this.#nextId++,
      model: lane.name,
      arrival,
      deadline: arrival + deadlineMs / 1000,
      priority: options.priority ?? lane.priority,
      isolated,
      remaining: isolated,
      nextLatency: 0,
      ratio: 1,
      lastRun: arrival,
      layersRun: 0,
    };
    const request: LiveRequest = {
      task,
      lane,
      feeds,
      outputs: options.outputs,
      shape,
      rest,
      predictor: new RestPredictor(this.#settings.predictor, this.#prediction, isolated * 1000),
      segments: [],
      settle: () => {},
      session: undefined,
      run: undefined,
      start: undefined,
      busy: 0,
      outcome: undefined,
    };
    updateTask(request, arrival);
    task.ratio = 1;
    return request;
  }

  // A new model is taken to be as long as the others.
  #guessIsolated(): number {
    let sum = 0;
    let count = 0;
    for (const { learned } of this.#lanes.values()) {
      const rest = learned.closest(1)?.rest;
      if (rest === undefined) continue;
      sum += rest[0]!;
      count++;
    }
    return count > 0 && sum > 0 ? sum / count : UNKNOWN_ISOLATED;
  }

  #wake(): void {
    if (this.#looping || this.#preparing || this.#requests.size === 0) return;
    this.#looping = true;
    void this.#loop();
  }

  async #loop(): Promise<void> {
    // All that is submitted at once comes before the first decision.
    await nextTurn();
    let now = this.#now();
    let turn = now;
    try {
      while (this.#queue.size > 0 && !this.#preparing && this.#end === undefined) {
        now = this.#runOne(now);
        if ((now - turn) * 1000 < this.#settings.turnMs) continue;
        await nextTurn();
        now = this.#now();
        turn = now;
        this.#dropLate(now);
      }
    } catch (error) {
      // The policy or the clock has thrown: nobody can tell any more whose turn it is.
      const message = `Executor: the policy "${this.#settings.policy}" failed: ${(error as Error).message}`;
      this.#close(new EdgewrightError("invalid-data", message, { cause: error }));
    } finally {
      this.#looping = false;
      this.#wake();
    }
  }

  /** Runs the next layer of whom the policy chooses; returns when it ended. */
  #runOne(now: number): number {
    const task = this.#queue.take(now);
    const chosen = task === undefined ? undefined : this.#requests.get(task.id);
    if (chosen === undefined) {
      const got = task === undefined ? "nothing" : `task ${task.id}, which has left`;
      throw new Error(`of ${this.#requests.size} tasks that wait it took ${got}`);
    }
    if (this.#isLate(chosen, now)) {
      this.#drop(chosen, now);
      return now;
    }
    const request = this.#holderFor(chosen);
    let end: number;
    this.#current = request;
    try {
      const outputs = this.#runner.runLayer(request, now);
      end = request.task.lastRun;
      if (request.outcome === undefined) {
        if (outputs === undefined) this.#queue.put(request.task, end);
        else {
          this.#remove(request);
          this.#finish(request, "finished", end, { outputs });
        }
      }
    } catch (error) {
      end = this.#now();
      this.#leave(request, "failed", error);
    }
    this.#current = undefined;
    if (chosen !== request && chosen.outcome === undefined) this.#queue.put(chosen.task, end);
    return end;
  }

  /**
   * Whose layer has to run for a request to get on: its own, or, where all sessions of its model are taken, that of
   * the one among their holders that ends first. Somebody always gets on, whatever the policy wants.
   */
  #holderFor(chosen: LiveRequest): LiveRequest {
    const { lane } = chosen;
    if (chosen.run !== undefined || lane.free.length > 0) return chosen;
    let holder: LiveRequest | undefined;
    for (const other of lane.started) {
      if (holder === undefined || other.task.remaining < holder.task.remaining) holder = other;
    }
    if (holder === undefined || !this.#queue.remove(holder.task)) {
      throw new Error(`it lost task ${holder?.task.id} of "${lane.name}"`);
    }
    return holder;
  }

  #isLate({ task }: LiveRequest, now: number): boolean {
    const { lateRequests } = this.#settings;
    if (lateRequests === "run") return false;
    const left = lateRequests === "drop-late" ? 0 : task.ratio * task.remaining;
    return now + left > task.deadline;
  }

  #dropLate(now: number): void {
    if (this.#settings.lateRequests === "run") return;
    for (const request of this.#requests.values()) {
      if (this.#isLate(request, now)) this.#drop(request, now);
    }
  }

  #drop(request: LiveRequest, now: number): void {
    const { task, lane } = request;
    const overdueMs = (now - task.deadline) * 1000;
    const error = new DeadlineMissedError(lane.name, overdueMs, task.ratio * task.remaining * 1000);
    this.#leave(request, "rejected", error);
  }

  /** Takes a request out, wherever it is. */
  #leave(request: LiveRequest, outcome: TaskOutcome, error: unknown): void {
    if (request.outcome !== undefined) return;
    // Of an executor that has ended nobody asks the queue again; it may be what broke.
    if (this.#current !== request && this.#end === undefined) this.#queue.remove(request.task);
    this.#remove(request);
    this.#finish(request, outcome, this.#now(), { error });
  }

  #remove(request: LiveRequest): void {
    const { lane, session } = request;
    this.#requests.delete(request.task.id);
    lane.waiting--;
    lane.started.delete(request);
    request.run?.return();
    if (session !== undefined) lane.free.push(session);
    request.session = undefined;
  }

  #finish(
    request: LiveRequest,
    outcome: TaskOutcome,
    finish: number,
    result: { readonly outputs: Outputs } | { readonly error: unknown },
  ): void {
    const { task, lane, start, busy, segments } = request;
    request.outcome = outcome;
    const completed: CompletedTask = {
      id: task.id,
      model: lane.name,
      priority: task.priority,
      arrival: task.arrival,
      deadline: task.deadline,
      outcome,
      ...(start === undefined ? {} : { start }),
      finish,
      isolated: outcome === "finished" ? busy : task.isolated,
      ...(this.#settings.keepSegments ? { segments } : {}),
    };
    request.settle("error" in result ? result : { outputs: result.outputs, completed });
    this.#emit({ type: "left", request: completed });
    this.#waiters.admit();
    if (this.#requests.size === 0) for (const resolve of this.#idlers.splice(0)) resolve();
  }

  /** How many requests would be let in. */
  #room(lane: Lane | undefined): number {
    const { maxQueue, maxPerModel } = this.#settings;
    const room = maxQueue - this.#requests.size;
    return lane === undefined ? room : Math.min(room, maxPerModel - lane.waiting);
  }

  #close(error: EdgewrightError): void {
    if (this.#end !== undefined) return;
    this.#end = error;
    this.#stopListening?.();
    const outcome = error.code === "invalid-data" ? "failed" : "cancelled";
    // First those who wait for room: there is about to be some.
    this.#waiters.rejectAll(error);
    for (const request of [...this.#requests.values()]) this.#leave(request, outcome, error);
  }

  #emit(event: ExecutorEvent): void {
    const { onEvent } = this.#settings;
    if (onEvent === undefined) return;
    try {
      onEvent(event);
    } catch (error) {
      // As an event target does: the listener's error is reported, and what it listened to goes on.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/**
 * Makes an executor: real sessions, interleaved at the boundaries of their layers under a policy, with deadlines,
 * priorities, cancellation and back-pressure. The same policies run in the simulator.
 *
 * @example
 * const executor = createExecutor({
 *   policy: dysta(),
 *   models: {
 *     detector: { session: detector, deadlineMs: 500 },
 *     wakeWord: { session: wakeWord, deadlineMs: 40, priority: 9 },
 *   },
 * });
 * await executor.prepare({ detector: [page], wakeWord: [frames] });
 * const [words, wake] = await Promise.all([
 *   executor.submit("detector", page),
 *   executor.submit("wakeWord", frames), // runs between two layers of the detector
 * ]);
 * console.log(wake.completed.finish < words.completed.finish);
 *
 * @throws EdgewrightError `invalid-argument` for options out of range; ValidationError for a damaged profile.
 */
export function createExecutor<Name extends string>(
  options: ExecutorOptions<Name>,
): Executor<Name> {
  return new Executor(options);
}
