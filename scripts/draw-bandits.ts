// Draws the pictures of docs/bandits.md: a made-up album app that chooses among classifiers, a world that switches,
// and what a log says of policies that never ran.
//
//   node --conditions=@edgewright/source --import tsx scripts/draw-bandits.ts [a file for the log that docs/images/bandit-report.png shows, by `bandit report`]
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import {
  betaThompson,
  createBandit,
  cusum,
  discounted,
  epsilonGreedy,
  formatLogLine,
  linUcb,
  type Policy,
  propensityFloor,
  readLog,
  restartOnChange,
  sharedLinUcb,
  slidingWindow,
  ucb1,
} from "@edgewright/bandit";
import {
  banditTarget,
  evaluateOffPolicy,
  fixedTarget,
  loggedDataFromLog,
} from "@edgewright/bandit/off-policy";
import {
  bestSinglePlayer,
  createQoeWorld,
  drawRating,
  drawUser,
  metricInteractions,
  type QoeWorld,
  randomPlayer,
  simulateQoe,
} from "@edgewright/bandit/qoe";
import { drawEstimates, drawLearningCurves } from "@edgewright/bandit/report";
import { createRng, type DeviceProfile, type ModelVariant } from "@edgewright/core";

const SIZE = { width: 760, height: 320 };

/** Six classifiers: multiply-accumulates, bytes, top-1. */
const MODELS: readonly [string, number, number, number][] = [
  ["tiny", 6e7, 2e6, 58],
  ["small", 2e8, 5e6, 66],
  ["medium", 6e8, 9e6, 71],
  ["large", 1.8e9, 22e6, 75],
  ["huge", 5e9, 45e6, 78],
  ["giant", 1.6e10, 110e6, 80],
];
/** Multiply-accumulates a second of eight devices. */
const SPEEDS = [2e9, 4e9, 8e9, 1.5e10, 3e10, 6e10, 1.2e11, 2.5e11];

await drawRegret();
drawSwitching();
await drawLoggedEstimates();
if (argv[2] !== undefined) writeAlbumLog(argv[2]);

function createAlbumWorld(): QoeWorld {
  const variants = MODELS.map(
    ([model, macs, bytes, top1]): ModelVariant => ({
      ...{ task: "classify", model, precision: "int8", macs, bytes },
      accuracy: { metric: "top1", value: top1 },
    }),
  );
  const profiles = SPEEDS.map(
    (speed): DeviceProfile => ({
      version: 1,
      device: { name: `${speed / 1e9} GMAC/s` },
      engines: [{ id: "cpu", runtime: "edgewright", unit: "cpu" }],
      measurements: MODELS.map(([model, macs]) => ({
        ...{ model, precision: "int8", engine: "cpu", kind: "modelled" },
        latencyMs: { mean: 1 + (1000 * macs) / speed },
      })),
      coRuns: [],
    }),
  );
  const rng = createRng(3);
  return createQoeWorld({
    profiles,
    variants,
    users: Array.from({ length: 30 }, () => drawUser(rng)),
    energyMj: (_profile, _variant, latencyMs) => 2 * latencyMs,
  });
}

async function drawRegret(): Promise<void> {
  const world = createAlbumWorld();
  const results = await simulateQoe({
    world,
    contenders: {
      random: ({ seed }) => randomPlayer(world, seed),
      "UCB1, a mean for each model": ({ arms, seed }) =>
        createBandit({ policy: ucb1(), arms, seed }),
      "the best single model, known beforehand": () => bestSinglePlayer(world),
      "shared LinUCB": ({ arms, seed, ...dimensions }) => {
        const joint = metricInteractions();
        return createBandit({
          policy: sharedLinUcb({ ...dimensions, joint, alpha: 0.3 }),
          arms,
          seed,
        });
      },
    },
  });
  for (const { name, qoe, exponent } of results) {
    console.log(`${name}: QoE ${qoe.mean.toFixed(3)}, regret grows as n^${exponent.toFixed(2)}`);
  }
  write(
    "regret",
    drawLearningCurves(
      results.map(({ regret }) => regret),
      {
        ...SIZE,
        title: "Regret of four ways to choose a model, ten runs each",
        yLabel: "cumulative regret",
        xLabel: "choices",
        fromZero: true,
      },
    ),
  );
}

