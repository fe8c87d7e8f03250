// Who plays: baselines, linear and neural policies, and how each explores.
import {
  type Bandit,
  createBandit,
  epsilonGreedy,
  kernelUcb,
  type Policy,
  rbfKernel,
  type Solicitation,
  sharedLinUcb,
  ucb1,
} from "@edgewright/bandit";
import { type NeuralExample, neuralUcb } from "@edgewright/bandit/neural";
import {
  drawRating,
  metricInteractions,
  playBandit,
  playBandits,
  type QoeContender,
  type QoeSetup,
  type QoeWorld,
} from "@edgewright/bandit/qoe";
import { createRng } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";

/** What an example from other devices counts beside one's own: users and devices differ. */
const FLEET_TRUST = 0.1;

/** How a family of contenders is made for one hyperparameter. */
export type Family = (value: number) => QoeContender;

/** UCB1 that knows nothing but the arms. */
export const ucb1PerArm: Family = (alpha) => (setup) => bandit(setup, ucb1({ alpha }));

/** UCB1 for every device by itself. */
export const ucb1PerDevice: Family = (alpha) => (setup) => {
  const bandits = setup.world.profiles.map((_, i) =>
    bandit({ ...setup, seed: setup.seed + i }, ucb1({ alpha })),
  );
  return playBandits((_user, device) => bandits[device]!, setup.world);
};

/** Epsilon-greedy that knows nothing but the arms. */
export const greedyPerArm: Family = (epsilon) => (setup) =>
  bandit(setup, epsilonGreedy({ epsilon }));

/** Shared LinUCB over products of the user's and the model's features, metric by metric. */
export function linear(alpha: number, solicitation?: () => Solicitation): QoeContender {
  return (setup) => bandit(setup, linearPolicy(setup, alpha, metricInteractions()), solicitation);
}

/** Shared LinUCB over all products of the features of context and arm. */
export const linearInteractions: Family = (alpha) => (setup) =>
  bandit(setup, linearPolicy(setup, alpha, "interactions"));

/** Shared LinUCB that begins with what another one saw on other devices and with other users, a tenth as weighty. */
export function linearFromFleet(alpha: number, fleet: QoeWorld, rounds: number): QoeContender {
  return (setup) => {
    const make = (): Bandit => bandit(setup, linearPolicy(setup, alpha, metricInteractions()));
    const [teacher, made] = [make(), make()];
    teacher.onLearn(({ context, armFeatures, reward }, arm) => {
      made.learn({ context, arm, armFeatures, reward, weight: FLEET_TRUST });
    });
    playAlone(teacher, fleet, setup.seed, rounds);
    return made;
  };
}

/** KernelUCB over the same features, by how far apart they may lie and still be alike. */
export const kernel: Family = (lengthScale) => (setup) => {
  const { contextDimension, armDimension } = setup;
  const policy = kernelUcb({
    ...{ contextDimension, armDimension, noise: 0.02, capacity: 100 },
    kernel: rbfKernel({ lengthScale }),
  });
  return bandit(setup, policy);
};

/** NeuralUCB over the same features. */
export function neural(
  gamma: number,
  kernels: Kernels,
  solicitation?: () => Solicitation,
): QoeContender {
  return async (setup) => bandit(setup, await neuralPolicy(setup, gamma, kernels), solicitation);
}

/** NeuralUCB whose network was trained on examples of other devices and users. */
export function neuralTransferred(
  gamma: number,
  kernels: Kernels,
  examplesOf: (setup: QoeSetup) => Promise<readonly NeuralExample[]>,
  solicitation?: () => Solicitation,
): QoeContender {
  return async (setup) => {
    const policy = await neuralPolicy(setup, gamma, kernels);
    await policy.pretrain(await examplesOf(setup), { trust: FLEET_TRUST, epochs: 10 });
    return bandit(setup, policy, solicitation);
  };
}

/** What a NeuralUCB sees in another world. */
export async function collectExamples(
  setup: QoeSetup,
  gamma: number,
  kernels: Kernels,
  fleet: QoeWorld,
  rounds: number,
): Promise<NeuralExample[]> {
  const policy = await neuralPolicy(setup, gamma, kernels);
  const teacher = bandit(setup, policy);
  const seen: NeuralExample[] = [];
  teacher.onLearn(({ context, armFeatures, reward }) => {
    seen.push({ context, armFeatures, reward });
  });
  playAlone(teacher, fleet, setup.seed, rounds);
  policy.dispose();
  return seen;
}

function linearPolicy(
  { contextDimension, armDimension }: QoeSetup,
  alpha: number,
  joint: "interactions" | ReturnType<typeof metricInteractions>,
): Policy {
  return sharedLinUcb({ contextDimension, armDimension, alpha, joint, scores: "needed" });
}

function neuralPolicy(
  { contextDimension, armDimension, seed }: QoeSetup,
  gamma: number,
  kernels: Kernels,
): ReturnType<typeof neuralUcb> {
  return neuralUcb({ contextDimension, armDimension, seed, gamma, kernels });
}

function bandit(
  { arms, seed }: QoeSetup,
  policy: Policy,
  solicitation?: () => Solicitation,
): Bandit {
  return createBandit({
    policy,
    arms,
    seed,
    ...(solicitation && { solicitation: solicitation() }),
  });
}

// Rounds in another world, every one rated.
function playAlone(made: Bandit, world: QoeWorld, seed: number, rounds: number): void {
  const rng = createRng(500 + seed);
  const player = playBandit(made, world);
  for (let round = 0; round < rounds; round++) {
    const user = rng.integer(0, world.users.length);
    const device = rng.integer(0, world.profiles.length);
    const { arm, id } = player.choose(user, device);
    player.rate!(id!, drawRating(world.expectedQoe(user, device, arm), rng));
  }
}
