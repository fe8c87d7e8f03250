import { createRng, EdgewrightError, type Rng } from "@edgewright/core";
import { KeyHeap } from "../policies/key-heap.js";
import { createBatchQueue } from "./batch-queue.js";
import { type ClassifierOutcomes, findModel } from "./cascade-table.js";
import { CascadeTally } from "./cascade-tally.js";
import type {
  CascadeResult,
  CascadeWindow,
  SimulateCascadeOptions,
  SimulatedCascade,
  SimulatedDevice,
} from "./simulated-cascade.js";
import { type Calendar, createSimulatedServers } from "./simulated-servers.js";

/**
 * Simulates a cascade: devices with a light model each, a server with batching and a heavy model, a controller that
 * moves the devices' thresholds. What the models answer is drawn from a table of real outcomes; times are modelled.
 *
 * A forwarded sample whose answer is not there at its deadline is a violation, also when it never comes, so that a
 * server that drowns does not look well. Each device reports, once a window, what was answered or due in it. The
 * same seed gives the same run.
 *
 * @example
 * const result = simulateCascade({
 *   table,
 *   devices: [{ tier: "light_low", latencyMs: 31 }, { tier: "light_high", latencyMs: 41 }],
 *   serverModels: [{ name: "heavy_fast", latencyOf: (size) => 10 + 2 * size }],
 *   controller: createContinuousController(),
 * });
 * result.satisfaction; // share of samples answered within 150 ms
 *
 * @throws EdgewrightError `invalid-argument` where a time is out of range; ValidationError where the table lacks a model
 */
