import { EdgewrightError } from "@edgewright/core";
import type { Bandit } from "../bandit/bandit.js";
import type { PrivatizeOptions } from "../linear/privatize-sums.js";
import type { SnapshotStore } from "../stores/snapshot-store.js";
import { checkKey } from "../stores/stored-json.js";
import { type UpdateStoreOptions, updateStore } from "../stores/update-store.js";
import {
  addPushes,
  createFleetKnowledge,
  readFleetDocument,
  writeFleetDocument,
} from "./fleet-document.js";
import { readNamedSums, sumsOf, writeNamedSums } from "./fleet-statistics.js";
import {
  type FleetMemberState,
  type MemberPush,
  readMemberState,
  writeMemberState,
} from "./member-state.js";
import { addNamedSums, createNamedSums, type NamedSums, openArm } from "./named-sums.js";
import { createPrivatizer } from "./privatize-push.js";

/** Options of {@link createFleetMember}. */
export interface FleetMemberOptions<Arm extends string, Context> {
  /** Learns with the fleet; its policy must know sums over examples, see {@link FleetStatistics}. */
  readonly bandit: Bandit<Arm, Context>;
  /** Where the fleet keeps what it knows: {@link createMemoryStore} and its like. */
  readonly store: SnapshotStore;
  /** Key under which it lies: one for each fleet. */
  readonly key: string;
  /** Name of this member, another for each device: 1 to 128 characters. */
  readonly member: string;
  /** What {@link FleetMember.state} gave at the moment of the bandit's snapshot, where the bandit began with one. */
  readonly state?: FleetMemberState | undefined;
  /**
   * Where the bandit knows something already and no `state` is given: whether that is its own, which the fleet gets
   * with the first push, or came from the fleet, which has it.
   *
   * @default undefined: the bandit must know nothing yet
   */
  readonly knowledge?: "own" | "fleet";
  /**
   * Noise for every push that makes it differentially private, see {@link privatizeSums}. Every example is in one
   * push, so that `uploads` stays 1, and every push has all arms, so that they do not tell which were chosen.
   *
   * Seed its `rng` anew at every start, from a secret: a member that begins with the seed of its last lifetime repeats
   * the noise, and two pushes with the same noise tell the difference of their sums exactly. Not hidden is whether
   * anything was learnt between two syncs, for only then there is a push. And a push that was on its way when the
   * device died is made again from its {@link FleetMember.state}, with other noise: who runs the store and keeps what
   * it refused has seen those examples twice, which `uploads: 2` accounts for.
   *
   * @default none
   */
  readonly privacy?: PrivatizeOptions;
}

/** What {@link FleetMember.sync} did. */
export interface FleetSync {
  /** Examples that this sync brought to the fleet. */
  readonly pushed: number;
  /** Members that ever brought some. */
  readonly members: number;
  /** Revision of what the store holds; undefined while it holds nothing. */
  readonly revision: number | undefined;
}

/** One device's part in a fleet that learns together, see {@link createFleetMember}. */
export interface FleetMember {
  /** Examples learnt here that the store is not known to hold. */
  readonly waiting: number;
  /**
   * Brings what was learnt here since the last time to the store, and makes the bandit know what the whole fleet
   * knows. Calls take turns. One that rejects can be repeated: what it was to bring is kept and comes once.
   *
   * @throws ValidationError when what lies in the store is damaged or another policy's, and what {@link updateStore}
   * throws; the bandit stays as it is then
   */
  sync(options?: UpdateStoreOptions): Promise<FleetSync>;
  /** What is to be kept beside the bandit's snapshot, taken at the same moment. */
  state(): FleetMemberState;
  /** Listens to the bandit no more; what waits is not pushed. */
  close(): void;
}

/**
 * Makes a bandit a member of a fleet that learns together through a store. Members keep the sums of their own new
 * examples and add them to those in the store now and then; what they know afterwards is what one device would that
 * saw the examples of all. Nothing is lost or counted twice when members write at the same time, when the answer to a
 * push is lost, or when a device goes back to its last snapshot: pushes are numbered within a lifetime, and the store
 * remembers the numbers of each member's last eight lifetimes. Arms go by name, and members may have different ones.
 *
 * While a fleet member listens, let nothing else restore the policy. What an arm took over from another one (`like`
 * of {@link Bandit.addArm}) is no example: it lasts until the fleet knows something of the arm.
 *
 * @throws UnsupportedError when what the policy knows is not a sum; ValidationError for a damaged state
 *
 * @example
 * const store = createMemoryStore(); // or createNatsStore, createFileStore
 * const members = ["kitchen", "hall"].map((member, seed) => {
 *   const bandit = createBandit({ policy: linUcb({ dimension: 1 }), arms: ["a", "b"], seed });
 *   return { bandit, fleet: createFleetMember({ bandit, store, key: "lamps", member }) };
 * });
 * for (const { bandit, fleet } of members) {
 *   bandit.update(bandit.decide([1]).id, 1);
 *   await fleet.sync();
 * }
 * console.log((await members[0]!.fleet.sync()).members); // 2
 */
