import type { Policy } from "../policy/policy.js";
import type { NeuralExample, PretrainOptions } from "./pretrain.js";

/** A policy over a small network that lies in the memory of WebAssembly kernels. */
export interface NeuralPolicy extends Policy {
  /** Weights and biases of the network. */
  readonly parameterCount: number;
  /**
   * Begins from logged examples, of other devices for instance: trains the network on them before the first decision.
   * In the style of the transfer of "Automated Customization of On-Thing Inference for Quality-of-Experience
   * Enhancement" (arXiv 2112.06918), whose text was not at hand.
   *
   * What was learnt before stays where the examples do not contradict it. Give the promise time to settle before the
   * policy is asked or taught anything else.
   *
   * @throws EdgewrightError `invalid-argument` for an example that does not fit, `aborted` by the signal; the policy
   * is then as it was
   */
  pretrain(examples: readonly NeuralExample[], options?: PretrainOptions): Promise<void>;
  /** Gives the memory back; the policy can no longer be used. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}
