import { ValidationError } from "@edgewright/core";

/** What {@link createModelTable} is made from. */
export interface ModelTrace {
  /** Name of the model with its sparsity pattern. */
  readonly name: string;
  /** Name of the model without it: policies that know no patterns plan with the mean over all of these. @default name */
  readonly architecture?: string;
  /** True latency in seconds, `[samples][layers]`. */
  readonly latencies: readonly ArrayLike<number>[];
  /** Share of zeros that the predictor sees, in [0, 1], `[samples][layers]`. @default none is seen */
  readonly sparsities?: readonly ArrayLike<number>[];
}

/** How long every layer of a model takes on every sample, and how sparse it is: what the simulator runs. */
export interface ModelTable {
  readonly name: string;
  readonly architecture: string;
  readonly layers: number;
  readonly samples: number;
  /** Seconds, `[samples * layers]`, layers side by side. */
  readonly latencies: Float64Array;
  /** Share of zeros, `[samples * layers]`. */
  readonly sparsities?: Float64Array;
  /** Mean over the samples, `[layers]`. */
  readonly meanLatencies: Float64Array;
  /** Mean over the samples, `[layers]`. */
  readonly meanSparsities?: Float64Array;
  /** Mean over the samples of the sum over the layers, in seconds. */
  readonly meanIsolated: number;
}

/**
 * A table of latencies and sparsities with its averages, from traces that were measured or simulated.
 *
 * @example
 * const model = createModelTable({ name: "kws", latencies: [[0.002, 0.001], [0.0022, 0.0011]] });
 *
 * @throws ValidationError for samples of different lengths, a latency outside [0, 1e9], or a sparsity outside [0, 1]
 */
export function createModelTable(trace: ModelTrace): ModelTable {
  const { name, architecture = name } = trace;
  const latencies = readRows(name, "latencies", trace.latencies, MOST_SECONDS);
  const samples = trace.latencies.length;
  const layers = latencies.length / samples;
  const table = {
    name,
    architecture,
    layers,
    samples,
    latencies,
    meanLatencies: meanOverSamples(latencies, layers),
    meanIsolated: sum(latencies) / samples,
  };
  if (trace.sparsities === undefined) return table;
  const sparsities = readRows(name, "sparsities", trace.sparsities, 1);
  if (sparsities.length !== latencies.length || trace.sparsities.length !== samples) {
    throw new ValidationError(
      `createModelTable: ${name} has latencies of ${samples} samples x ${layers} layers, but ${sparsities.length} sparsities of ${trace.sparsities.length} samples`,
    );
  }
  return { ...table, sparsities, meanSparsities: meanOverSamples(sparsities, layers) };
}

/**
 * Mean latency of every layer over all patterns of each architecture, weighted by their samples; `[layers]` by the
 * architecture's name.
 *
 * @throws ValidationError where two patterns of an architecture have different numbers of layers
 */
export function averageArchitectures(models: readonly ModelTable[]): Map<string, Float64Array> {
  const sums = new Map<string, { total: Float64Array; samples: number }>();
  for (const { name, architecture, layers, samples, latencies } of models) {
    let entry = sums.get(architecture);
    if (entry === undefined) {
      entry = { total: new Float64Array(layers), samples: 0 };
      sums.set(architecture, entry);
    }
    if (entry.total.length !== layers) {
      throw new ValidationError(
        `averageArchitectures: ${name} has ${layers} layers, another pattern of ${architecture} ${entry.total.length}; give them architectures of their own`,
      );
    }
    for (let i = 0; i < latencies.length; i++) entry.total[i % layers]! += latencies[i]!;
    entry.samples += samples;
  }
  const means = new Map<string, Float64Array>();
  for (const [name, { total, samples }] of sums) {
    means.set(
      name,
      total.map((value) => value / samples),
    );
  }
  return means;
}

/**
 * Sums of what is left from every layer on, `[layers + 1]`, each summed from its first layer: the same bits as a
 * scheduler gets that sums its list anew. Above 1,024 layers, where that would take long, from the end.
 */
export function remainingSums(latencies: Float64Array): Float64Array {
  const sums = new Float64Array(latencies.length + 1);
  if (latencies.length > 1024) {
    for (let i = latencies.length - 1; i >= 0; i--) sums[i] = latencies[i]! + sums[i + 1]!;
    return sums;
  }
  for (let from = 0; from < latencies.length; from++) {
    let total = 0;
    for (let i = from; i < latencies.length; i++) total += latencies[i]!;
    sums[from] = total;
  }
  return sums;
}

// Longer than anything runs; sums of them stay finite.
const MOST_SECONDS = 1e9;

function readRows(
  name: string,
  what: string,
  rows: readonly ArrayLike<number>[],
  most: number,
): Float64Array {
  const layers = rows[0]?.length ?? 0;
  if (layers === 0) {
    throw new ValidationError(
      `createModelTable: ${name} needs at least one sample of one layer in ${what}, got none`,
    );
  }
  const values = new Float64Array(rows.length * layers);
  for (const [sample, row] of rows.entries()) {
    if (row.length !== layers) {
      throw new ValidationError(
        `createModelTable: ${name}, ${what} of sample ${sample}: ${layers} layers as in the first sample were expected, got ${row.length}`,
      );
    }
    for (let layer = 0; layer < layers; layer++) {
      const value = row[layer]!;
      if (!(typeof value === "number" && value >= 0 && value <= most)) {
        throw new ValidationError(
          `createModelTable: ${name}, ${what} of sample ${sample}, layer ${layer}: a number from 0 to ${most} was expected, got ${value}`,
        );
      }
      values[sample * layers + layer] = value;
    }
  }
  return values;
}

function meanOverSamples(values: Float64Array, layers: number): Float64Array {
  const means = new Float64Array(layers);
  for (let i = 0; i < values.length; i++) means[i % layers]! += values[i]!;
  const samples = values.length / layers;
  return means.map((value) => value / samples);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
