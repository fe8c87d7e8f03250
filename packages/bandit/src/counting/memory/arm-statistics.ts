import type { AdditiveSums } from "../../policy/additive-sums.js";

/** What a policy that does not look at contexts remembers of its arms: how often they were tried, and what they earned. */
export interface ArmStatistics {
  /** Weight of the examples that are remembered, over all arms. */
  readonly total: number;
  /** Weight of an arm's examples: how often it was tried, where every example counts once. */
  count(slot: number): number;
  /** Sum of an arm's rewards, by weight. */
  sum(slot: number): number;
  /** Sum of the squares of an arm's rewards, by weight. */
  squares(slot: number): number;
  /**
   * Starts an arm, or throws when its slot is taken.
   *
   * @param like an arm whose statistics it starts from
   * @param share what part of that arm's weight is taken over, from 0 to 1
   */
  addArm(slot: number, like: number | undefined, share: number): void;
  /** Forgets an arm, or throws when there is none in the slot. */
  removeArm(slot: number): void;
  /** Takes in an example of weight above 0. */
  learn(slot: number, reward: number, weight: number): void;
  /** All that is remembered, as JSON-able data that {@link ArmStatistics.prepare} takes. */
  state(): unknown;
  /**
   * Checks a state and returns what takes it over.
   *
   * @throws ValidationError when the state is damaged; nothing has changed then
   */
  prepare(state: unknown, where: string): () => void;
  /** Sums of weights, rewards and squares of rewards per arm, where nothing is ever forgotten. */
  readonly sums?: Pick<AdditiveSums, "readArm" | "writeArm">;
}

/** How long a policy remembers: {@link forever}, {@link discounted} or {@link slidingWindow}. */
export interface Memory {
  /** Name with parameters; states are exchanged among memories of the same name. */
  readonly name: string;
  /** Starts empty statistics. */
  start(): ArmStatistics;
}