export function createFleetMember<Arm extends string, Context>(
  options: FleetMemberOptions<Arm, Context>,
): FleetMember {
  const { bandit, store, key, member } = options;
  const where = "createFleetMember";
  checkKey(key, where);
  checkKey(member, `${where}: member`);
  const sums = sumsOf(bandit, where);
  const privatize = createPrivatizer(sums, options.privacy);
  const session = randomSession();
  let sequence = 1; // of the next push
  let pushes: readonly MemberPush[] = [];
  let learnt: NamedSums | undefined;
  let examples = 0; // in `learnt`
  let running: Promise<unknown> = Promise.resolve();
  const armNames = (): readonly string[] => bandit.arms;

  if (options.state !== undefined) {
    const restored = readMemberState(options.state, member, sums);
    pushes = restored.pushes;
    if (restored.learnt) {
      // It may have been pushed under that number since: it goes first, and apart from what comes.
      const push = { ...restored.learnt, sums: privatize(restored.learnt.sums, armNames()) };
      pushes = [...pushes, push];
    }
  } else {
    const known = readNamedSums(bandit, sums);
    if (knowsSomething(known)) {
      if (options.knowledge === undefined) {
        throw new EdgewrightError(
          "invalid-argument",
          `${where}: a bandit that knows nothing yet was expected; give the state of its member, or say by "knowledge" whether what it knows is its own ("own") or came from the fleet ("fleet")`,
        );
      }
      if (options.knowledge === "own") learnt = known;
    }
  }

  const stopListening = bandit.onLearn((example, arm) => {
    learnt ??= createNamedSums(sums);
    sums.addExample(example, learnt.shared, openArm(learnt, arm, sums));
    examples++;
  });

  const closePush = (): void => {
    if (!learnt) return;
    const push = { session, sequence, sums: privatize(learnt, armNames()), examples };
    pushes = [...pushes, push];
    sequence++;
    learnt = undefined;
    examples = 0;
  };

  const sync = async (how: UpdateStoreOptions): Promise<FleetSync> => {
    let brought: typeof pushes | undefined;
    const place = `fleet: key "${key}"`;
    let fleet = createFleetKnowledge(sums);
    const stored = await updateStore(
      store,
      key,
      (value) => {
        fleet = readFleetDocument(value, sums, place);
        // Only now that the store answered, once: a device that is long out of reach gathers sums and not pushes.
        if (!brought) {
          closePush();
          brought = pushes;
        }
        const more = addPushes(fleet, member, brought, sums);
        if (!more) return undefined;
        fleet = more;
        return writeFleetDocument(fleet, sums);
      },
      how,
    );
    const done = brought ?? [];
    pushes = pushes.filter((push) => !done.includes(push));
    // Without arms that the fleet knows nothing of: they stay as they are.
    if (stored) {
      const all = learnt ? addNamedSums(sums, fleet.sums, learnt) : fleet.sums;
      writeNamedSums(bandit, sums, all);
    }
    return {
      pushed: done.reduce((sum, push) => sum + push.examples, 0),
      members: fleet.members.size,
      revision: stored?.revision,
    };
  };

  return {
    get waiting() {
      return pushes.reduce((sum, push) => sum + push.examples, examples);
    },
    sync(how = {}) {
      const result = running.then(() => sync(how));
      running = result.catch(() => undefined);
      return result;
    },
    state() {
      const next = learnt ? { session, sequence, examples, sums: learnt } : undefined;
      return writeMemberState(member, { pushes, learnt: next }, sums);
    },
    close: stopListening,
  };
}

function knowsSomething({ shared, arms }: NamedSums): boolean {
  return [shared, ...arms.values()].some((vector) => vector.some((sum) => sum !== 0));
}

function randomSession(): string {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return [...words].map((word) => word.toString(36)).join("");
}