function drawSwitching(): void {
  const policies: Readonly<Record<string, () => Policy>> = {
    "remembers all": () => betaThompson(),
    "the last 200": () => betaThompson({ memory: slidingWindow({ length: 200 }) }),
    "discount 0.99": () => betaThompson({ memory: discounted({ discount: 0.99 }) }),
    "restarts by CUSUM": () => restartOnChange(betaThompson(), { detector: cusum() }),
  };
  const curves = Object.entries(policies).map(([name, create]) => {
    const rounds = Array.from({ length: 100 }, (_, i) => 40 * (i + 1));
    const mean = rounds.map(() => 0);
    const runs = 10;
    for (let seed = 1; seed <= runs; seed++) {
      const world = createRng(1000 + seed);
      const bandit = createBandit({ policy: create(), arms: ["a", "b"], seed });
      let regret = 0;
      for (let round = 0; round < 4000; round++) {
        const means = round < 2000 ? { a: 0.8, b: 0.4 } : { a: 0.4, b: 0.8 };
        const { id, arm } = bandit.decide();
        bandit.update(id, world.uniform() < means[arm] ? 1 : 0);
        regret += (0.8 - means[arm]) / runs;
        if ((round + 1) % 40 === 0) mean[(round + 1) / 40 - 1]! += regret;
      }
    }
    return { name, rounds, mean };
  });
  write(
    "switching",
    drawLearningCurves(curves, {
      ...SIZE,
      title: "Two arms change places after 2000 choices: regret of four memories, ten runs each",
      yLabel: "cumulative regret",
      xLabel: "choices",
      fromZero: true,
    }),
  );
}

async function drawLoggedEstimates(): Promise<void> {
  const lines: string[] = [];
  const arms = ["small", "medium", "large"] as const;
  const bandit = createBandit({
    ...{ policy: epsilonGreedy({ epsilon: 0.3 }), arms, seed: 1 },
    log: (record) => lines.push(formatLogLine(record)),
  });
  const rng = createRng(2);
  const worth = (arm: (typeof arms)[number], speed: number): number =>
    arm === "small" ? 0.5 : arm === "medium" ? 0.3 + 0.4 * speed : speed;
  for (let i = 0; i < 4000; i++) {
    const speed = rng.uniform();
    const { id, arm } = bandit.decide([1, speed]);
    bandit.update(id, rng.uniform() < worth(arm, speed) ? 1 : 0);
  }
  const { decisions } = readLog(lines);
  const contextual = createBandit({ policy: linUcb({ dimension: 2 }), arms, seed: 1 });
  for (const { context, arm, reward } of decisions.slice(0, 2000)) {
    contextual.learn({ context, arm: arm as (typeof arms)[number], reward: reward! });
  }
  const data = loggedDataFromLog(decisions.slice(2000));
  const targets = {
    "LinUCB on the device's speed": banditTarget(contextual),
    "always small": fixedTarget({ small: 1 }),
    "always medium": fixedTarget({ medium: 1 }),
    "always large": fixedTarget({ large: 1 }),
  };
  const drawn = [];
  let logging = 0;
  for (const [name, target] of Object.entries(targets)) {
    const evaluation = await evaluateOffPolicy(data, target, { seed: 1, estimators: ["dr"] });
    const [{ value, interval }] = evaluation.estimates as [(typeof evaluation.estimates)[number]];
    logging = evaluation.logging.value;
    drawn.push({ name, value, interval });
    console.log(`${name}: ${value.toFixed(3)}`);
  }
  console.log(`the log: ${logging.toFixed(3)}`);
  write(
    "estimates",
    drawEstimates(drawn, {
      width: SIZE.width,
      title: "What policies that never ran would have earned, by the log of one that did",
      xLabel: "thumbs up per choice, doubly robust, 95 % intervals",
      reference: { name: "the log itself", value: logging },
    }),
  );
}

/** A log for `bandit report`: LinUCB in the album world, with the regret that only a simulation knows. */
function writeAlbumLog(path: string): void {
  const world = createAlbumWorld();
  const { contextDimension, armDimension } = world;
  const joint = metricInteractions();
  let now = Date.UTC(2026, 10, 1);
  const lines: string[] = [];
  const bandit = createBandit({
    policy: sharedLinUcb({ contextDimension, armDimension, joint, alpha: 0.3 }),
    arms: world.arms,
    seed: 1,
    clock: () => now,
    constraints: [propensityFloor(0.01)],
    log: (record) => lines.push(formatLogLine(record)),
  });
  const rng = createRng(5);
  for (let i = 0; i < 2000; i++) {
    const user = rng.integer(0, world.users.length);
    const device = rng.integer(0, world.profiles.length);
    const { id, arm } = bandit.decide(world.context(user, device), world.offer(device));
    now += 300_000 * rng.uniform();
    const expected = world.expectedQoe(user, device, world.arms.indexOf(arm));
    const best = world.expectedQoe(user, device, world.bestArm(user, device));
    bandit.update(id, drawRating(expected, rng), { expected, best });
  }
  writeFileSync(path, `${lines.join("\n")}\n`);
}

function write(name: string, svg: string): void {
  writeFileSync(new URL(`../docs/images/bandit-${name}.svg`, import.meta.url), `${svg}\n`);
}
