import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { EdgewrightError, type Tensor, UnsupportedError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import type { Graph, Model, ValueInfo } from "../model/model.js";
import { parseModel } from "../onnx/parse-model.js";
import { parseTensor } from "../onnx/read-tensor.js";
import { createSession } from "../session/session.js";
import { isFloat, readNumbers } from "./element-values.js";
import { interpretGraph } from "./interpreter.js";
import { hostOperator } from "./operator-registry.js";

/** Where Debian's package `libonnx-testdata` puts the node tests of the ONNX standard. */
export const DEBIAN_FOLDER = "/usr/share/libonnx-testdata/data/node";

/** Tolerances of the standard's own runner: `|ours - reference| <= 1e-7 + 1e-3 |reference|`. */
export const TOLERANCE: { readonly relative: number; readonly absolute: number } = {
  relative: 1e-3,
  absolute: 1e-7,
};

/** Which of our executors runs a test. */
export type ConformanceEngine = "session" | "host";

/** How one test went on one executor. */
export interface ConformanceResult {
  /** Folder name without `test_`. */
  readonly test: string;
  /** Operator that the test is about; function bodies count for the function. */
  readonly operator: string;
  readonly opset: number;
  readonly engine: ConformanceEngine;
  /** `unsupported`: refused with a typed error before anything was computed, or by the operator. */
  readonly outcome: "passed" | "failed" | "unsupported";
  /** Why it did not pass. */
  readonly reason: string;
  /** Operators that were run by a kernel. */
  readonly kernelOperators: readonly string[];
}

/** Names of the tests in a folder, sorted; `undefined` when there is no such folder. */
export function listConformanceTests(folder: string, only?: RegExp): string[] | undefined {
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder)
    .filter((name) => name.startsWith("test_") && existsSync(join(folder, name, "model.onnx")))
    .map((name) => name.slice("test_".length))
    .filter((name) => only === undefined || only.test(name))
    .sort();
}

/** Runs all data sets of one test. */
export async function runConformanceTest(
  folder: string,
  test: string,
  engine: ConformanceEngine,
  kernels?: Kernels,
): Promise<ConformanceResult> {
  const kernelOperators = new Set<string>();
  // Until the model could be read; the names of the tests begin with the operator's.
  let operator = test.charAt(0).toUpperCase() + test.slice(1).replace(/_.*/, "");
  let opset = 0;
  const result = (outcome: ConformanceResult["outcome"], reason: string): ConformanceResult => ({
    test,
    operator,
    opset,
    engine,
    outcome,
    reason,
    kernelOperators: [...kernelOperators],
  });
  try {
    operator = nameOperator(folder, test);
    const model = parseModel(readFileSync(join(folder, `test_${test}`, "model.onnx")));
    opset = model.opsets.get("") ?? 0;
    requireSupport(model);
    for (const set of readDataSets(folder, test, model)) {
      const runs: (() => Tensor[] | Promise<Tensor[]>)[] = [
        () =>
          engine === "host"
            ? [...interpretGraph(model.graph, model.opsets, set.feeds).values()]
            : runSession(fitInputs(model, set.feeds), set.feeds, kernels, kernelOperators),
      ];
      if (engine === "session" && set.feeds.size > 1) {
        const { constant, feed } = withConstants(model, set.feeds);
        runs.push(() => runSession(constant, feed, kernels, kernelOperators));
      }
      for (const [r, run] of runs.entries()) {
        const outputs = await run();
        for (const [i, expected] of set.outputs.entries()) {
          const difference = describeDifference(outputs[i], expected);
          if (difference === undefined) continue;
          const how = r === 0 ? "" : " with constant inputs";
          const name = model.graph.outputs[i]!.name;
          return result("failed", `output ${i} (${name})${how}: ${difference}`);
        }
      }
    }
    return result("passed", "");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const refused = EdgewrightError.isInstance(error) && error.code === "unsupported";
    return result(refused ? "unsupported" : "failed", reason);
  }
}

// Some tests of CastLike declare one shape and feed another. The standard's runner does not look.
function fitInputs(model: Model, feeds: ReadonlyMap<string, Tensor>): Model {
  const inputs = model.graph.inputs.map((info) => {
    const fed = feeds.get(info.name)?.shape;
    const contradicts =
      fed !== undefined &&
      (fed.length !== info.shape?.length ||
        info.shape.some((dim, axis) => typeof dim === "number" && dim !== fed[axis]));
    return contradicts ? { ...info, shape: fed } : info;
  });
  return { ...model, graph: { ...model.graph, inputs } };
}

// The tests feed weights. Kernels want them as constants, as real models have them: a second run.
function withConstants(
  model: Model,
  feeds: ReadonlyMap<string, Tensor>,
): { constant: Model; feed: Map<string, Tensor> } {
  const [first, ...others] = fitInputs(model, feeds).graph.inputs;
  const initializers = new Map(model.graph.initializers);
  for (const { name } of others) {
    const value = feeds.get(name);
    if (value !== undefined) initializers.set(name, value);
  }
  const feed = new Map<string, Tensor>();
  const value = feeds.get(first!.name);
  if (value !== undefined) feed.set(first!.name, value);
  return {
    constant: { ...model, graph: { ...model.graph, inputs: [first!], initializers } },
    feed,
  };
}

