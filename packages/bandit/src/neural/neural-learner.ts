import { EdgewrightError, type Rng, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import type { ChoiceSet, Example } from "../policy/policy.js";
import { createNetwork, type Network, type NetworkState } from "./network.js";
import type { NeuralSettings } from "./neural-options.js";
import { ReplayBuffer, type ReplayState } from "./replay-buffer.js";

/** Larger numbers would overflow float32 once they are squared. */
const LARGEST = 1e15;

/** What {@link NeuralLearner.state} gives. */
export interface LearnerState {
  readonly version: 1;
  readonly policy: string;
  /** Inputs, widths of hidden layers, outputs. */
  readonly shape: readonly number[];
  readonly network: NetworkState;
  readonly replay: ReplayState;
  /** Rewards since the last training. */
  readonly waiting: number;
}

/** The network of a neural policy with the examples it learns from: what all of them share. */
export class NeuralLearner {
  readonly name: string;
  readonly settings: NeuralSettings;
  readonly network: Network;
  replay: ReplayBuffer;
  #waiting = 0;
  readonly #input: Float64Array;
  readonly #kernels: Kernels | undefined;

  /** @param own whether the kernels are this learner's, to be disposed of with it */
  constructor(name: string, settings: NeuralSettings, kernels: Kernels, own: boolean) {
    this.name = name;
    this.settings = settings;
    this.network = createNetwork(kernels, settings.shape, settings);
    this.replay = new ReplayBuffer(settings.replayCapacity, settings.shape.inputs);
    this.#input = new Float64Array(settings.shape.inputs);
    this.#kernels = own ? kernels : undefined;
  }

  /** Runs the network for each candidate and hands over its place and the output that speaks for it. */
  forEachArm(
    { slots, context, armFeatures }: ChoiceSet,
    visit: (i: number, head: number) => void,
  ): void {
    const { mlp, weights } = this.network;
    const { armDimension, heads } = this.settings;
    this.#input.set(context);
    if (heads > 0) mlp.forward(weights, this.#input);
    for (let i = 0; i < slots.length; i++) {
      if (heads === 0) {
        for (let k = 0; k < armDimension; k++) {
          this.#input[context.length + k] = armFeatures[i * armDimension + k]!;
        }
        mlp.forward(weights, this.#input);
      }
      visit(i, heads > 0 ? slots[i]! : 0);
    }
  }

  /** Runs the network for the chosen arm of an example. @returns the output that speaks for it */
  forwardExample({ slot, context, armFeatures }: Example): number {
    this.#input.set(context);
    this.#input.set(armFeatures, context.length);
    this.network.mlp.forward(this.network.weights, this.#input);
    return this.headOf(slot);
  }

  /** The output that speaks for an arm. */
  headOf(slot: number): number {
    return this.settings.heads > 0 ? slot : 0;
  }

  /**
   * Refuses an example with numbers that float32 training could not bear.
   *
   * @throws EdgewrightError `invalid-argument`
   */
  check({
    context,
    armFeatures,
    reward,
    weight,
  }: Pick<Example, "context" | "armFeatures" | "reward" | "weight">): void {
    const bears = (value: number): boolean => Math.abs(value) <= LARGEST;
    if (bears(reward) && bears(weight) && context.every(bears) && armFeatures.every(bears)) return;
    throw new EdgewrightError(
      "invalid-argument",
      `${this.name}: rewards, weights and features of at most ${LARGEST} in size were expected, which a network trained in float32 bears; scale them`,
    );
  }

  /** Keeps an example, and trains when enough have come. @returns whether the network changed */
  keep({ slot, context, armFeatures, reward, weight }: Example, rng: Rng): boolean {
    this.replay.add(context, armFeatures, this.headOf(slot), reward, weight);
    if (++this.#waiting < this.settings.retrainEvery) return false;
    this.#waiting = 0;
    this.network.train(this.replay, this.settings.trainingSteps, rng);
    return this.settings.trainingSteps > 0;
  }

  /** @throws EdgewrightError `limit-exceeded` when there is no output for the slot */
  requireHead(slot: number): void {
    const { heads } = this.settings;
    if (heads === 0 || slot < heads) return;
    throw new EdgewrightError(
      "limit-exceeded",
      `${this.name}: the network has ${heads} heads, for as many arms; make it with more \`heads\` to add another arm`,
    );
  }

  state(): LearnerState {
    const { inputs, hidden, outputs } = this.settings.shape;
    return {
      version: 1,
      policy: this.name,
      shape: [inputs, ...hidden, outputs],
      network: this.network.state(),
      replay: this.replay.state(),
      waiting: this.#waiting,
    };
  }

  /**
   * Checks a state; the function it gives takes it over.
   *
   * @throws ValidationError when it is damaged or of another policy
   */
  prepare(state: unknown): () => void {
    const given = (state ?? {}) as Partial<LearnerState>;
    const { inputs, hidden, outputs } = this.settings.shape;
    const shape = [inputs, ...hidden, outputs];
    if (given.version !== 1 || given.policy !== this.name || `${given.shape}` !== `${shape}`) {
      throw new ValidationError(
        `${this.name}.restore: a state of version 1 of ${this.name} with layers of ${shape.join(", ")} was expected, got version ${given.version} of ${given.policy} with ${given.shape}`,
      );
    }
    const waiting = given.waiting as number;
    if (!Number.isInteger(waiting) || waiting < 0 || waiting >= this.settings.retrainEvery) {
      throw new ValidationError(
        `${this.name}.restore: fewer waiting rewards than ${this.settings.retrainEvery} were expected, got ${waiting}`,
      );
    }
    const takeNetwork = this.network.prepare(given.network, `${this.name}.restore: network`);
    const replay = this.replay.restored(given.replay, outputs, `${this.name}.restore: replay`);
    return () => {
      takeNetwork();
      this.replay = replay;
      this.#waiting = waiting;
    };
  }

  dispose(): void {
    this.network.dispose();
    this.#kernels?.dispose();
  }
}
