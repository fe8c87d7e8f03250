/** Places of Gauss and Legendre's rule with eight nodes, on [-1, 1]. */
export const gaussNodes: readonly number[] = [
  -0.9602898564975362, -0.7966664774136267, -0.525532409916329, -0.18343464249564978,
  0.18343464249564978, 0.525532409916329, 0.7966664774136267, 0.9602898564975362,
];

/** Their weights, which sum to 2. */
export const gaussWeights: readonly number[] = [
  0.10122853629037669, 0.22238103445337434, 0.31370664587788705, 0.36268378337836177,
  0.36268378337836177, 0.31370664587788705, 0.22238103445337434, 0.10122853629037669,
];

/**
 * Weights by which values at the nodes give the integrals from -1 to each node, [nodes, nodes]: those of the
 * polynomial of degree 7 through the values.
 *
 * Its coefficients over Legendre polynomials P_k are sums of weight * value * P_k at the nodes times (2k + 1) / 2, and
 * (2k + 1) times the integral of P_k from -1 to x is P_(k+1)(x) - P_(k-1)(x).
 */
export function integralsToNodes(): Float64Array {
  const count = gaussNodes.length;
  const legendre = gaussNodes.map((x) => {
    const values = [1, x];
    for (let k = 1; k < count; k++) {
      values.push(((2 * k + 1) * x * values[k]! - k * values[k - 1]!) / (k + 1));
    }
    return values;
  });
  const weights = new Float64Array(count * count);
  for (let n = 0; n < count; n++) {
    for (let m = 0; m < count; m++) {
      let sum = gaussNodes[n]! + 1;
      for (let k = 1; k < count; k++) {
        sum += legendre[m]![k]! * (legendre[n]![k + 1]! - legendre[n]![k - 1]!);
      }
      weights[n * count + m] = (gaussWeights[m]! / 2) * sum;
    }
  }
  return weights;
}
