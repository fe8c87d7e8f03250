import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape, type Operand, type Variable } from "../engine/tape.js";
import { loadEveryKernels, weightedSum } from "../testing/check-gradients.test-support.js";
import { errorToLargest } from "../testing/compare-gradients.test-support.js";

/**
 * Largest error of a result over its largest number. The files keep six to seven digits (5e-7 at most);
 * the rest is what sums of 32-bit products of the order of the result may lose.
 */
const TOLERANCE = 5e-6;

/** A tensor in a file of scripts/make-reference-gradients.py. */
export interface ReferenceTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly type?: "i32";
}

/** Options as the file has them: those of our function of the same name. */
export type ReferenceOptions = Readonly<Record<string, unknown>>;

/** An operation at given inputs, and its gradients for an upstream gradient. */
export interface ReferenceCase {
  readonly name: string;
  readonly operation: string;
  readonly options: ReferenceOptions;
  readonly inputs: Readonly<Record<string, ReferenceTensor>>;
  readonly upstream: ReferenceTensor;
  readonly output: ReferenceTensor;
  readonly gradients: Readonly<Record<string, ReferenceTensor>>;
}

/** The cases of a file that was imported as JSON. */
export function casesOf<Case = ReferenceCase>(file: { readonly cases: unknown }): readonly Case[] {
  return file.cases as readonly Case[];
}

/** Records our operation for the inputs of a case. */
export type RecordCase = (
  inputs: Readonly<Record<string, Variable>>,
  options: ReferenceOptions,
  reference: ReferenceCase,
) => Variable;

/** Every build of the kernels, loaded before the tests of the file that calls this and freed after. */
export function useEveryKernels(): Kernels[] {
  const everyKernels: Kernels[] = [];
  beforeAll(async () => {
    everyKernels.push(...(await loadEveryKernels()));
  });
  afterAll(() => {
    for (const kernels of everyKernels) kernels.dispose();
  });
  return everyKernels;
}

/**
 * Registers a test for every case; a case whose operation is not among `operations` fails.
 *
 * Inputs of a case that have no gradient and are no integers (statistics, masks) are fed like the others,
 * unless they are named in `unfed`: then the recording takes them from the case.
 */
export function describeReferences(
  cases: readonly ReferenceCase[],
  operations: Readonly<Record<string, RecordCase>>,
  unfed: readonly string[] = [],
): void {
  const everyKernels = useEveryKernels();
  describe.each(Object.keys(operations))("%s", (operation) => {
    const own = cases.filter((reference) => reference.operation === operation);
    it("has cases", () => expect(own).not.toHaveLength(0));
    it.each(own.map((reference) => [reference.name, reference] as const))("%s", (_, reference) => {
      expect(everyKernels.length).toBeGreaterThan(0);
      const results = everyKernels.map((kernels) => ({
        kernels,
        values: checkReference(kernels, reference, operations[operation]!, unfed),
      }));
      expectSameBits(results);
    });
  });
  it("knows the operation of every case", () => {
    const known = Object.keys(operations);
    const others = cases.map((reference) => reference.operation).filter((x) => !known.includes(x));
    expect(others).toEqual([]);
  });
}

/** Fails unless each build of the kernels gave the same bits on any number of threads. */
export function expectSameBits(
  results: readonly { kernels: Kernels; values: readonly ArrayLike<number>[] }[],
): void {
  for (const { kernels, values } of results) {
    const same = results.find((other) => other.kernels.variant === kernels.variant)!;
    expect(values, `${kernels.threads} threads`).toEqual(same.values);
  }
}

/** Runs a case, compares its output and all its gradients, and returns them. */
function checkReference(
  kernels: Kernels,
  reference: ReferenceCase,
  recordCase: RecordCase,
  unfed: readonly string[] = [],
): ArrayLike<number>[] {
  const tape = createTape();
  const variables: Record<string, Variable> = {};
  const feeds: Record<string, Float32Array | Int32Array> = {};
  for (const [name, { shape, data, type }] of Object.entries(reference.inputs)) {
    if (unfed.includes(name)) continue;
    variables[name] = tape.input(name, shape, type ?? "f32");
    feeds[name] = type === "i32" ? Int32Array.from(data) : Float32Array.from(data);
  }
  const output = recordCase(variables, reference.options, reference);
  expect(output.shape).toEqual(reference.output.shape);
  const names = Object.keys(reference.gradients);
  using program = createProgram(kernels, {
    tape,
    loss: weightedSum(output, Float32Array.from(reference.upstream.data)),
    outputs: [output],
    gradientsOf: names.map((name) => variables[name]!),
    trainable: [],
  });
  program.run(feeds);
  const y = program.read(output).data as Float32Array;
  expectNear(y, reference.output.data, "output");
  const gradients = names.map((name) => {
    const gradient = program.gradient(variables[name]!);
    expect(gradient.shape).toEqual(reference.gradients[name]!.shape);
    expectNear(gradient.data, reference.gradients[name]!.data, `gradient of ${name}`);
    return gradient.data as Float32Array;
  });
  return [y, ...gradients];
}

/**
 * Runs a case with `name` (a weight or bias) as a parameter of which only every second channel is trained,
 * and compares that part of its gradient.
 */
export function checkPartialReference(
  kernels: Kernels,
  reference: ReferenceCase,
  name: string,
  recordCase: (inputs: Readonly<Record<string, Operand>>, options: ReferenceOptions) => Variable,
): void {
  const tape = createTape();
  const operands: Record<string, Operand> = {};
  const feeds: Record<string, Float32Array> = {};
  for (const [key, { shape, data }] of Object.entries(reference.inputs)) {
    if (key === name) continue;
    operands[key] = tape.input(key, shape);
    feeds[key] = Float32Array.from(data);
  }
  const { shape, data } = reference.inputs[name]!;
  const parameter: Parameter = createParameter({ name, shape, data });
  operands[name] = parameter;
  const all = shape.at(-1)!;
  const channels = [...Array(all).keys()].filter((channel) => channel % 2 === 1);
  const output = recordCase(operands, reference.options);
  using program = createProgram(kernels, {
    tape,
    loss: weightedSum(output, Float32Array.from(reference.upstream.data)),
    trainable: [{ parameter, channels }],
  });
  program.run(feeds);
  const gradient = program.gradient(parameter);
  expect(gradient.shape).toEqual([...shape.slice(0, -1), channels.length]);
  const expected = reference.gradients[name]!.data.filter((_, i) => channels.includes(i % all));
  expectNear(gradient.data, expected, `gradient of every second channel of ${name}`);
}

/** Fails when a result is farther from the reference than `tolerance` times the largest number of it. */
export function expectNear(
  actual: ArrayLike<number | bigint>,
  expected: ArrayLike<number>,
  what: string,
  tolerance: number = TOLERANCE,
): void {
  expect(errorToLargest(actual as ArrayLike<number>, expected), what).toBeLessThan(tolerance);
}
