/** The `count` tokens with the largest logits, largest first, the smaller id first among equals. */
export function likeliestTokens(logits: Float32Array, count: number): Int32Array {
  const k = Math.min(count, logits.length);
  const ids = new Int32Array(k);
  const values = new Float64Array(k).fill(-Infinity);
  let filled = 0;
  for (let token = 0; token < logits.length; token++) {
    const value = logits[token]!;
    if (filled === k && !(value > values[k - 1]!)) continue; // nearly all of a large vocabulary
    let place = filled < k ? filled++ : k - 1;
    while (place > 0 && values[place - 1]! < value) {
      values[place] = values[place - 1]!;
      ids[place] = ids[place - 1]!;
      place--;
    }
    values[place] = value;
    ids[place] = token;
  }
  return ids;
}

/** The mean of several rows of logits; the row itself when it is one. */
export function meanLogits(rows: readonly Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0]!;
  const mean = new Float32Array(rows[0]!.length);
  for (const row of rows) for (let i = 0; i < mean.length; i++) mean[i]! += row[i]!;
  for (let i = 0; i < mean.length; i++) mean[i]! /= rows.length;
  return mean;
}