export function simulateCascade(
  cascade: SimulatedCascade,
  options: SimulateCascadeOptions = {},
): CascadeResult {
  const { devices, table, serverModels, controller } = cascade;
  const { seed = 1, sloMs = 150, durationMs = 60_000, warmupMs = 15_000 } = options;
  const { windowMs = 1500, networkMs = {}, servers = 1, outages = [], switcher } = options;
  const { samples: [from, to] = [0, table.samples], measure = "margin" } = options;
  checkRun(cascade, options);
  const heavies = serverModels.map(({ name }) => findModel(table, name));
  const rng = createRng(seed);
  const calendar = createCalendar();
  const end = durationMs + sloMs;

  const total = new CascadeTally();
  const tiers = new Map(devices.map(({ tier }) => [tier, new CascadeTally()]));
  const windows: CascadeWindow[] = [];
  const switches: { atMs: number; model: number }[] = [];
  const { maxBatch = 64 } = options.batching ?? {};
  const batchSizes = new Uint32Array(maxBatch + 1);
  let window = new CascadeTally();
  let batches = 0;
  let batched = 0;
  let refused = 0;
  let dropped = 0;
  let model = switcher?.model ?? 0;

  const queue = createBatchQueue<Request>({
    ...{ earlyDrop: false, maxQueue: Number.MAX_SAFE_INTEGER, ...options.batching },
    latencyOf: serverModels[model]!.latencyOf,
  });
  const states = devices.map((device, index) => ({
    ...{ device, index, name: `device-${index}`, rng: rng.split(), present: false, span: 0 },
    light: findModel(table, device.model ?? device.tier),
    own: new CascadeTally(), // since the beginning of what counts
    recent: new CascadeTally(), // since its last report
  }));

  const talliesOf = (request: Pick<Request, "state" | "startMs">): CascadeTally[] => {
    const { device, own } = request.state;
    return request.startMs < warmupMs ? [] : [total, tiers.get(device.tier)!, own];
  };
  const travel = (state: DeviceState): number => {
    const { constant = 0, jitterMean = 0 } = networkMs;
    return constant + (jitterMean > 0 ? state.rng.exponential(1 / jitterMean) : 0);
  };

  const serve = createSimulatedServers<Request>({
    ...{ calendar, queue, servers, outages },
    onStart(batch, latencyMs) {
      for (const { payload } of batch) payload.heavy = heavies[model]!;
      batches++;
      batched += batch.length;
      if (calendar.now >= warmupMs) batchSizes[batch.length]!++;
      controller.observeBatch({ size: batch.length, queued: queue.size, latencyMs }, calendar.now);
    },
    onEnd(batch) {
      for (const { payload } of batch) {
        calendar.at(calendar.now + travel(payload.state), () => receive(payload));
      }
    },
    onDrop(items) {
      for (const { payload } of items) if (payload.startMs >= warmupMs) dropped++;
    },
  });

  function finishLight(state: DeviceState, startMs: number, sample: number): void {
    const threshold = controller.thresholdOf(state.name)!;
    const correct = state.light.correct[sample]!;
    if (!(state.light[measure][sample]! < threshold)) {
      const kind = calendar.now - startMs <= sloMs ? "local" : "slow-local";
      for (const tally of [window, state.recent, ...talliesOf({ state, startMs })]) {
        tally.count(kind, correct);
      }
    } else {
      const request: Request = { state, startMs, sample, phase: "waiting", heavy: undefined };
      calendar.at(calendar.now + travel(state), () => arrive(request));
      calendar.at(Math.max(calendar.now, startMs + sloMs), () => fallDue(request));
    }
    startSample(state);
  }
  function arrive(request: Request): void {
    const { state, startMs } = request;
    const deadline = startMs + sloMs - (networkMs.constant ?? 0) - (networkMs.jitterMean ?? 0);
    const item = { id: 0, device: state.name, deadline, payload: request };
    if (queue.offer(item, calendar.now) === "accepted") serve();
    else if (startMs >= warmupMs) refused++;
  }
  function receive(request: Request): void {
    const { state, sample } = request;
    const correct = request.heavy!.correct[sample]!;
    if (request.phase === "waiting") {
      request.phase = "answered";
      for (const tally of [window, state.recent, ...talliesOf(request)]) {
        tally.count("served", correct);
      }
    } else {
      request.phase = "answered";
      const before = state.light.correct[sample]!;
      for (const tally of talliesOf(request)) tally.countLate(before, correct);
    }
  }
  function fallDue(request: Request): void {
    if (request.phase !== "waiting") return;
    request.phase = "overdue";
    const { state, sample } = request;
    const correct = state.light.correct[sample]!;
    for (const tally of [window, state.recent, ...talliesOf(request)]) {
      tally.count("undelivered", correct);
    }
  }
  function startSample(state: DeviceState, delayMs = 0): void {
    const startMs = calendar.now + delayMs;
    if (!state.present || startMs >= durationMs) return;
    const { span } = state;
    const sample = state.rng.integer(from, to);
    calendar.at(startMs + state.device.latencyMs, () => {
      // One that left over this sample, and perhaps has returned, has let go of it.
      if (state.present && state.span === span) finishLight(state, startMs, sample);
    });
  }
  function join(state: DeviceState): void {
    const { tier, threshold, calibration, latencyMs } = state.device;
    state.present = true;
    state.recent = new CascadeTally();
    controller.join(
      state.name,
      {
        tier,
        ...(state.span === 0 && threshold !== undefined && { threshold }),
        ...(calibration && { calibration }),
      },
      calendar.now,
    );
    state.span++;
    startSample(state, state.rng.uniform() * latencyMs);
  }
  function leave(state: DeviceState): void {
    state.present = false;
    controller.leave(state.name, calendar.now);
  }
  function endWindow(): void {
    for (const state of states) {
      const { inTime, samples, forwarded } = state.recent;
      if (!state.present || samples === 0) continue;
      controller.report(state.name, { inSlo: inTime, total: samples, forwarded }, calendar.now);
      state.recent = new CascadeTally();
    }
    controller.update(calendar.now);
    const present = states.filter((one) => one.present);
    const next = switcher?.update(
      present.map(({ name, device }) => ({
        ...{ threshold: controller.thresholdOf(name)!, tier: device.tier },
      })),
      calendar.now,
    );
    if (next !== undefined && next !== model) {
      model = next;
      queue.setLatency(serverModels[model]!.latencyOf);
      switches.push({ atMs: calendar.now, model });
    }
    windows.push({
      ...{ endMs: calendar.now, ...window.shares(), samples: window.samples },
      ...{ devices: present.length, meanBatch: batched / batches, queued: queue.size, model },
      thresholds: Float64Array.from(
        states,
        ({ name }) => controller.thresholdOf(name) ?? Number.NaN,
      ),
    });
    window = new CascadeTally();
    batches = 0;
    batched = 0;
    if (calendar.now + windowMs <= durationMs) calendar.at(calendar.now + windowMs, endWindow);
  }

  for (const state of states) {
    for (const [fromMs, toMs] of state.device.presence ?? [[0, Infinity]]) {
      calendar.at(fromMs, () => join(state));
      if (toMs < durationMs) calendar.at(toMs, () => leave(state));
    }
  }
  calendar.at(windowMs, endWindow);
  calendar.runUntil(end);

  return {
    ...{ controller: controller.name, ...total.shares(), ...total.counts() },
    tiers: new Map(
      [...tiers].map(([tier, tally]) => [tier, { ...tally.shares(), ...tally.counts() }]),
    ),
    worstDevice: states.reduce((worst, { own }) => {
      return own.samples > 0 ? Math.min(worst, own.inTime / own.samples) : worst;
    }, 1),
    ...{ windows, batchSizes, refused, dropped, switches },
  };
}

