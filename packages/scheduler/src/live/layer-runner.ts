import type { Outputs } from "@edgewright/graph";
import { ZeroCounter } from "./count-zeros.js";
import type { ExecutorEvent } from "./executor-options.js";
import type { ExecutorSettings } from "./executor-settings.js";
import type { LayerStep } from "./layered-model.js";
import { type LiveRequest, updateTask } from "./live-request.js";

/** Gaps in time shorter than this, in seconds, are the scheduler's own and end no segment. */
const SEGMENT_GAP = 1e-3;

/** Runs layers of requests and learns from them. */
export class LayerRunner {
  readonly #settings: ExecutorSettings;
  readonly #now: () => number;
  readonly #emit: (event: ExecutorEvent) => void;
  readonly #counter: ZeroCounter;
  #latest: LiveRequest | undefined;

  /** @param now seconds since the executor was made */
  constructor(settings: ExecutorSettings, now: () => number, emit: (event: ExecutorEvent) => void) {
    this.#settings = settings;
    this.#now = now;
    this.#emit = emit;
    this.#counter = new ZeroCounter(settings.countingShare);
  }

  /**
   * Runs the next layer of a request, and behind the last one the copying of its outputs, which it returns.
   *
   * Reading a clock takes as long as a small layer on some machines: it is read once a layer.
   *
   * @param start when the layer before ended; `request.task.lastRun` is then when this one did
   */
  runLayer(request: LiveRequest, start: number): Outputs | undefined {
    const { lane, task, shape, feeds, outputs } = request;
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
      if (this.#settings.countsZeros) zeros = this.#counter.count(step, shape.layers[index]);
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
