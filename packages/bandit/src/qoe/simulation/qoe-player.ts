import type { Bandit } from "../../bandit/create-bandit.js";
import type { QoeWorld } from "./qoe-world.js";

/** What a {@link QoePlayer} chose. */
export interface QoeChoice {
  /** Index of the arm in {@link QoeWorld.arms}. */
  readonly arm: number;
  /** What a rating is to be given under; absent where the player does not learn. */
  readonly id?: string;
  /** Whether the user is to be asked for a rating. @default true */
  readonly asked?: boolean;
}

/** Anything that chooses models in a {@link QoeWorld}, and may learn from ratings. */
export interface QoePlayer {
  /** Chooses an arm for a user on a device. */
  choose(user: number, device: number): QoeChoice;
  /** Takes the rating of an earlier choice. */
  rate?(id: string, rating: number): void;
  /** Gives back what it holds: called when a run is over. */
  dispose?(): void;
}

/** Lets a bandit play in a world: gives it the features of users, devices and models that its policy looks at. */
export function playBandit(bandit: Bandit<string>, world: QoeWorld): QoePlayer {
  const policy: { dispose?: () => void } = bandit.policy;
  return { ...playBandits(() => bandit, world), dispose: () => policy.dispose?.() };
}

/**
 * Lets bandits that know nothing of each other play, one for every device, or for whatever else `banditOf` tells
 * apart. It is asked at every choice, and must give the same bandit for the same case.
 */
export function playBandits(
  banditOf: (user: number, device: number) => Bandit<string>,
  world: QoeWorld,
): QoePlayer {
  const indexOf = new Map(world.arms.map((arm, i) => [arm, i]));
  // Bandits count their decisions each for itself, so an id alone would not say whose it is.
  const owners = new Map<string, { bandit: Bandit<string>; id: string }>();
  let chosen = 0;
  return {
    choose(user, device) {
      const bandit = banditOf(user, device);
      const { contextDimension, armDimension } = bandit.policy;
      const decision = bandit.decide(
        contextDimension > 0 ? world.context(user, device) : undefined,
        armDimension > 0
          ? world.offer(user, device)
          : world.armsOn(device).map((arm) => world.arms[arm]!),
      );
      const id = String(chosen++);
      owners.set(id, { bandit, id: decision.id });
      return { arm: indexOf.get(decision.arm)!, id };
    },
    rate(id, rating) {
      const { bandit, id: own } = owners.get(id)!;
      owners.delete(id);
      bandit.update(own, rating);
    },
  };
}
