import type { FigureInput } from "@edgewright/device-bench";
import {
  type CascadeResult,
  createModelSwitcher,
  type SimulateCascadeOptions,
  type SimulatedDevice,
  simulateCascade,
} from "@edgewright/scheduler";
import type { BenchContext } from "../../context.js";
import {
  averageRuns,
  CONTENDERS,
  type Contender,
  describeMeans,
  loadSetUp,
  SERVER_MODELS,
  type SetUp,
} from "./set-up.js";

interface Scene {
  readonly name: string;
  makeDevices(setUp: SetUp): SimulatedDevice[];
  readonly options?: SimulateCascadeOptions;
  /** Whether the server may switch to its better model. */
  readonly switching?: boolean;
  /** When something breaks: the windows below 90 % from then on are told. */
  readonly shockMs?: number;
}

const SCENES: readonly Scene[] = [
  ...[10, 20, 60].map((count) => ({
    ...{ name: `model switching, ${count} devices`, switching: true },
    makeDevices: (setUp: SetUp) => setUp.makeDevices(count),
    options: { durationMs: 120_000, warmupMs: 30_000 },
  })),
  {
    ...{ name: "every second of 100 devices away from 20 to 40 s", shockMs: 40_000 },
    makeDevices: (setUp) =>
      setUp.makeDevices(100).map((device, i) => {
        const span = [0, 20_000] as const;
        return i % 2 === 0 ? device : { ...device, presence: [span, [40_000, 60_000]] };
      }),
  },
  {
    ...{ name: "70 devices, one of two servers dies at 30 s", shockMs: 30_000 },
    makeDevices: (setUp) => setUp.makeDevices(70),
    options: { servers: 2, outages: [{ server: 1, fromMs: 30_000 }] },
  },
];

/** Servers that switch models or die, devices that come and go. */
export async function simulateChanges(context: BenchContext): Promise<FigureInput[]> {
  const setUp = loadSetUp(context);
  if (!setUp) return [];
  const rows: FigureInput[] = [];
  for (const scene of SCENES) {
    for (const contender of CONTENDERS) {
      context.signal.throwIfAborted();
      const runs = Array.from({ length: setUp.seeds }, (_, seed) =>
        runScene(scene, contender, setUp, seed + 1),
      );
      const means = averageRuns(runs);
      rows.push({
        ...{ kind: "simulated", metric: `${scene.name}, ${contender.name}: satisfaction` },
        ...{ value: means.satisfaction, unit: "%" },
        note: [describeMeans(means), ...describeDynamics(scene, runs)].join(", "),
      });
    }
  }
  return rows;
}

function runScene(scene: Scene, contender: Contender, setUp: SetUp, seed: number): CascadeResult {
  const { table, samples } = setUp;
  const limits = { lower: 0.1, upper: 0.6 };
  const switcher = scene.switching ? createModelSwitcher({ models: 2, limits }) : undefined;
  return simulateCascade(
    {
      ...{ table, devices: scene.makeDevices(setUp) },
      serverModels: scene.switching ? SERVER_MODELS : [SERVER_MODELS[0]],
      controller: contender.create(() => switcher?.model ?? 0),
    },
    {
      ...{ ...scene.options, seed, samples },
      ...(contender.batching && { batching: contender.batching }),
      ...(switcher && { switcher }),
    },
  );
}

function describeDynamics(scene: Scene, runs: readonly CascadeResult[]): string[] {
  const said: string[] = [];
  const mean = (read: (run: CascadeResult) => number): string =>
    (runs.reduce((sum, run) => sum + read(run), 0) / runs.length).toFixed(1);
  if (scene.switching) said.push(`${mean((run) => run.switches.length)} switches`);
  const { shockMs } = scene;
  if (shockMs !== undefined) {
    const after = (run: CascadeResult) => run.windows.filter(({ endMs }) => endMs > shockMs);
    const bad = mean((run) => after(run).filter((one) => one.satisfaction < 0.9).length);
    const worst = mean((run) => Math.min(...after(run).map((one) => 100 * one.satisfaction)));
    said.push(`then ${bad} windows of 1.5 s below 90 %, the worst ${worst} %`);
  }
  return said;
}
