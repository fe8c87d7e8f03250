/** Sizes of a small fully connected network with ReLU between its layers. */
export interface MlpShape {
  readonly inputs: number;
  /** Width of every hidden layer; at least one. */
  readonly hidden: readonly number[];
  readonly outputs: number;
}

/** Where a layer lies among the parameters: weights [inputs, outputs], then biases [outputs]. */
interface MlpLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: number;
  readonly biases: number;
}

/**
 * A network's values and gradients for one input at a time.
 *
 * Training sums gradients over a batch, which is what `@edgewright/autograd` is for; bandits also need the gradient
 * of a single output. For one input that is an outer product a layer, computed here in float64 with nothing but
 * additions and multiplications: engines agree to the last bit.
 */
export interface Mlp {
  readonly layers: readonly MlpLayer[];
  readonly parameterCount: number;
  /** Outputs of the last forward pass, [outputs]. */
  readonly outputs: Float64Array;
  /** Activations of the last hidden layer in the last forward pass, [width]. */
  readonly features: Float64Array;
  /** Computes the outputs for the input at `offset`. */
  forward(parameters: Float64Array, input: ArrayLike<number>, offset?: number): void;
  /** Writes the gradient of one output, at the input of the last forward pass, over `out` [parameterCount]. */
  gradient(parameters: Float64Array, output: number, out: Float64Array): void;
}

/** Lays out a network, see {@link Mlp}. */
export function createMlp(shape: MlpShape): Mlp {
  const widths = [shape.inputs, ...shape.hidden, shape.outputs];
  const layers: MlpLayer[] = [];
  let parameterCount = 0;
  for (let l = 0; l + 1 < widths.length; l++) {
    const [inputs, outputs] = [widths[l]!, widths[l + 1]!];
    const weights = parameterCount;
    const biases = weights + inputs * outputs;
    layers.push({ inputs, outputs, weights, biases });
    parameterCount = biases + outputs;
  }
  const activations = widths.map((width) => new Float64Array(width));
  const errors = widths.map((width) => new Float64Array(width));
  const last = layers.length - 1;

  return {
    layers,
    parameterCount,
    outputs: activations[last + 1]!,
    features: activations[last]!,
    forward(parameters, input, offset = 0) {
      const first = activations[0]!;
      for (let i = 0; i < first.length; i++) first[i] = input[offset + i]!;
      for (let l = 0; l <= last; l++) {
        const { outputs, weights, biases } = layers[l]!;
        const from = activations[l]!;
        const to = activations[l + 1]!;
        for (let j = 0; j < outputs; j++) to[j] = parameters[biases + j]!;
        for (let i = 0; i < from.length; i++) {
          const value = from[i]!;
          if (value === 0) continue;
          const row = weights + i * outputs;
          for (let j = 0; j < outputs; j++) to[j]! += value * parameters[row + j]!;
        }
        if (l === last) break;
        for (let j = 0; j < outputs; j++) if (!(to[j]! > 0)) to[j] = 0;
      }
    },
    gradient(parameters, output, out) {
      errors[last + 1]!.fill(0);
      errors[last + 1]![output] = 1;
      for (let l = last; l >= 0; l--) {
        const { outputs, weights, biases } = layers[l]!;
        const error = errors[l + 1]!;
        const from = activations[l]!;
        const below = errors[l]!;
        out.set(error, biases);
        for (let i = 0; i < from.length; i++) {
          const value = from[i]!;
          const row = weights + i * outputs;
          let back = 0;
          for (let j = 0; j < outputs; j++) {
            out[row + j] = value * error[j]!;
            back += parameters[row + j]! * error[j]!;
          }
          // A ReLU lets a gradient through where its output is above 0.
          below[i] = value > 0 ? back : 0;
        }
      }
    },
  };
}
