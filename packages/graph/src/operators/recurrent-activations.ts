import { softplus } from "./activations.js";
import { sigmoid } from "./elementwise-unary.js";
import { invalidNode, type OperatorContext } from "./host-operator.js";
import { floatsAttribute, stringsAttribute } from "./node-attributes.js";

/** A function of one number. */
export type Activation = (x: number) => number;

/**
 * Reads `activations`, `activation_alpha` and `activation_beta` of a recurrent node.
 *
 * Parameters are consumed in order by the functions that take them.
 *
 * @returns one list of functions per direction.
 * @throws ValidationError for an unknown name or a wrong number of names.
 */
export function readActivations(
  defaults: readonly string[],
  directions: number,
  context: OperatorContext,
): Activation[][] {
  const names =
    stringsAttribute(context.node, "activations") ??
    Array.from({ length: directions }, () => defaults).flat();
  const perDirection = defaults.length;
  if (names.length !== perDirection * directions) {
    throw invalidNode(
      context,
      `needs ${perDirection * directions} activations, got ${names.length}`,
    );
  }
  const alphas = [...(floatsAttribute(context.node, "activation_alpha") ?? [])];
  const betas = [...(floatsAttribute(context.node, "activation_beta") ?? [])];
  const all = names.map((name) => makeActivation(name, alphas, betas, context));
  return Array.from({ length: directions }, (_, d) =>
    all.slice(d * perDirection, (d + 1) * perDirection),
  );
}

function makeActivation(
  name: string,
  alphas: number[],
  betas: number[],
  context: OperatorContext,
): Activation {
  const alpha = (fallback: number): number => alphas.shift() ?? fallback;
  const beta = (fallback: number): number => betas.shift() ?? fallback;
  switch (name.toLowerCase()) {
    case "sigmoid":
      return sigmoid;
    case "tanh":
      return Math.tanh;
    case "relu":
      return (x) => Math.max(x, 0);
    case "softsign":
      return (x) => x / (1 + Math.abs(x));
    case "softplus":
      return softplus;
    case "affine": {
      const [a, b] = [alpha(1), beta(0)];
      return (x) => a * x + b;
    }
    case "leakyrelu": {
      const a = alpha(0.01);
      return (x) => (x < 0 ? a * x : x);
    }
    case "thresholdedrelu": {
      const a = alpha(1);
      return (x) => (x > a ? x : 0);
    }
    case "scaledtanh": {
      const [a, b] = [alpha(1), beta(1)];
      return (x) => a * Math.tanh(b * x);
    }
    case "hardsigmoid": {
      const [a, b] = [alpha(0.2), beta(0.5)];
      return (x) => Math.max(0, Math.min(1, a * x + b));
    }
    case "elu": {
      const a = alpha(1);
      return (x) => (x < 0 ? a * Math.expm1(x) : x);
    }
    default:
      throw invalidNode(context, `activation "${name}" is unknown`);
  }
}