async function runSession(
  model: Model,
  feeds: ReadonlyMap<string, Tensor>,
  kernels: Kernels | undefined,
  kernelOperators: Set<string>,
): Promise<Tensor[]> {
  const session = await createSession(model, kernels === undefined ? {} : { kernels });
  try {
    const run = session.steps(Object.fromEntries(feeds));
    for (const step of run) if (step.engine === "kernel") kernelOperators.add(step.opType);
    const { outputs } = run;
    return model.graph.outputs.map(({ name }) => outputs[name]!);
  } finally {
    session.dispose();
  }
}

// Everything that a model needs is looked at before any of it runs.
function requireSupport(model: Model): void {
  for (const value of [...model.graph.inputs, ...model.graph.outputs]) {
    if (value.dtype === null) {
      throw new UnsupportedError(
        `value "${value.name}" is no tensor of numbers (strings, sequences, optionals, maps)`,
      );
    }
  }
  requireOperators(model.graph, model.opsets);
}

function requireOperators(graph: Graph, opsets: ReadonlyMap<string, number>): void {
  for (const node of graph.nodes) {
    if (hostOperator(node.domain, node.opType, opsets.get(node.domain) ?? 1) === undefined) {
      throw new UnsupportedError(`no operator ${node.opType}`, { where: node.name });
    }
    for (const attribute of node.attributes.values()) {
      if (attribute.type === "graph") requireOperators(attribute.value, opsets);
    }
  }
}

// `layer_normalization_2d_axis0_expanded` is about the operator of `layer_normalization_2d_axis0`.
function nameOperator(folder: string, test: string): string {
  const base = test.replace(/_expanded(_ver\d+)?$/, "");
  const named = existsSync(join(folder, `test_${base}`, "model.onnx")) ? base : test;
  const { graph } = parseModel(readFileSync(join(folder, `test_${named}`, "model.onnx")));
  const node = graph.nodes.find(({ opType }) => opType !== "Constant") ?? graph.nodes[0];
  if (node === undefined) return "?";
  return node.domain === "" ? node.opType : `${node.domain}.${node.opType}`;
}

interface DataSet {
  feeds: Map<string, Tensor>;
  outputs: Tensor[];
}

function readDataSets(folder: string, test: string, model: Model): DataSet[] {
  const root = join(folder, `test_${test}`);
  const sets = readdirSync(root).filter((name) => name.startsWith("test_data_set_"));
  return sets.sort().map((set) => {
    const read = (kind: string, index: number, info: ValueInfo): Tensor | undefined => {
      const path = join(root, set, `${kind}_${index}.pb`);
      if (!existsSync(path)) return undefined;
      return asDeclared(parseTensor(readFileSync(path)).tensor, info);
    };
    const feeds = new Map<string, Tensor>();
    for (const [i, info] of model.graph.inputs.entries()) {
      const tensor = read("input", i, info);
      if (tensor !== undefined) feeds.set(info.name, tensor);
    }
    const outputs = model.graph.outputs.flatMap((info, i) => read("output", i, info) ?? []);
    return { feeds, outputs };
  });
}

// NumPy has no bfloat16, so the data files of such values say uint16; the models say what they are.
function asDeclared(tensor: Tensor, info: ValueInfo): Tensor {
  if (info.dtype !== "bf16" || tensor.dtype !== "u16") return tensor;
  return { dtype: "bf16", shape: tensor.shape, data: tensor.data as Uint16Array };
}

// The standard rounds to the nearest bfloat16, ONNX 1.12 wrote its test data by cutting bits off: one
// unit in the last place is let through.
function describeBfloat16Difference(actual: Tensor, expected: Tensor): string | undefined {
  const ours = actual.data as Uint16Array;
  const reference = expected.data as Uint16Array;
  const i = reference.findIndex((bits, k) => Math.abs(bits - ours[k]!) > 1);
  return i < 0 ? undefined : `element ${i} has bits ${ours[i]}, expected ${reference[i]}`;
}

/** Says how two tensors differ beyond the tolerance, or `undefined` when they do not. */
function describeDifference(actual: Tensor | undefined, expected: Tensor): string | undefined {
  if (actual === undefined) return "is missing";
  if (actual.dtype !== expected.dtype) return `is ${actual.dtype}, expected ${expected.dtype}`;
  if (actual.shape.join() !== expected.shape.join()) {
    return `has shape [${actual.shape.join(", ")}], expected [${expected.shape.join(", ")}]`;
  }
  if (expected.dtype === "bf16") return describeBfloat16Difference(actual, expected);
  // Integers and booleans exactly; the standard's runner would let them differ by 0.1 %.
  const exact = !isFloat(expected.dtype);
  const ours = exact ? actual.data : readNumbers(actual);
  const reference = exact ? expected.data : readNumbers(expected);
  for (let i = 0; i < reference.length; i++) {
    const a = ours[i]!;
    const b = reference[i]!;
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
    const limit = TOLERANCE.absolute + TOLERANCE.relative * Math.abs(Number(b));
    if (!exact && Math.abs(Number(a) - Number(b)) <= limit) continue;
    return `element ${i} is ${a}, expected ${b}`;
  }
  return undefined;
}
