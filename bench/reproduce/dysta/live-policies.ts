// Policies live: the same arrivals for each, in turn, beside what the simulator says of them.
import { createRng, mean } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  createModelTable,
  createRequests,
  dysta,
  edf,
  fcfs,
  guardedSrpt,
  type ModelTable,
  type Policy,
  poissonArrivals,
  type ScheduleMetrics,
  type SimulatedRequest,
  scheduleMetrics,
  simulate,
  sjf,
} from "@edgewright/scheduler";
import { type ModelProfile, type PredictionErrors, profileModel } from "@edgewright/scheduler/live";
import type { BenchContext } from "../../context.js";
import { type LiveModel, loadLiveModels } from "./live-models.js";
import { cpuClock, type ReplayClock, type Replayed, replay, wallClock } from "./live-replay.js";

const POLICIES: readonly (() => Policy)[] = [fcfs, sjf, edf, dysta, guardedSrpt];
/** Some milliseconds to some tens of them for a request, as in the attention workload of the paper. */
const SIZES = { page: [256, 320], line: 256, windows: 4, pictures: 32 } as const;
const LOADS = [0.9, 1.1];

/** What was measured before anything was scheduled. */
interface Calibration {
  readonly models: readonly LiveModel[];
  readonly profiles: Readonly<Record<string, ModelProfile>>;
  readonly isolated: Readonly<Record<string, readonly number[]>>;
  readonly tables: readonly ModelTable[];
}

/** A policy's figures at a load, over all repetitions. */
interface Cell {
  readonly measured: ScheduleMetrics[];
  readonly simulated: ScheduleMetrics[];
  /** Load as it was: time of all layers over the time in which requests came. */
  readonly loads: number[];
  readonly errors: PredictionErrors[];
}

/** Runs OCR, wake word and classifiers under Poisson load near saturation. */
export async function measurePolicies(context: BenchContext): Promise<FigureInput[]> {
  const { values, quick, signal } = context;
  const seconds = readNumber(values.seconds, quick ? 3 : 12);
  const repetitions = readNumber(values.repetitions, quick ? 1 : 3);
  const slo = readNumber(values.slo, 10);
  const onCpu = values.clock !== "wall";
  const clock = onCpu ? cpuClock() : wallClock();
  const { models } = await loadLiveModels(SIZES);
  const rows: FigureInput[] = [];
  for (const load of LOADS) {
    const cells = new Map(POLICIES.map((make) => [make().name, newCell()]));
    let note = "";
    for (let repetition = 0; repetition < repetitions; repetition++) {
      // Anew each time: the machine has other things to do, too.
      const calibration = await calibrate(models, quick ? 2 : 4, clock, signal);
      const { tables, isolated } = calibration;
      if (rows.length === 0) rows.push(...describeModels(tables));
      const rate = load / mean(tables.map((table) => table.meanIsolated));
      const seed = 1000 * repetition + Math.round(100 * load);
      const count = Math.round(rate * seconds);
      const requests = createRequests({
        models: tables,
        arrivals: poissonArrivals({ rate, count, seed }),
        seed: seed + 1,
        priorities: [1],
        sloMultiplier: slo,
      });
      note = `${repetitions} x ${count} requests, ${rate.toFixed(0)} a second`;
      for (const make of shuffled(POLICIES, seed)) {
        const policy = make();
        const cell = cells.get(policy.name)!;
        context.log(`  load ${load}, repetition ${repetition + 1}, ${policy.name}`);
        const replayed = await replay({ ...calibration, requests, policy, clock, signal });
        cell.measured.push(scheduleMetrics(replayed.completed));
        cell.loads.push(mean(replayed.layers.map(sum)) * rate);
        if (policy.watchesSparsity) cell.errors.push(replayed.errors);
        cell.simulated.push(simulateAgain(make(), requests, replayed, isolated));
      }
    }
    rows.push(...describe(load, cells, note, onCpu));
  }
  for (const { session } of models) session.dispose();
  return rows;
}

/** The same requests through the simulator, every layer taking as long as it did live. */
function simulateAgain(
  policy: Policy,
  requests: readonly SimulatedRequest[],
  { layers }: Replayed,
  isolated: Calibration["isolated"],
): ScheduleMetrics {
  const latencies = new Map<string, (readonly number[])[]>();
  const again = requests.map((request, i): SimulatedRequest => {
    const samples = latencies.get(request.model) ?? [];
    latencies.set(request.model, samples);
    return { ...request, sample: samples.push(layers[i]!) - 1 };
  });
  const models = [...latencies].map(([name, list]) => createModelTable({ name, latencies: list }));
  const { completed } = simulate({ policy, models, requests: again });
  return scheduleMetrics(
    completed.map((task) => {
      const { model, sample = 0 } = requests[task.id]!;
      return { ...task, isolated: isolated[model]![sample]! };
    }),
  );
}

/**
 * Times of all layers with all models in turn, as under load: alone, a model finds its weights in the cache, and a
 * load that was calibrated on that would be too high.
 */
