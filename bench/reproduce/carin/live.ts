// `pnpm reproduce carin --live`: plans for this machine, then burdens it from other processes, and holds the run-time
// manager against the design that was best at the beginning. Both serve the same requests, one after the other.
import { setTimeout as sleep } from "node:timers/promises";
import { quantile, throwIfAborted } from "@edgewright/core";
import type { BenchEngine, FigureInput, OpenModel } from "@edgewright/device-bench";
import {
  type Assignment,
  createPlanningProblem,
  createRunTimeManager,
  type Design,
  type DesignSet,
  formatDesign,
  planDesigns,
  type RunTimeManager,
} from "@edgewright/scheduler";
import { readMemoryPressure, watchCpuLoad } from "@edgewright/scheduler/node";
import type { BenchContext } from "../../context.js";
import { Burden } from "./burden.js";
import {
  type LiveVariant,
  liveEngines,
  loadLiveVariants,
  measureLiveProfile,
} from "./live-variants.js";

/** What the other processes do meanwhile. */
interface Phase {
  readonly name: string;
  readonly busy: number;
  readonly memoryBytes: number;
}

const MEMORY = 2e9;
const PHASES: readonly Phase[] = [
  { name: "calm", busy: 0, memoryBytes: 0 },
  { name: "one processor busy", busy: 1, memoryBytes: 0 },
  { name: "all busy twice over", busy: 4, memoryBytes: 0 },
  { name: "calm again", busy: 0, memoryBytes: 0 },
  { name: "memory short", busy: 0, memoryBytes: MEMORY },
];
const TASKS = ["find text", "classify"] as const;

/** Time between two measurements of the signals. */
const INTERVAL_MS = 250;

/** Rows of the live comparison, measured. */
export async function measureLive(context: BenchContext): Promise<FigureInput[]> {
  const variants = await loadLiveVariants();
  const engines = liveEngines();
  const profile = await measureLiveProfile(variants, engines, context);
  const limits = limitsOf(variants, profile.measurements);
  const slos = [
    "max accuracy",
    "min p95 latency",
    ...TASKS.map((task) => `p95 latency <= ${limits[task].toFixed(2)}ms for "${task}"`),
  ].join("; ");
  context.log(`objectives: ${slos}`);
  const problem = createPlanningProblem({
    profile,
    slos,
    tasks: TASKS,
    processorOf: ({ id }) => id,
  });
  const { set } = planDesigns(problem);
  set.designs.forEach((design, i) => {
    context.log(`design ${i}: ${formatDesign(design)}`);
  });
  const opener = createOpener(variants, engines);
  const burden = new Burden();
  const manager = await startManager(set, opener, context);
  const fixed = await openAll(set.designs[set.roles.d0]!, opener);
  try {
    const rows: FigureInput[] = [];
    for (const phase of PHASES) {
      context.log(`${phase.name} ...`);
      burden.keepBusy(phase.busy);
      if (phase.memoryBytes > 0) await burden.takeMemory(phase.memoryBytes);
      rows.push(...(await runPhase(phase, manager, fixed, limits, context)));
      await burden.lift();
    }
    for (const event of manager.events) context.log(JSON.stringify(event));
    const switches = manager.events.filter(({ kind }) => kind === "switch").length - 1;
    return [...rows, { metric: "switches between designs", value: switches, unit: "" }];
  } finally {
    await burden.lift();
    for (const { open } of fixed.values()) await open.dispose();
    await manager.dispose();
  }
}

interface Opened {
  readonly variant: LiveVariant;
  readonly open: OpenModel;
}
type Opener = (assignment: Assignment) => Promise<Opened>;
type Limits = Readonly<Record<(typeof TASKS)[number], number>>;

/** Half as much again as the most accurate variant takes at the 95th percentile on its best engine. */
function limitsOf(
  variants: readonly LiveVariant[],
  measurements: readonly { model: string; latencyMs?: { p95?: number } }[],
): Limits {
  const limitOf = (task: string): number => {
    const best = variants
      .filter((variant) => variant.task === task)
      .reduce((a, b) => (b.accuracy.value > a.accuracy.value ? b : a));
    const p95 = measurements
      .filter(({ model }) => model === best.name)
      .map(({ latencyMs }) => latencyMs?.p95 ?? Number.POSITIVE_INFINITY);
    return 1.5 * Math.min(...p95);
  };
  return { "find text": limitOf("find text"), classify: limitOf("classify") };
}