interface DeviceState {
  readonly device: SimulatedDevice;
  readonly name: string;
  readonly rng: Rng;
  readonly light: ClassifierOutcomes;
  readonly own: CascadeTally;
  recent: CascadeTally;
  present: boolean;
  /** How often it has joined. */
  span: number;
}

interface Request {
  readonly state: DeviceState;
  readonly startMs: number;
  readonly sample: number;
  phase: "waiting" | "overdue" | "answered";
  /** The model that served it, once one does. */
  heavy: ClassifierOutcomes | undefined;
}

function createCalendar(): Calendar & { runUntil(end: number): void } {
  const heap = new KeyHeap<() => void>();
  let now = 0;
  let order = 0; // what was planned first goes first
  return {
    get now() {
      return now;
    },
    at(time, run) {
      heap.push(time, order++, run);
    },
    runUntil(end) {
      while (heap.firstKey <= end) {
        now = heap.firstKey;
        heap.pop()!();
      }
    },
  };
}

function checkRun(cascade: SimulatedCascade, options: SimulateCascadeOptions): void {
  const { sloMs = 150, durationMs = 60_000, warmupMs = 15_000, windowMs = 1500 } = options;
  const { servers = 1, outages = [], samples: [from, to] = [0, cascade.table.samples] } = options;
  const refuse = (message: string): EdgewrightError =>
    new EdgewrightError("invalid-argument", `simulateCascade: ${message}`);
  if (cascade.devices.length === 0 || cascade.serverModels.length === 0) {
    throw refuse("devices and serverModels must not be empty");
  }
  for (const [name, value] of Object.entries({ sloMs, durationMs, windowMs, servers })) {
    if (!(value > 0 && value < Infinity)) {
      throw refuse(`${name} must be a finite number above 0, got ${value}`);
    }
  }
  if (!(warmupMs >= 0 && warmupMs < durationMs)) {
    throw refuse(`warmupMs must be from 0 to below durationMs (${durationMs}), got ${warmupMs}`);
  }
  if (!(from >= 0 && from < to && to <= cascade.table.samples)) {
    throw refuse(
      `samples must be a span of the table's ${cascade.table.samples}, got ${from} to ${to}`,
    );
  }
  if (options.switcher && !(options.switcher.model < cascade.serverModels.length)) {
    throw refuse("the switcher knows more models than serverModels");
  }
  for (const { latencyMs, presence = [] } of cascade.devices) {
    const inOrder = presence.flat().every((time, at, times) => at === 0 || time > times[at - 1]!);
    if (latencyMs > 0 && latencyMs < Infinity && inOrder) continue;
    throw refuse("every device needs a latencyMs above 0 and spans of presence in order, apart");
  }
  for (const { server } of outages) {
    if (!(Number.isInteger(server) && server >= 0 && server < servers)) {
      throw refuse(`outages must name a server from 0 to ${servers - 1}, got ${server}`);
    }
  }
}