async function calibrate(
  models: readonly LiveModel[],
  rounds: number,
  clock: ReplayClock,
  signal: AbortSignal,
): Promise<Calibration> {
  const profiles: Record<string, ModelProfile> = {};
  for (const { name, session, samples } of models) {
    profiles[name] = await profileModel(session, samples, { rounds: 2, now: clock.now, signal });
  }
  const times = new Map<string, number[][][]>();
  const zeros = new Map<string, number[][]>();
  const rng = createRng(7);
  for (let round = 0; round < rounds; round++) {
    for (let sample = 0; sample < models[0]!.samples.length; sample++) {
      for (const { name, session, samples } of shuffled(models, rng.integer(0, 1e9))) {
        signal.throwIfAborted();
        const run = runLayers(session, samples[sample]!, clock.now, round === 0);
        const ofModel = times.get(name) ?? samples.map(() => []);
        times.set(name, ofModel);
        for (const [layer, ms] of run.ms.entries()) {
          const list = ofModel[sample]![layer] ?? [];
          ofModel[sample]![layer] = list;
          list.push(ms);
        }
        if (round === 0) zeros.set(name, [...(zeros.get(name) ?? []), run.zeros]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const isolated: Record<string, number[]> = {};
  const tables = models.map(({ name, samples }) => {
    const latencies = times.get(name)!.map((layers) => layers.map((list) => mean(list) / 1000));
    isolated[name] = latencies.map(sum);
    const sparsities = zeros.get(name)!;
    const shape = profiles[name]!.shapes[0]!;
    const layers = shape.layers.map((layer, i) => ({
      ...layer,
      ms: 1000 * mean(latencies.map((list) => list[i]!)),
      zeros: mean(sparsities.map((list) => list[i]!)),
    }));
    profiles[name] = { shapes: [{ ...shape, runs: rounds * samples.length, layers }] };
    return createModelTable({ name, latencies, sparsities });
  });
  return { models, profiles, isolated, tables };
}

/** Time of each layer, the copying of the outputs with the last, and its zeros when wanted. */
function runLayers(
  session: LiveModel["session"],
  feeds: LiveModel["samples"][number],
  now: () => number,
  counts: boolean,
): { ms: number[]; zeros: number[] } {
  const ms: number[] = [];
  const zeros: number[] = [];
  const run = session.steps(feeds);
  for (let before = now(); ; ) {
    const result = run.next();
    const after = now();
    if (result.done) {
      ms[ms.length - 1]! += after - before;
      return { ms, zeros };
    }
    ms.push(after - before);
    if (counts) zeros.push(result.value.zeroShare(Number.POSITIVE_INFINITY));
    before = counts ? now() : after;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function describeModels(tables: readonly ModelTable[]): FigureInput[] {
  return tables.map(({ name, meanIsolated, layers, samples }) => ({
    metric: `${name}, alone`,
    value: meanIsolated * 1000,
    unit: "ms",
    note: `${layers} layers, ${samples} inputs`,
  }));
}

function describe(
  load: number,
  cells: ReadonlyMap<string, Cell>,
  note: string,
  onCpu: boolean,
): FigureInput[] {
  const rows: FigureInput[] = [];
  const figures: readonly [string, string, (metrics: ScheduleMetrics) => number][] = [
    ["violations", "%", ({ violationRate }) => 100 * violationRate],
    ["ANTT", "", ({ antt }) => antt],
    [
      "p95 of turnaround over time alone",
      "",
      ({ normalizedTurnaround }) => normalizedTurnaround.p95,
    ],
  ];
  const clock = onCpu ? "CPU time" : "wall time";
  for (const [what, unit, of] of figures) {
    for (const [name, { measured, simulated, loads }] of cells) {
      const row = { metric: `load ${load}, ${name}: ${what}`, unit };
      const runs = measured.map((metrics) => of(metrics).toFixed(2)).join(", ");
      rows.push({
        ...row,
        value: mean(measured.map(of)),
        note: `${clock}; each run: ${runs}; ran at load ${mean(loads).toFixed(2)}`,
      });
      rows.push({ ...row, value: mean(simulated.map(of)), kind: "simulated" });
    }
  }
  for (const { errors } of cells.values()) {
    if (errors.length === 0) continue;
    for (const kind of ["none", "sparsity", "time", "both"] as const) {
      rows.push({
        metric: `load ${load}: error of the time left half way, predictor "${kind}"`,
        value: 100 * mean(errors.map((one) => one[kind])),
        unit: "%",
      });
    }
    break;
  }
  return rows.map((row, i) => (i === 0 ? { ...row, note: `${note}; ${row.note}` } : row));
}

function newCell(): Cell {
  return { measured: [], simulated: [], loads: [], errors: [] };
}

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const rng = createRng(seed);
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = rng.integer(0, i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

function readNumber(value: string | boolean | undefined, fallback: number): number {
  const number = Number(value ?? fallback);
  if (!(number > 0)) throw new Error(`expected a number above 0, got "${value}"`);
  return number;
}
