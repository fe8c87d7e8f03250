import { createRng } from "@edgewright/core";
import type { QoePlayer } from "./qoe-player.js";
import type { QoeWorld } from "./qoe-world.js";

/** Knows every user's taste and every device: its regret is 0. */
export function oraclePlayer(world: QoeWorld): QoePlayer {
  return { choose: (user, device) => ({ arm: world.bestArm(user, device) }) };
}

/**
 * Knows which model is best on every device for the mean of the users, and nothing of who asks: what a vendor who
 * tests every device could ship.
 */
export function deviceOraclePlayer(world: QoeWorld): QoePlayer {
  const best = world.profiles.map((_, device) =>
    bestOf(world.armsOn(device), (arm) =>
      world.users.reduce((sum, _user, user) => sum + world.expectedQoe(user, device, arm), 0),
    ),
  );
  return { choose: (_user, device) => ({ arm: best[device]! }) };
}

/**
 * The one model that is best for the mean over all users and devices, known beforehand; where it cannot run, the next
 * best that can. A model that cannot run somewhere counts as 0 there.
 */
export function bestSinglePlayer(world: QoeWorld): QoePlayer {
  const value = world.arms.map((_, arm) =>
    world.profiles.reduce(
      (sum, _profile, device) =>
        world.armsOn(device).includes(arm)
          ? world.users.reduce((s, _user, user) => s + world.expectedQoe(user, device, arm), sum)
          : sum,
      0,
    ),
  );
  const best = world.profiles.map((_, device) =>
    bestOf(world.armsOn(device), (arm) => value[arm]!),
  );
  return { choose: (_user, device) => ({ arm: best[device]! }) };
}

/** Chooses any model that runs, all alike. */
export function randomPlayer(world: QoeWorld, seed: number): QoePlayer {
  const rng = createRng(seed);
  return {
    choose(_user, device) {
      const arms = world.armsOn(device);
      return { arm: arms[rng.integer(0, arms.length)]! };
    },
  };
}

function bestOf(arms: readonly number[], worthOf: (arm: number) => number): number {
  return arms.reduce((best, arm) => (worthOf(arm) > worthOf(best) ? arm : best));
}
