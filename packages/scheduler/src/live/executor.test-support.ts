import { createRng, type Rng } from "@edgewright/core";
import type { Feeds, Model, Node, Outputs } from "@edgewright/graph";
import type { Policy, ReadyQueue } from "../policies/policy.js";
import type { Task } from "../tasks/task.js";
import type { LayeredModel, LayeredRun } from "./layered-model.js";

/** A policy that takes whom a function points at; it checks that the executor keeps to the contract. */
export function listPolicy(
  name: string,
  choose: (tasks: readonly Task[], now: number) => number,
  watchesSparsity = false,
): Policy {
  return {
    name,
    averages: "pattern",
    watchesSparsity,
    createQueue(): ReadyQueue {
      const tasks: Task[] = [];
      return {
        get size() {
          return tasks.length;
        },
        put(task) {
          if (tasks.includes(task)) throw new Error(`task ${task.id} was put in twice`);
          tasks.push(task);
        },
        take(now) {
          if (tasks.length === 0) return undefined;
          return tasks.splice(choose(tasks, now), 1)[0];
        },
        remove(task) {
          const at = tasks.indexOf(task);
          if (at >= 0) tasks.splice(at, 1);
          return at >= 0;
        },
      };
    },
  };
}

/** Whoever came first. */
export function firstCome(): Policy {
  return listPolicy("first", (tasks) => indexOfLeast(tasks, ({ id }) => id));
}

/** Whoever came last: pre-empts everybody. */
export function lastCome(watchesSparsity = false): Policy {
  return listPolicy("last", (tasks) => indexOfLeast(tasks, ({ id }) => -id), watchesSparsity);
}

/** Anybody. */
export function anyone(rng: Rng): Policy {
  return listPolicy("any", (tasks) => rng.integer(0, tasks.length), true);
}

/** Whoever has the earliest deadline. */
export function earliestDeadline(): Policy {
  return listPolicy("edf", (tasks) => indexOfLeast(tasks, ({ deadline }) => deadline));
}

function indexOfLeast(tasks: readonly Task[], key: (task: Task) => number): number {
  let best = 0;
  tasks.forEach((task, i) => {
    if (key(task) < key(tasks[best]!)) best = i;
  });
  return best;
}

/** A clock that stands still unless told otherwise, in milliseconds. */
export interface TestClock {
  (): number;
  advance(ms: number): void;
}

/** A clock for executors. */
export function testClock(): TestClock {
  let at = 1000;
  return Object.assign(() => at, {
    advance(ms: number) {
      at += ms;
    },
  });
}

/** A model of layers that take as long as they say, on a clock of the test's. */
export interface FakeModel extends LayeredModel {
  /** Runs that have been begun and not ended. */
  readonly open: number;
  /** Layers that ran, over all runs. */
  readonly layersRun: number;
}

/**
 * Makes a model without arithmetic: its output is `x` plus the number of layers. It throws when two of its runs
 * overlap or one goes on behind its end, as sessions do.
 */
export function fakeModel(
  clock: TestClock,
  layersMs: readonly number[],
  options: {
    zeros?: readonly number[];
    onLayer?: (layer: number) => void;
  } = {},
): FakeModel {
  let open = 0;
  let layersRun = 0;
  return {
    get open() {
      return open;
    },
    get layersRun() {
      return layersRun;
    },
    steps(feeds: Feeds): LayeredRun {
      if (open > 0) throw new Error("two runs overlap");
      open++;
      let layer = 0;
      let ended = false;
      const end = (): void => {
        if (!ended) open--;
        ended = true;
      };
      return {
        next() {
          if (ended) throw new Error("a finished run goes on");
          const ms = layersMs[layer];
          if (ms === undefined) {
            end();
            const x = feeds.x!.data[0] as number;
            const data = Float32Array.of(x + layersMs.length);
            const outputs: Outputs = { y: { dtype: "f32", shape: [1], data } };
            return { done: true, value: outputs };
          }
          clock.advance(ms);
          options.onLayer?.(layer);
          layersRun++;
          const zeros = options.zeros?.[layer];
          const step = { name: `layer ${layer++}`, opType: "Fake" };
          const counted = zeros === undefined ? step : { ...step, zeroShare: () => zeros };
          return { done: false, value: counted };
        },
        return: end,
      };
    },
  };
}

/** Inputs of one number. */
export function feedsOf(x: number): Feeds {
  return { x: { dtype: "f32", shape: [1], data: Float32Array.of(x) } };
}

/** Inputs of random numbers. */
export function randomFeeds(shape: readonly number[], seed: number): Feeds {
  const rng = createRng(seed);
  const size = shape.reduce((product, dim) => product * dim, 1);
  return {
    x: { dtype: "f32", shape, data: Float32Array.from({ length: size }, () => rng.normal()) },
  };
}

/** A real model: `depth` products with a `Relu` behind each, over [n, width]. */
export function denseModel(width: number, depth: number, seed: number): Model {
  const rng = createRng(seed);
  const nodes: Node[] = [];
  const initializers = new Map<string, Feeds[string]>();
  const node = (opType: string, inputs: string[], output: string): Node => ({
    name: output,
    opType,
    domain: "",
    inputs,
    outputs: [output],
    attributes: new Map(),
  });
  let value = "x";
  for (let i = 0; i < depth; i++) {
    const data = Float32Array.from(
      { length: width * width },
      () => rng.normal() / Math.sqrt(width),
    );
    initializers.set(`w${i}`, { dtype: "f32", shape: [width, width], data });
    nodes.push(node("MatMul", [value, `w${i}`], `p${i}`));
    value = i + 1 === depth ? "y" : `a${i}`;
    nodes.push(node("Relu", [`p${i}`], value));
  }
  return {
    graph: {
      name: "dense",
      inputs: [{ name: "x", dtype: "f32", shape: ["n", width] }],
      outputs: [{ name: "y", dtype: "f32", shape: ["n", width] }],
      initializers,
      nodes,
      valueInfo: new Map(),
    },
    opsets: new Map([["", 17]]),
    irVersion: 8,
    producer: "test",
    metadata: new Map(),
  };
}
