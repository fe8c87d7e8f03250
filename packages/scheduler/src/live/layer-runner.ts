import type { Outputs } from "@edgewright/graph";
import type { ExecutorEvent } from "./executor-options.js";
import type { ExecutorSettings } from "./executor-settings.js";
import type { LayerStep } from "./layered-model.js";
import { type LiveRequest, updateTask } from "./live-request.js";

/** Cost of asking a layer for its zeros, and of each element looked at, in milliseconds: cache misses included. */
const COUNT_CALL_MS = 0.0006;
const COUNT_ELEMENT_MS = 0.000004;
/** Fewer elements say too little; more would only take time. */
const FEWEST_ELEMENTS = 24;
const MOST_ELEMENTS = 4096;
/** Layers with fewer zeros on average are not asked again: they have no activation that makes zeros. */
const LEAST_ZEROS = 0.01;
/** Gaps in time shorter than this, in seconds, are the scheduler's own and end no segment. */
const SEGMENT_GAP = 1e-3;

/** Runs layers of requests and learns from them. */
export class LayerRunner {
  readonly #settings: ExecutorSettings;
  readonly #now: () => number;
  readonly #emit: (event: ExecutorEvent) => void;
  #latest: LiveRequest | undefined;

  /** @param now seconds since the executor was made */
  constructor(settings: ExecutorSettings, now: () => number, emit: (event: ExecutorEvent) => void) {
    this.#settings = settings;
    this.#now = now;
    this.#emit = emit;
  }

  /** Runs the next layer of a request, and behind the last one the copying of its outputs, which it returns. */
  runLayer(request: LiveRequest): Outputs | undefined {
    const { lane, task, shape, feeds, outputs } = request;
    const start = this.#now();
    if (request.run === undefined) {
      request.session = lane.free.pop()!;
      lane.started.add(request);
      request.start = start;
      request.run = request.session.steps(feeds, outputs === undefined ? {} : { outputs });
    }
    const index = task.layersRun;
    const wasKnown = shape.known;
    let result = request.run.next();
    let step: LayerStep | undefined;
    let zeros: number | undefined;
    if (!result.done) {
      step = result.value;
      zeros = this.#countZeros(request, step, index);
      // Once the layers are known, the last one need not wait for another turn to hand its outputs over.
      if (wasKnown && index + 1 === shape.layers.length) result = request.run.next();
    }
    const end = this.#now();
    const ms = (end - start) * 1000;
    request.busy += end - start;
    this.#learn(request, step, index, ms, zeros);
    if (step !== undefined) task.layersRun++;
    updateTask(request, end);
    if (this.#settings.keepSegments)
      this.#noteSegment(request, index, start, end, step !== undefined);
    this.#latest = request;
    if (step !== undefined && this.#settings.onEvent !== undefined) {
      const { id } = task;
      const event = { id, model: lane.name, layer: index, name: step.name, start, end, zeros };
      this.#emit({ type: "layer", ...event });
    }
    if (!result.done) return undefined;
    shape.endRun();
    request.predictor.end();
    return result.value;
  }

  #learn(
    request: LiveRequest,
    step: LayerStep | undefined,
    index: number,
    ms: number,
    zeros: number | undefined,
  ): void {
    const { shape, predictor, rest } = request;
    if (step === undefined) {
      shape.learnEnd(index - 1, ms);
      return;
    }
    const averageZeros = shape.layers[index]?.zeros ?? null;
    if (rest !== undefined && index + 1 < rest.length) {
      const typical = (rest[index]! - rest[index + 1]!) * 1000;
      predictor.noteLayer(typical, ms, zeros, averageZeros, rest[index + 1]! * 1000);
    }
    shape.learnLayer(index, step.name, step.opType, ms, zeros);
  }

  #countZeros(request: LiveRequest, step: LayerStep, index: number): number | undefined {
    const { countsZeros, countingShare } = this.#settings;
    if (!countsZeros || step.zeroShare === undefined) return undefined;
    const layer = request.shape.layers[index];
    // Nothing is known of a new layer: look at it once.
    if (layer === undefined || layer.zeros === null) return step.zeroShare();
    if (layer.zeros < LEAST_ZEROS) return undefined;
    const elements = (countingShare * layer.ms - COUNT_CALL_MS) / COUNT_ELEMENT_MS;
    if (elements < FEWEST_ELEMENTS) return undefined;
    return step.zeroShare(Math.min(elements, MOST_ELEMENTS));
  }

  #noteSegment(
    request: LiveRequest,
    index: number,
    start: number,
    end: number,
    isLayer: boolean,
  ): void {
    const { segments } = request;
    const last = segments.at(-1);
    if (last !== undefined && this.#latest === request && start - last.end < SEGMENT_GAP) {
      const layers = last.layers + (isLayer ? 1 : 0);
      segments[segments.length - 1] = { ...last, end, layers };
    } else if (isLayer) {
      segments.push({ accelerator: 0, start, end, firstLayer: index, layers: 1 });
    }
  }
}
