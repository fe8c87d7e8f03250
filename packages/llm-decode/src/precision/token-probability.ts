/** The largest softmax probability of logits `[vocabSize]`. */
export function largestProbability(logits: Float32Array): number {
  return 1 / normalizer(logits).sum;
}

/** The natural logarithm of the softmax probability of `token`. */
export function logProbability(logits: Float32Array, token: number): number {
  const { largest, sum } = normalizer(logits);
  return logits[token]! - largest - Math.log(sum);
}

/** The largest logit, and the sum of exponentials below it that a softmax divides by. */
export function normalizer(logits: Float32Array): { largest: number; sum: number } {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (logits[i]! > largest) largest = logits[i]!;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp(logits[i]! - largest);
  return { largest, sum };
}