function createOpener(variants: readonly LiveVariant[], engines: readonly BenchEngine[]): Opener {
  return async ({ model, engine: id }) => {
    const variant = variants.find(({ name }) => name === model)!;
    const engine = engines.find(({ engine }) => engine.id === id)!;
    const open = await engine.open(variant.bytes);
    await open.run(variant.feeds); // plans its shapes
    return { variant, open };
  };
}

async function openAll(design: Design, opener: Opener): Promise<Map<string, Opened>> {
  const opened = new Map<string, Opened>();
  for (const assignment of design.assignments)
    opened.set(assignment.task, await opener(assignment));
  return opened;
}

async function startManager(
  designSet: DesignSet,
  load: Opener,
  context: BenchContext,
): Promise<RunTimeManager<Opened>> {
  const { totalmem } = await import("node:os");
  const pressure = await readMemoryPressure();
  const taken = MEMORY / totalmem();
  const read = watchCpuLoad();
  // With two processors a busy one is a load of a half: the second thread has nowhere to run.
  const dwell = { enterAfterMs: INTERVAL_MS, exitAfterMs: 2 * INTERVAL_MS, dwellMs: 1000 };
  return createRunTimeManager<Opened>({
    ...{ designSet, load, intervalMs: INTERVAL_MS, signal: context.signal },
    unload: ({ open }) => open.dispose(),
    signals: [
      {
        ...{ name: "a processor is busy", troubles: ["edgewright-2t"], read },
        limits: { enter: 0.3, exit: 0.2, ...dwell },
      },
      {
        ...{ name: "all processors are busy", troubles: ["edgewright-1t", "edgewright-2t"] },
        limits: { enter: 0.6, exit: 0.4, ...dwell },
        read: watchCpuLoad(),
      },
      {
        ...{ name: "memory", troubles: "memory", read: () => readMemoryPressure() },
        limits: { enter: pressure + 0.6 * taken, exit: pressure + 0.3 * taken },
      },
    ],
    onEvent: (event) => context.log(JSON.stringify(event)),
  });
}

async function runPhase(
  phase: Phase,
  manager: RunTimeManager<Opened>,
  fixed: ReadonlyMap<string, Opened>,
  limits: Limits,
  context: BenchContext,
): Promise<FigureInput[]> {
  const times = { managed: timesOf(), fixed: timesOf() };
  const accuracy: number[] = [];
  // What happens until the manager has noticed is the price of watching, and is counted as well.
  const end = performance.now() + 1000 * (context.quick ? 3 : 15);
  while (performance.now() < end) {
    throwIfAborted(context.signal, "carin --live");
    for (const task of TASKS) {
      const began = performance.now();
      await manager.use(task, async ({ open, variant }) => {
        await open.run(variant.feeds);
        accuracy.push(variant.accuracy.value);
      });
      times.managed[task].push(performance.now() - began);
      const { open, variant } = fixed.get(task)!;
      const start = performance.now();
      await open.run(variant.feeds);
      times.fixed[task].push(performance.now() - start);
    }
    await sleep(10); // a device that does nothing else between two pictures
  }
  const rows: FigureInput[] = [];
  for (const task of TASKS) {
    const share = (list: readonly number[]): number =>
      (100 * list.filter((ms) => ms <= limits[task]).length) / list.length;
    const [managed, still] = [times.managed[task], times.fixed[task]];
    rows.push({
      metric: `${phase.name}: "${task}" within its limit, managed`,
      ...{
        value: share(managed),
        unit: "%",
        peer: `the design of the beginning ${share(still).toFixed(1)} %`,
        // The objective: 95 of 100 requests within the limit, whatever else the machine does.
        target: { atLeast: 95 },
      },
      note: `p95 ${quantile(managed, 0.95).toFixed(1)} ms against ${quantile(still, 0.95).toFixed(1)} ms; limit ${limits[task].toFixed(1)} ms`,
    });
  }
  const design = manager.design;
  const memory = await memoryOf(manager);
  const fixedMemory = [...fixed.values()].reduce(
    (sum, { open }) => sum + (open.memoryBytes?.() ?? 0),
    0,
  );
  rows.push({
    metric: `${phase.name}: memory of the loaded models at the end, managed`,
    ...{
      value: memory / 1e6,
      unit: "MB",
      peer: `the design of the beginning ${(fixedMemory / 1e6).toFixed(1)} MB`,
    },
    note: `design ${design}`,
  });
  return rows;
}

function timesOf(): Record<(typeof TASKS)[number], number[]> {
  return { "find text": [], classify: [] };
}

async function memoryOf(manager: RunTimeManager<Opened>): Promise<number> {
  let sum = 0;
  for (const task of TASKS) {
    sum += await manager.use(task, ({ open }) => open.memoryBytes?.() ?? 0);
  }
  return sum;
}
