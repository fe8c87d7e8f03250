import { expect } from "vitest";
import { createParameter, type Parameter, type Program } from "../index.js";
import network from "./network.json";
import { casesOf, expectNear, type ReferenceTensor } from "./run-reference.test-support.js";

/** A network of scripts/reference/network.py: its weights are drawn, its first gradients sampled. */
export interface NetworkCase {
  readonly name: string;
  readonly options: { readonly learningRate: number } & Readonly<Record<string, number>>;
  readonly images: { readonly seed: number; readonly shape: readonly number[] };
  readonly labels: readonly number[];
  readonly logits: ReferenceTensor;
  readonly parameters: Readonly<Record<string, SampledGradient>>;
  /** Of ten steps on the same batch. */
  readonly losses: readonly number[];
  /** After the ten steps, by name of the normalisation. */
  readonly statistics?: Readonly<
    Record<string, Readonly<Record<"mean" | "variance", ReferenceTensor>>>
  >;
}

/** How a parameter is drawn, and a few numbers of its gradient. */
interface SampledGradient {
  readonly shape: readonly number[];
  readonly seed: number;
  /** Values are drawn from [low, low + width). */
  readonly low: number;
  readonly width: number;
  readonly norm: number;
  readonly largest: number;
  readonly positions: readonly number[];
  readonly values: readonly number[];
}

/** The network of this name. */
export function networkCase(name: string): NetworkCase {
  const found = casesOf<NetworkCase>(network).find((one) => one.name === name);
  if (found === undefined) throw new Error(`network.json has no network ${name}`);
  return found;
}

/** Fresh parameters, as the network had them before its first step. */
export function drawParameters({ parameters }: NetworkCase): Record<string, Parameter> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, seed, low, width }]) => [
      name,
      createParameter({ name, shape, data: drawn(seed, shape, low, low + width) }),
    ]),
  );
}

/** The batch. */
export function feedsOf({ images, labels }: NetworkCase): {
  images: Float32Array;
  labels: Int32Array;
} {
  return { images: drawn(images.seed, images.shape, 0, 1), labels: Int32Array.from(labels) };
}

/** Compares norm, largest and sampled entries of the gradient of every parameter after a first run. */
export function expectSampledGradients(
  program: Program,
  weights: Readonly<Record<string, Parameter>>,
  { parameters }: NetworkCase,
): void {
  expect(Object.keys(parameters)).not.toHaveLength(0);
  for (const [name, sampled] of Object.entries(parameters)) {
    const gradient = program.gradient(weights[name]!).data as Float32Array;
    const norm = Math.sqrt(gradient.reduce((total, value) => total + value * value, 0));
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expectNear([norm], [sampled.norm], `norm of the gradient of ${name}`);
    const entries = sampled.positions.map((position) => gradient[position]!);
    const expected = [...sampled.values, sampled.largest];
    expectNear([...entries, largest], expected, `gradient of ${name}`);
  }
}

/** What `drawn` of scripts/reference/network.py gives: mulberry32 of a seed, spread over [low, high). */
function drawn(seed: number, shape: readonly number[], low: number, high: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return low + (high - low) * (((t ^ (t >>> 14)) >>> 0) / 2 ** 32);
  });
}
