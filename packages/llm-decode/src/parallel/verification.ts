import { normalizer } from "../precision/token-probability.js";

/**
 * How candidates are judged. `"exact"`: the chooser of the request decides every token, and a candidate is taken when
 * it is that token, so the text is the one that plain decoding gives, whatever the chooser. Typical acceptance takes
 * candidates that are likely enough, which gives another text and longer steps.
 */
export type Verification = "exact" | TypicalAcceptance;

/**
 * Takes a candidate whose probability is above min(epsilon, alpha x exp(-H)), where H is the entropy of the model's
 * distribution in nats (Cai et al.: Medusa, arXiv:2401.10774, section 2.3.1).
 */
export interface TypicalAcceptance {
  readonly kind: "typical";
  /** Probability that is always enough. @default 0.09 */
  readonly epsilon?: number;
  /** Share of exp(-H) that is enough. @default 0.3 */
  readonly alpha?: number;
  /** Divides the logits. @default 1 */
  readonly temperature?: number;
}

/** Tests tokens against the distribution of one row of logits. */
export function typicalTest(
  logits: Float32Array,
  options: TypicalAcceptance,
): (token: number) => boolean {
  const { epsilon = 0.09, alpha = 0.3, temperature = 1 } = options;
  const scaled = temperature === 1 ? logits : logits.map((x) => x / temperature);
  const { largest, sum } = normalizer(scaled);
  const logSum = Math.log(sum);
  let entropy = 0;
  for (let i = 0; i < scaled.length; i++) {
    const logP = scaled[i]! - largest - logSum;
    if (logP > -80) entropy -= Math.exp(logP) * logP;
  }
  const threshold = Math.min(epsilon, alpha * Math.exp(-entropy));
  return (token) => Math.exp(scaled[token]! - largest - logSum) > threshold;
}
