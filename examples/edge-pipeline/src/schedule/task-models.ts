import { readFile } from "node:fs/promises";
import type { Tensor } from "@edgewright/core";
import { createSession, type Feeds, modelCost, parseModel, type Session } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import {
  isolatedMs,
  type LayeredModel,
  type ModelProfile,
  profileModel,
} from "@edgewright/scheduler/live";
import type { Tensor as OnnxTensor } from "onnxruntime-common";
import { loadCheckpoints, loadTestSubset, toInputTensor } from "zoo";
import { MODEL_PATHS } from "../ocr/models.js";
import type { ZooFront } from "../zoo-front.js";

export const READ_LINES = "read lines";
export const SORT_PICTURES = "sort pictures";

/** Pictures of a request: an album. */
const ALBUM = 32;

/** A model that can serve a task, loaded and unloaded as designs change. */
export class TaskModel implements LayeredModel {
  readonly task: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly samples: readonly Feeds[];
  readonly accuracy: number;
  readonly #kernels: Kernels;
  #session: Session | undefined;

  constructor(
    model: Pick<TaskModel, "task" | "name" | "bytes" | "samples" | "accuracy">,
    kernels: Kernels,
  ) {
    this.task = model.task;
    this.name = model.name;
    this.bytes = model.bytes;
    this.samples = model.samples;
    this.accuracy = model.accuracy;
    this.#kernels = kernels;
  }

  /** Multiply-accumulates of one request. */
  get macs(): number {
    const shapes = Object.entries(this.samples[0]!).map(([name, { shape }]) => [name, [...shape]]);
    return modelCost(parseModel(this.bytes), Object.fromEntries(shapes)).macs;
  }

  /** Bytes that the loaded session holds. */
  get memoryBytes(): number {
    const { weightBytes, peakActivationBytes } = this.#loaded().memory();
    return weightBytes + peakActivationBytes;
  }

  async load(): Promise<this> {
    this.#session = await createSession(this.bytes, { kernels: this.#kernels });
    this.#session.runSync(this.samples[0]!); // plans its shapes
    return this;
  }

  unload(): void {
    this.#session?.dispose();
    this.#session = undefined;
  }

  steps(feeds: Feeds) {
    return this.#loaded().steps(feeds);
  }

  #loaded(): Session {
    if (this.#session === undefined) throw new Error(`${this.name} is not loaded`);
    return this.#session;
  }
}

/** The recogniser with the lines of the page, and the zoo's models on the front with albums of its pictures. */
export async function loadTaskModels(
  folder: string,
  zoo: ZooFront,
  lines: readonly OnnxTensor[],
  kernels: Kernels,
): Promise<TaskModel[]> {
  const pictures = await loadTestSubset();
  const front = new Map(
    zoo.models
      .filter(({ isOnFront }) => isOnFront)
      .map(({ name, accuracy }) => [name, accuracy.accuracy]),
  );
  const models = [
    new TaskModel(
      {
        ...{ task: READ_LINES, name: "recogniser", bytes: await readFile(MODEL_PATHS.recogniser) },
        samples: lines.map((line) => ({ x: toTensor(line) })),
        accuracy: Number.NaN,
      },
      kernels,
    ),
  ];
  for (const checkpoint of await loadCheckpoints(folder)) {
    const accuracy = front.get(checkpoint.name);
    if (accuracy === undefined) continue;
    const samples: Feeds[] = [];
    for (let from = 0; from + ALBUM <= pictures.count && samples.length < 8; from += ALBUM) {
      samples.push({ image: toInputTensor(pictures, checkpoint.dataset, from, from + ALBUM) });
    }
    const { name, bytes } = checkpoint;
    models.push(new TaskModel({ task: SORT_PICTURES, name, bytes, samples, accuracy }, kernels));
  }
  return models;
}

/** A model with what was measured of its layers. */
export interface ProfiledModel {
  readonly model: TaskModel;
  readonly profile: ModelProfile;
  /** Mean time of a request alone, in ms. */
  readonly meanMs: number;
  readonly memoryBytes: number;
}

/** Loads each model, measures its layers on some of its samples, and unloads it. */
export async function profileTaskModels(
  models: readonly TaskModel[],
  signal: AbortSignal,
  onProgress: (name: string) => void,
): Promise<ProfiledModel[]> {
  const profiled: ProfiledModel[] = [];
  for (const model of models) {
    onProgress(model.name);
    await model.load();
    try {
      const samples = model.samples.slice(0, 12);
      const profile = await profileModel(model, samples, { rounds: 3, signal });
      // Lines differ in width: shapes count as often as they come.
      const times = profile.shapes.map((shape) => isolatedMs(shape) * shape.runs);
      const runs = profile.shapes.reduce((sum, shape) => sum + shape.runs, 0);
      const meanMs = times.reduce((sum, time) => sum + time, 0) / runs;
      profiled.push({ model, profile, meanMs, memoryBytes: model.memoryBytes });
    } finally {
      model.unload();
    }
  }
  return profiled;
}

function toTensor({ data, dims }: OnnxTensor): Tensor {
  return { dtype: "f32", shape: dims, data: data as Float32Array };
}
