import type { Bandit } from "../../bandit/bandit.js";
import type { Policy } from "../../policy/policy.js";
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
  /** Takes one rating for several choices together: of their mean. */
  rateTogether?(ids: readonly string[], rating: number): void;
  /** Gives back what it holds: called when a run is over. */
  dispose?(): void;
}

/** Lets a bandit play in a world: gives it the features of users, devices and models that its policy looks at. */
export function playBandit(bandit: Bandit<string>, world: QoeWorld): QoePlayer {
  const policy: Policy & { dispose?: () => void } = bandit.policy;
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
  // Bandits count their decisions each for itself, so that an id has to say whose it is.
  const bandits: Bandit<string>[] = [];
  const ownerOf = (id: string): [bandit: Bandit<string>, own: string] => {
    const cut = id.indexOf(" ");
    return [bandits[Number(id.slice(0, cut))]!, id.slice(cut + 1)];
  };
  return {
    choose(user, device) {
      const bandit = banditOf(user, device);
      let number = bandits.indexOf(bandit);
      if (number < 0) number = bandits.push(bandit) - 1;
      const { contextDimension, armDimension } = bandit.policy;
      const decision = bandit.decide(
        contextDimension > 0 ? world.context(user, device) : undefined,
        armDimension > 0
          ? world.offer(device)
          : world.armsOn(device).map((arm) => world.arms[arm]!),
      );
      return {
        arm: indexOf.get(decision.arm)!,
        id: `${number} ${decision.id}`,
        asked: decision.ask,
      };
    },
    rate(id, rating) {
      const [bandit, own] = ownerOf(id);
      bandit.update(own, rating);
    },
    rateTogether(ids, rating) {
      const groups = new Map<Bandit<string>, string[]>();
      for (const id of ids) {
        const [bandit, own] = ownerOf(id);
        groups.set(bandit, [...(groups.get(bandit) ?? []), own]);
      }
      for (const [bandit, own] of groups) bandit.updateAggregate(own, rating);
    },
  };
}
