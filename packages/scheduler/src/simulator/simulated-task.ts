import { ValidationError } from "@edgewright/core";
import type { Policy } from "../policies/policy.js";
import {
  createSparsityRatio,
  type SparsityRatio,
  type SparsityRatioOptions,
} from "../predictor/sparsity-ratio.js";
import type { CompletedTask, Segment } from "../tasks/completed-task.js";
import type { Task } from "../tasks/task.js";
import type { SimulatedRequest } from "./create-requests.js";
import { averageArchitectures, type ModelTable, remainingSums } from "./model-table.js";

/** What all requests of one model share in a simulation. */
interface Plan {
  readonly table: ModelTable;
  /** What the policy believes, `[layers]` and `[layers + 1]`. */
  readonly averages: Float64Array;
  readonly remaining: Float64Array;
  /** True sums of what is left, `[layers + 1]`, by sample. */
  readonly truths: (Float64Array | undefined)[];
}

/** A request in a simulation. */
export class SimulatedTask implements Task {
  readonly id: number;
  readonly model: string;
  readonly arrival: number;
  readonly deadline: number;
  readonly priority: number;
  readonly isolated: number;
  readonly trueIsolated: number;
  remaining: number;
  nextLatency: number;
  ratio = 1;
  lastRun: number;
  layersRun = 0;
  trueRemaining: number;
  /** Where its last layer ran; -1 before the first. */
  accelerator = -1;
  start: number = Number.NaN;
  readonly segments: Segment[] | undefined;
  readonly #plan: Plan;
  readonly #truth: Float64Array;
  readonly #first: number;
  readonly #observed: SparsityRatio | undefined;

  constructor(id: number, request: SimulatedRequest, plan: Plan, options: TaskOptions) {
    const { arrival, sample = 0, priority = 1, deadline = Infinity } = request;
    const { table } = plan;
    this.id = id;
    this.model = table.name;
    this.arrival = arrival;
    this.deadline = deadline;
    this.priority = priority;
    this.isolated = this.remaining = plan.remaining[0]!;
    this.nextLatency = plan.averages[0]!;
    this.lastRun = arrival;
    this.#plan = plan;
    this.#truth = truthOf(plan, sample);
    this.trueIsolated = this.trueRemaining = this.#truth[0]!;
    this.#first = sample * table.layers;
    this.segments = options.keepsSegments ? [] : undefined;
    const watches = options.watchesSparsity && table.sparsities !== undefined;
    this.#observed = watches ? createSparsityRatio(options.predictor) : undefined;
  }

  /** True latency of the layer that comes next. */
  get latency(): number {
    return this.#plan.table.latencies[this.#first + this.layersRun]!;
  }

  get finished(): boolean {
    return this.layersRun === this.#plan.table.layers;
  }

  /** Takes note that the next layer ran until `end`. */
  endLayer(start: number, end: number, accelerator: number): void {
    const { table, averages, remaining } = this.#plan;
    const layer = this.layersRun++;
    if (layer === 0) this.start = start;
    if (this.segments !== undefined) extendSegments(this.segments, layer, start, end, accelerator);
    this.accelerator = accelerator;
    this.lastRun = end;
    this.remaining = remaining[layer + 1]!;
    this.trueRemaining = this.#truth[layer + 1]!;
    this.nextLatency = layer + 1 < table.layers ? averages[layer + 1]! : 0;
    if (this.#observed !== undefined) {
      const sparsity = table.sparsities![this.#first + layer]!;
      this.ratio = this.#observed.observe(sparsity, table.meanSparsities![layer]!);
    }
  }

  /** What is known of it, now that it has ended. */
  complete(): CompletedTask {
    const { id, model, priority, arrival, deadline, start, lastRun, trueIsolated, segments } = this;
    return {
      ...{ id, model, priority, arrival, deadline, outcome: "finished", start, finish: lastRun },
      isolated: trueIsolated,
      ...(segments === undefined ? {} : { segments }),
    };
  }
}

/** Options of {@link createTasks}. */
interface TaskOptions {
  readonly watchesSparsity: boolean;
  readonly keepsSegments: boolean;
  readonly predictor: SparsityRatioOptions;
}

/** The tasks of all requests, in order of arrival; equal arrivals in the order given. */
export function createTasks(
  policy: Policy,
  models: readonly ModelTable[],
  requests: readonly SimulatedRequest[],
  options: TaskOptions,
): SimulatedTask[] {
  const plans = createPlans(policy, models);
  const sorted = inOrder(requests) ? requests : [...requests].sort((a, b) => a.arrival - b.arrival);
  return sorted.map((request, id) => {
    const plan = plans.get(request.model);
    if (plan === undefined) {
      const known = [...plans.keys()].join(", ");
      throw new ValidationError(
        `simulate: a request is for the model "${request.model}", which has no table; there are ${known}`,
      );
    }
    checkRequest(request, plan.table);
    return new SimulatedTask(id, request, plan, options);
  });
}

function createPlans(policy: Policy, models: readonly ModelTable[]): Map<string, Plan> {
  const byArchitecture = policy.averages === "model" ? averageArchitectures(models) : undefined;
  const plans = new Map<string, Plan>();
  for (const table of models) {
    if (plans.has(table.name)) {
      throw new ValidationError(`simulate: two tables are named "${table.name}"`);
    }
    const averages = byArchitecture?.get(table.architecture) ?? table.meanLatencies;
    const remaining = remainingSums(averages);
    plans.set(table.name, { table, averages, remaining, truths: [] });
  }
  return plans;
}

function truthOf({ table, truths }: Plan, sample: number): Float64Array {
  const { layers, latencies } = table;
  truths[sample] ??= remainingSums(latencies.subarray(sample * layers, (sample + 1) * layers));
  return truths[sample];
}

function checkRequest(request: SimulatedRequest, { samples }: ModelTable): void {
  const { model, arrival, sample = 0, priority = 1, deadline = Infinity } = request;
  const refuse = (what: string, got: number): never => {
    throw new ValidationError(`simulate: a request for "${model}" needs ${what}, got ${got}`);
  };
  // Further out the clock would step over whole layers.
  if (!(Math.abs(arrival) <= 1e12)) refuse("an arrival in seconds, up to 1e12", arrival);
  if (!(Number.isInteger(sample) && sample >= 0 && sample < samples)) {
    refuse(`a sample from 0 to ${samples - 1}`, sample);
  }
  if (!(priority > 0 && priority < Infinity)) refuse("a priority above 0", priority);
  if (Number.isNaN(deadline)) refuse("a deadline in seconds, or Infinity", deadline);
}

function inOrder(requests: readonly SimulatedRequest[]): boolean {
  return requests.every(({ arrival }, i) => i === 0 || arrival >= requests[i - 1]!.arrival);
}

function extendSegments(
  segments: Segment[],
  layer: number,
  start: number,
  end: number,
  accelerator: number,
): void {
  const last = segments.at(-1);
  if (last !== undefined && last.end === start && last.accelerator === accelerator) {
    segments[segments.length - 1] = { ...last, end, layers: last.layers + 1 };
  } else {
    segments.push({ accelerator, start, end, firstLayer: layer, layers: 1 });
  }
}
