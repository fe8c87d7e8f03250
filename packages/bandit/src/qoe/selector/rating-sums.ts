import { type EdgewrightError, UnsupportedError } from "@edgewright/core";
import type { AdditiveSums } from "../../policy/additive-sums.js";
import type { Example, Policy } from "../../policy/policy.js";
import { readKnowledge, type SelectorKnowledge, writeKnowledge } from "./selector-knowledge.js";

/** The sums that the ratings of this device alone amount to, kept beside those of the policy. */
export class RatingSums {
  readonly #name: string;
  readonly #additive: AdditiveSums | undefined;
  readonly #sums: Float64Array;
  readonly #none: Float64Array = new Float64Array(0);
  #ratings = 0;

  /** @param saved goes on from there */
  constructor(policy: Policy, saved?: SelectorKnowledge | null) {
    this.#name = policy.name;
    this.#additive = sharedSumsOf(policy);
    this.#sums = new Float64Array(this.#additive?.sharedLength ?? 0);
    if (!saved || !this.#additive) return;
    const { kind, sharedLength } = this.#additive;
    this.#sums = readKnowledge(saved, kind, sharedLength, "createModelSelector");
    this.#ratings = saved.ratings;
  }

  /** Whether the policy's knowledge is a sum at all. */
  get isKept(): boolean {
    return this.#additive !== undefined;
  }

  /** Takes in one rating. */
  add(example: Example): void {
    this.#additive?.addExample(example, this.#sums, this.#none);
    this.#ratings++;
  }

  /** @throws EdgewrightError `unsupported` where the policy's knowledge is no sum over what all arms share */
  knowledge(): SelectorKnowledge {
    if (this.#additive) return writeKnowledge(this.#additive.kind, this.#ratings, this.#sums);
    throw unsupported("knowledge", this.#name);
  }
}

/** Lets a policy begin with what others have learnt. */
export function takeKnowledge(policy: Policy, knowledge: SelectorKnowledge): void {
  const additive = sharedSumsOf(policy);
  if (!additive) throw unsupported("createModelSelector", policy.name);
  const { kind, sharedLength } = additive;
  additive.writeShared(readKnowledge(knowledge, kind, sharedLength, "createModelSelector"));
}

// Arms come and go by name, so what belongs to single arms cannot be told apart in one vector.
function sharedSumsOf({ sums }: Policy): AdditiveSums | undefined {
  return sums && sums.armLength === 0 ? sums : undefined;
}

function unsupported(where: string, policy: string): EdgewrightError {
  return new UnsupportedError(
    `${where}: what policy "${policy}" knows is no sum that all arms share; sharedLinUcb's is`,
  );
}
